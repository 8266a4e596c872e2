"""The API server: TLS on loopback, and for every request authentication, faults, authorization, the answer, the count."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import struct
from collections import Counter
from dataclasses import replace

from aiohttp import web

from kubernaut_sandbox.access.rbac import Attributes
from kubernaut_sandbox.access.users import User, user_named
from kubernaut_sandbox.api import discovery, openapi
from kubernaut_sandbox.api.request_info import RequestInfo, read_request
from kubernaut_sandbox.api.resources import Resources
from kubernaut_sandbox.api.responses import json_answer, refusal
from kubernaut_sandbox.api.subresources import Logs, Subresources
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.fault_injection import Faults
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import ApiError, forbidden, no_such_resource, unauthorized

_LOG = logging.getLogger(__name__)
_HEALTH = ("/healthz", "/livez", "/readyz")
_LINGER_NOT = struct.pack("ii", 1, 0)
"""SO_LINGER of no time: closing a socket resets its connection."""
RequestCounts = Counter[tuple[str, str, str, int]]


class ApiServer:
    """Serves one cluster."""

    def __init__(self, cluster: Cluster, faults: Faults, logs: Logs) -> None:
        self.requests: RequestCounts = Counter()
        self._cluster, self._faults = cluster, faults
        self._resources = Resources(cluster, faults, Subresources(cluster, logs))
        self._runner: web.AppRunner | None = None

    async def start(self, context: ssl.SSLContext, port: int) -> int:
        """Listen on loopback; returns the port."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port, ssl_context=context)
        await site.start()
        bound: int = self._runner.addresses[0][1]
        return bound

    async def stop(self) -> None:
        """Close every connection."""
        self._faults.cut_watches()
        if self._runner:
            await self._runner.cleanup()

    async def kill(self) -> None:
        """Stop listening and reset every connection, as the end of a process does; `start` serves again."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        for site in tuple(runner.sites):
            await site.stop()
        for connection in runner.server.connections if runner.server else ():
            _reset(connection.transport)
        await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        user, info = (
            User("system:anonymous", ("system:unauthenticated",)),
            RequestInfo(request.method.lower(), path=request.path),
        )
        try:
            info = read_request(request.method, request.path, request.query)
            user = self._user(request)
            if info.verb == "watch":
                self._count(user, info, 200)
            if seconds := self._faults.wait_for(info.verb, info.full_resource):
                await asyncio.sleep(seconds)
            self._faults.check(info.verb, info.full_resource)
            self._authorize(request, info, user)
            response = await self._answer(request, info, user)
        except ApiError as error:
            if info.verb == "watch":
                self._count(user, info, 200, -1)
            response = refusal(error)
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001  # a client must get a Status even when the sandbox itself is at fault
            _LOG.exception("%s %s failed inside the sandbox", request.method, request.path)
            response = refusal(ApiError(500, "InternalError", f"Internal error occurred: {error}"))
        if info.verb != "watch" or response.status != 200:
            self._count(user, info, response.status)
        if response.status < 400 and self._faults.drops(info.verb, info.full_resource):
            _reset(request.transport)
        return response

    def _count(self, user: User, info: RequestInfo, code: int, amount: int = 1) -> None:
        key = (user.name, info.verb, info.full_resource, code)
        self.requests[key] += amount
        if not self.requests[key]:
            del self.requests[key]

    def _user(self, request: web.Request) -> User:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        user = self._cluster.tokens.user(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise unauthorized()
        wanted = request.headers.get("Impersonate-User")
        return self._impersonated(user, wanted, request) if wanted else user

    def _impersonated(self, user: User, wanted: str, request: web.Request) -> User:
        asked = Attributes("impersonate", resource="users", name=wanted)
        if not self._cluster.authorizer.allows(user, asked):
            raise forbidden("users", wanted, asked.denial(user))
        groups = tuple(request.headers.getall("Impersonate-Group", []))
        if groups and not user.is_master:
            raise forbidden("groups", groups[0], Attributes("impersonate", resource="groups").denial(user))
        known = user_named(wanted)
        return User(wanted, (*groups, "system:authenticated") if groups else known.groups)

    def _authorize(self, request: web.Request, info: RequestInfo, user: User) -> None:
        if user.is_master:
            return
        known = self._cluster.kinds.find(info.group, info.version, info.resource) is not None
        selected = (
            self._resources.selector(request, info).name()
            if known and info.verb in ("list", "watch", "deletecollection")
            else ""
        )
        asked = replace(info, name=info.name or selected)
        if self._cluster.authorizer.allows(user, asked):
            return
        denial = asked.denial(user)
        if not info.resource:
            raise ApiError(403, "Forbidden", f"forbidden: {denial}", {})
        raise forbidden(f"{info.resource}.{info.group}" if info.group else info.resource, asked.name, denial)

    async def _answer(self, request: web.Request, info: RequestInfo, user: User) -> web.StreamResponse:
        if info.resource:
            if not any((kind.group, kind.version) == (info.group, info.version) for kind in self._cluster.kinds):
                return _no_page()
            return await self._resources.handle(request, info, user)
        if request.method not in ("GET", "HEAD"):
            return _no_page()
        parts = [part for part in request.path.split("/") if part]
        if f"/{parts[0] if parts else ''}" in _HEALTH:
            return web.Response(text="ok")
        return self._document(request, parts)

    def _document(self, request: web.Request, parts: list[str]) -> web.StreamResponse:
        first = request.headers.get("Accept", "").split(",")[0]
        if "as=APIGroupDiscoveryList" in first and "v=v2;" in f"{first};" and parts in (["api"], ["apis"]):
            response = json_answer(discovery.aggregated(self._cluster.kinds, core=parts == ["api"]))
            response.headers["Content-Type"] = discovery.AGGREGATED
            return response
        document = self._plain_document(parts)
        return _no_page() if document is None else json_answer(document)

    def _plain_document(self, parts: list[str]) -> Object | None:
        kinds = self._cluster.kinds
        match parts:
            case ["api" | "apis" as root]:
                return discovery.core_versions() if root == "api" else discovery.group_list(kinds)
            case ["api", version]:
                if found := discovery.resource_list(kinds, "", version):
                    return found
                raise no_such_resource()
            case ["apis", group, *version]:
                return discovery.resource_list(kinds, group, version[0]) if version else discovery.group(kinds, group)
            case ["openapi", "v3", *rest]:
                return openapi.document(kinds, "/".join(rest)) if rest else openapi.index(kinds)
        documents = {(): discovery.paths, ("version",): discovery.version_info}
        read = documents.get(tuple(parts))
        return read() if read else None


def _reset(transport: asyncio.BaseTransport | None) -> None:
    """Break the connection off, unsent answers and all."""
    if not isinstance(transport, asyncio.Transport):
        return
    if connected := transport.get_extra_info("socket"):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()


def _no_page() -> web.Response:
    """How the API server answers for a path, or a group version, that nothing serves: not with a Status."""
    return web.Response(status=404, text="404 page not found\n")
