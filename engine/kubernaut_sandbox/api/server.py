"""The API server: TLS on loopback. A request is authenticated, delayed or rejected by injected faults, authorized, handled, counted."""

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
from kubernaut_sandbox.access.users import User, user_by_name
from kubernaut_sandbox.api import discovery, openapi
from kubernaut_sandbox.api.connections import HANDSHAKE_SECONDS, Connections
from kubernaut_sandbox.api.request_info import RequestInfo, read_request
from kubernaut_sandbox.api.resources import Resources
from kubernaut_sandbox.api.responses import json_response, status_response
from kubernaut_sandbox.api.subresources import Logs, Subresources
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.fault_injection import FaultInjector
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import ApiError, forbidden, no_such_resource, unauthorized

_LOG = logging.getLogger(__name__)
_HEALTH = ("/healthz", "/livez", "/readyz")
_NO_LINGER = struct.pack("ii", 1, 0)
"""SO_LINGER with a timeout of zero: closing the socket resets the connection."""
RequestCounts = Counter[tuple[str, str, str, int]]


class ApiServer:
    """Serves the API of one cluster; `requests` counts what it served."""

    def __init__(self, cluster: Cluster, injector: FaultInjector, logs: Logs) -> None:
        self.requests: RequestCounts = Counter()
        self._cluster, self._injector = cluster, injector
        self._resources = Resources(cluster, injector, Subresources(cluster, logs))
        self._connections = Connections()
        self._runner: web.AppRunner | None = None
        self._listener: asyncio.Server | None = None

    async def start(self, context: ssl.SSLContext, port: int) -> int:
        """Listen on loopback and return the port; raise OSError when the port is taken."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2, handler_cancellation=True)
        await self._runner.setup()
        if self._runner.server is None:
            raise RuntimeError("aiohttp made no server")
        self._listener = await asyncio.get_running_loop().create_server(
            self._connections.limited(self._runner.server),
            "127.0.0.1",
            port,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_SECONDS,
            reuse_address=True,
        )
        listening_port: int = self._listener.sockets[0].getsockname()[1]
        return listening_port

    async def stop(self) -> None:
        """Close every connection."""
        self._injector.cut_watches()
        if self._listener:
            self._listener.close()
        if self._runner:
            await self._runner.cleanup()

    async def kill(self) -> None:
        """Stop listening and reset every connection, as when the process is killed; `start` serves again."""
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        if self._listener:
            self._listener.close()
        for connection in runner.server.connections if runner.server else ():
            _reset(connection.transport)
        await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        with self._connections.at_work(request):
            return await self._handle(request)

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        user, info = (
            User("system:anonymous", ("system:unauthenticated",)),
            RequestInfo(request.method.lower(), path=request.path),
        )
        try:
            info = read_request(request.method, request.path, request.query)
            user = self._authenticate(request)
            if info.verb == "watch":
                self._count(user, info, 200)
            if seconds := self._injector.injected_delay(info.verb, info.full_resource):
                await asyncio.sleep(seconds)
            self._injector.raise_injected_error(info.verb, info.full_resource)
            self._authorize(request, info, user)
            response = await self._respond(request, info, user)
        except ApiError as error:
            if info.verb == "watch":
                self._count(user, info, 200, -1)
            response = status_response(error)
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001  # a client gets a Status even when the sandbox has a bug
            _LOG.exception("%s %s failed inside the sandbox", request.method, request.path)
            response = status_response(ApiError(500, "InternalError", f"Internal error occurred: {error}"))
        if info.verb != "watch" or response.status != 200:
            self._count(user, info, response.status)
        if response.status < 400 and self._injector.drops_response(info.verb, info.full_resource):
            _reset(request.transport)
        return response

    def _count(self, user: User, info: RequestInfo, code: int, amount: int = 1) -> None:
        key = (user.name, info.verb, info.full_resource, code)
        self.requests[key] += amount
        if not self.requests[key]:
            del self.requests[key]

    def _authenticate(self, request: web.Request) -> User:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        user = self._cluster.tokens.authenticate(token.strip()) if scheme.lower() == "bearer" else None
        if user is None:
            raise unauthorized()
        name = request.headers.get("Impersonate-User")
        return self._impersonate(user, name, request) if name else user

    def _impersonate(self, user: User, name: str, request: web.Request) -> User:
        attributes = Attributes("impersonate", resource="users", name=name)
        if not self._cluster.authorizer.allows(user, attributes):
            raise forbidden("users", name, attributes.denial(user))
        groups = tuple(request.headers.getall("Impersonate-Group", []))
        if groups and not user.is_master:
            raise forbidden("groups", groups[0], Attributes("impersonate", resource="groups").denial(user))
        known = user_by_name(name)
        return User(name, (*groups, "system:authenticated") if groups else known.groups)

    def _authorize(self, request: web.Request, info: RequestInfo, user: User) -> None:
        if user.is_master:
            return
        known = self._cluster.kinds.find(info.group, info.version, info.resource) is not None
        selected = (
            self._resources.selector(request, info).name()
            if known and info.verb in ("list", "watch", "deletecollection")
            else ""
        )
        attributes = replace(info, name=info.name or selected)
        if self._cluster.authorizer.allows(user, attributes):
            return
        denial = attributes.denial(user)
        if not info.resource:
            raise ApiError(403, "Forbidden", f"forbidden: {denial}", {})
        raise forbidden(f"{info.resource}.{info.group}" if info.group else info.resource, attributes.name, denial)

    async def _respond(self, request: web.Request, info: RequestInfo, user: User) -> web.StreamResponse:
        if info.resource:
            if not any((kind.group, kind.version) == (info.group, info.version) for kind in self._cluster.kinds):
                return _not_found_page()
            return await self._resources.handle(request, info, user)
        if request.method not in ("GET", "HEAD"):
            return _not_found_page()
        parts = [part for part in request.path.split("/") if part]
        if f"/{parts[0] if parts else ''}" in _HEALTH:
            return web.Response(text="ok")
        return self._document(request, parts)

    def _document(self, request: web.Request, parts: list[str]) -> web.StreamResponse:
        first = request.headers.get("Accept", "").split(",")[0]
        if "as=APIGroupDiscoveryList" in first and "v=v2;" in f"{first};" and parts in (["api"], ["apis"]):
            response = json_response(discovery.aggregated(self._cluster.kinds, core=parts == ["api"]))
            response.headers["Content-Type"] = discovery.AGGREGATED
            return response
        document = self._legacy_document(parts)
        return _not_found_page() if document is None else json_response(document)

    def _legacy_document(self, parts: list[str]) -> Object | None:
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
    """Reset the connection, without sending what is still buffered."""
    if not isinstance(transport, asyncio.Transport):
        return
    if connection := transport.get_extra_info("socket"):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    transport.abort()


def _not_found_page() -> web.Response:
    """Return the 404 for a path, or a group version, that is not served; it is not a Status, as in Kubernetes."""
    return web.Response(status=404, text="404 page not found\n")
