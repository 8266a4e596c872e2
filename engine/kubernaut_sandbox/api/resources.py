"""The verbs on resources: each one reads the request, calls the registry, and responds."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from aiohttp import web

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.access.users import User
from kubernaut_sandbox.api.paging import paginate
from kubernaut_sandbox.api.request_bodies import read_delete_options, read_object, read_patch
from kubernaut_sandbox.api.request_info import RequestInfo
from kubernaut_sandbox.api.responses import json_response, list_response, object_response
from kubernaut_sandbox.api.subresources import Subresources
from kubernaut_sandbox.api.tables import table, wants_table
from kubernaut_sandbox.api.watch import Watch, watch_request
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.fault_injection import FaultInjector
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import encode, meta
from kubernaut_sandbox.model.selectors import Selector, parse_selector
from kubernaut_sandbox.model.statuses import method_not_allowed, no_such_resource
from kubernaut_sandbox.registry.custom_resources import selectable_fields
from kubernaut_sandbox.registry.scheme import check_type, decode

Handler = Callable[[web.Request, RequestInfo, Kind, RequestContext], Awaitable[web.StreamResponse]]
_REVIEWS = ("authorization.k8s.io", "authentication.k8s.io")


class Resources:
    """Handles every request about a resource."""

    def __init__(self, cluster: Cluster, injector: FaultInjector, subresources: Subresources) -> None:
        self._cluster, self._injector, self._subresources = cluster, injector, subresources
        self._verbs: dict[str, Handler] = {
            "get": self._get,
            "list": self._list,
            "watch": self._watch,
            "create": self._create,
            "update": self._update,
            "patch": self._patch,
            "delete": self._delete,
            "deletecollection": self._delete_collection,
        }

    async def handle(self, request: web.Request, info: RequestInfo, user: User) -> web.StreamResponse:
        """Return the response to an authorized request."""
        kind = self._cluster.kinds.at(info.group, info.version, info.resource)
        if info.namespace and not kind.namespaced and kind.resource != "namespaces":
            raise no_such_resource()
        context = RequestContext(user, info.dry_run, info.field_validation)
        if info.subresource:
            if info.subresource not in kind.subresources:
                raise no_such_resource()
            return await self._subresources.handle(request, info, kind, context)
        create_by_name = info.verb == "create" and info.name and kind.resource != "namespaces"
        if info.verb not in kind.verbs or create_by_name or self._lacks_namespace(info, kind):
            raise method_not_allowed()
        return await self._verbs[info.verb](request, info, kind, context)

    def selector(self, request: web.Request, info: RequestInfo) -> Selector:
        """Return the request's selector; for a watch of a single object, one that selects its name."""
        kind = self._cluster.kinds.at(info.group, info.version, info.resource)
        labels, fields = request.query.get("labelSelector", ""), request.query.get("fieldSelector", "")
        if info.verb == "watch" and info.name and kind.resource != "namespaces":
            fields = f"metadata.name={info.name}"
        return parse_selector(kind.resource, labels, fields, lambda: selectable_fields(kind))

    @staticmethod
    def _lacks_namespace(info: RequestInfo, kind: Kind) -> bool:
        across_namespaces = info.verb in ("list", "watch")
        return kind.namespaced and not info.namespace and not across_namespaces

    async def _get(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        return object_response(request, kind, self._cluster.registry.get(kind, _namespace(info, kind), info.name))

    async def _list(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        selected = self._cluster.registry.list(kind, _namespace(info, kind), self.selector(request, info))
        objects, metadata = paginate(self._cluster.store, kind.resource, selected, request.query)
        return list_response(request, kind, objects, metadata)

    async def _watch(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        options = self._cluster.options
        watched = watch_request(kind, _namespace(info, kind), self.selector(request, info), request.query, options)
        watch = Watch(self._cluster.store, self._injector, watched, options.bookmark_interval_seconds)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        as_table, include = (
            wants_table(request.headers.get("Accept", "")),
            request.query.get("includeObject", "Metadata"),
        )
        with_columns = True
        with suppress(ConnectionResetError):  # the client has disconnected
            async for event, obj in watch.events():
                body = obj
                if as_table and event not in ("BOOKMARK", "ERROR"):
                    body = table(
                        kind, [obj], include, revision=meta(obj).get("resourceVersion", ""), with_columns=with_columns
                    )
                    with_columns = False
                await response.write(encode({"type": event, "object": body}) + b"\n")
            await response.write_eof()
        return response

    async def _create(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        body = await read_object(request, kind.kind, context)
        if kind.group in _REVIEWS:
            check_type(kind, body)
            review = self._cluster.reviews.evaluate(kind, context.user, info.namespace, decode(kind, body, context))
            return json_response(review, 201, context.warnings)
        created = self._cluster.registry.create(context, kind, _namespace(info, kind), body)
        return object_response(request, kind, created, 201, context.warnings)

    async def _update(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        body = await read_object(request, kind.kind, context)
        existed = self._cluster.store.get(kind.resource, _namespace(info, kind), info.name) is not None
        updated = self._cluster.registry.update(context, kind, _namespace(info, kind), info.name, body)
        return object_response(request, kind, updated, 200 if existed else 201, context.warnings)

    async def _patch(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        patch = await read_patch(request, context)
        patched = self._cluster.registry.patch(context, kind, _namespace(info, kind), info.name, patch)
        return object_response(request, kind, patched, 200, context.warnings)

    async def _delete(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        options, dry_run = await read_delete_options(request)
        context = replace(context, dry_run=dry_run)
        deleted = self._cluster.deleter.delete(context, kind, _namespace(info, kind), info.name, options)
        return object_response(request, kind, deleted, 200, context.warnings)

    async def _delete_collection(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        options, dry_run = await read_delete_options(request)
        context = replace(context, dry_run=dry_run)
        deleted = self._cluster.deleter.delete_collection(
            context, kind, _namespace(info, kind), self.selector(request, info), options
        )
        return list_response(request, kind, deleted, {"resourceVersion": str(self._cluster.store.revision)})


def _namespace(info: RequestInfo, kind: Kind) -> str:
    return info.namespace if kind.namespaced else ""
