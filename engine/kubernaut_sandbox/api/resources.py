"""The verbs on resources: each reads its request, calls the registry, and answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiohttp import web

from kubernaut_sandbox.access.users import User
from kubernaut_sandbox.api.paging import page
from kubernaut_sandbox.api.request_bodies import read_deletion, read_object, read_patch
from kubernaut_sandbox.api.request_info import RequestInfo
from kubernaut_sandbox.api.responses import json_answer, list_answer, object_answer
from kubernaut_sandbox.api.subresources import Subresources
from kubernaut_sandbox.api.tables import table, wants_table
from kubernaut_sandbox.api.watch import Watch, watch_request
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.fault_injection import Faults
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import encode, meta
from kubernaut_sandbox.model.selectors import Selector, parse_selector
from kubernaut_sandbox.model.statuses import method_not_allowed, no_such_resource
from kubernaut_sandbox.registry.custom_resources import selectable_fields
from kubernaut_sandbox.registry.request_context import Call
from kubernaut_sandbox.registry.scheme import check_type, decode

Handler = Callable[[web.Request, RequestInfo, Kind, Call], Awaitable[web.StreamResponse]]
_REVIEWS = ("authorization.k8s.io", "authentication.k8s.io")


class Resources:
    """Handles every request about a resource."""

    def __init__(self, cluster: Cluster, faults: Faults, subresources: Subresources) -> None:
        self._cluster, self._faults, self._subresources = cluster, faults, subresources
        self._verbs: dict[str, Handler] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_all,
        }

    async def handle(self, request: web.Request, info: RequestInfo, user: User) -> web.StreamResponse:
        """The answer to an authorized request."""
        kind = self._cluster.kinds.at(info.group, info.version, info.resource)
        if info.namespace and not kind.namespaced and kind.resource != "namespaces":
            raise no_such_resource()
        call = Call(user, info.dry_run, info.field_validation)
        if info.subresource:
            if info.subresource not in kind.subresources:
                raise no_such_resource()
            return await self._subresources.handle(request, info, kind, call)
        named_write = info.verb == "create" and info.name and kind.resource != "namespaces"
        if info.verb not in kind.verbs or named_write or self._lacks_namespace(info, kind):
            raise method_not_allowed()
        return await self._verbs[info.verb](request, info, kind, call)

    def selector(self, request: web.Request, info: RequestInfo) -> Selector:
        """The request's selector; for a watch or list of one name, that name."""
        kind = self._cluster.kinds.at(info.group, info.version, info.resource)
        labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
        if info.verb == "watch" and info.name and kind.resource != "namespaces":
            fields = f"metadata.name={info.name}"
        return parse_selector(kind.resource, labels, fields, lambda: selectable_fields(kind))

    @staticmethod
    def _lacks_namespace(info: RequestInfo, kind: Kind) -> bool:
        across = info.verb in ("list", "watch")
        return kind.namespaced and not info.namespace and not across

    async def _get(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        return object_answer(request, kind, self._cluster.registry.get(kind, _space(info, kind), info.name))

    async def _list(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        found = self._cluster.registry.list(kind, _space(info, kind), self.selector(request, info))
        objects, metadata = page(self._cluster.store, kind.resource, found, request.query)
        return list_answer(request, kind, objects, metadata)

    async def _watch(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        options = self._cluster.options
        wanted = watch_request(kind, _space(info, kind), self.selector(request, info), request.query, options)
        watch = Watch(self._cluster.store, self._faults, wanted, options.bookmark_interval_seconds)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        as_table, include = (
            wants_table(request.headers.get("Accept", "")),
            request.query.get("includeObject", "Metadata"),
        )
        headed = True
        with suppress(ConnectionResetError):  # whoever watched has gone: nobody is left to tell
            async for event, obj in watch.events():
                body = obj
                if as_table and event not in ("BOOKMARK", "ERROR"):
                    body = table(kind, [obj], include, revision=meta(obj).get("resourceVersion", ""), headed=headed)
                    headed = False
                await response.write(encode({"type": event, "object": body}) + b"\n")
            await response.write_eof()
        return response

    async def _create(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        body = await read_object(request, kind.kind)
        if kind.group in _REVIEWS:
            check_type(kind, body)
            review = self._cluster.reviews.answer(kind, call.user, info.namespace, decode(kind, body, call))
            return json_answer(review, 201, call.warnings)
        created = self._cluster.registry.create(call, kind, _space(info, kind), body)
        return object_answer(request, kind, created, 201, call.warnings)

    async def _update(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        body = await read_object(request, kind.kind)
        existed = self._cluster.store.get(kind.resource, _space(info, kind), info.name) is not None
        updated = self._cluster.registry.update(call, kind, _space(info, kind), info.name, body)
        return object_answer(request, kind, updated, 200 if existed else 201, call.warnings)

    async def _patch(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        patch = await read_patch(request)
        media_type = request.content_type
        done = self._cluster.registry.patch(call, kind, _space(info, kind), info.name, media_type, patch)
        return object_answer(request, kind, done, 200, call.warnings)

    async def _delete(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        how, dry = await read_deletion(request, kind)
        call = Call(call.user, call.dry_run or dry, call.field_validation, call.warnings)
        gone = self._cluster.deleter.delete(call, kind, _space(info, kind), info.name, how)
        return object_answer(request, kind, gone, 200, call.warnings)

    async def _delete_all(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        how, dry = await read_deletion(request, kind)
        call = Call(call.user, call.dry_run or dry, call.field_validation, call.warnings)
        gone = self._cluster.deleter.delete_all(call, kind, _space(info, kind), self.selector(request, info), how)
        return list_answer(request, kind, gone, {"resourceVersion": str(self._cluster.store.revision)})


def _space(info: RequestInfo, kind: Kind) -> str:
    return info.namespace if kind.namespaced else ""
