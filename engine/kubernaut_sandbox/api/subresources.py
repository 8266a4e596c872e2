"""Subresources: status, scale, a pod's log and eviction, a ServiceAccount's token, a namespace's finalize."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from aiohttp import web

from kubernaut_sandbox.api.request_bodies import read_object, read_patch
from kubernaut_sandbox.api.request_info import RequestInfo
from kubernaut_sandbox.api.responses import json_answer, object_answer
from kubernaut_sandbox.api.scales import scale_kind, scale_of, with_scale
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, spec_of, uid_of
from kubernaut_sandbox.model.patches import patched
from kubernaut_sandbox.model.statuses import conflict, invalid, invalid_value, method_not_allowed
from kubernaut_sandbox.registry.evictions import Evictions
from kubernaut_sandbox.registry.request_context import Call

_SHORTEST_TOKEN, _LONGEST_TOKEN = 600, 1 << 32


class Logs(Protocol):
    """Serves a container's log."""

    async def answer(self, request: web.Request, pod: Object) -> web.StreamResponse:
        """The response to a request for the pod's log."""


class Subresources:
    """Handles every request about a subresource."""

    def __init__(self, cluster: Cluster, logs: Logs) -> None:
        self._cluster, self._logs = cluster, logs
        self._evictions = Evictions(cluster.registry, cluster.deleter)

    async def handle(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        """The answer, or 405 for a verb the subresource does not have."""
        match info.subresource, info.verb:
            case ("status" | "finalize", "get" | "update" | "patch"):
                return await self._part(request, info, kind, call)
            case ("scale", "get" | "update" | "patch"):
                return await self._scale(request, info, kind, call)
            case ("log", "get"):
                return await self._logs.answer(request, self._cluster.registry.get(kind, info.namespace, info.name))
            case ("eviction", "create"):
                return await self._evict(request, info, kind, call)
            case ("token", "create"):
                return await self._token(request, info, kind)
        raise method_not_allowed()

    async def _part(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        registry, space = self._cluster.registry, info.namespace if kind.namespaced else ""
        if info.verb == "get":
            return object_answer(request, kind, registry.get(kind, space, info.name))
        if info.verb == "update":
            body = await read_object(request, kind.kind)
            return object_answer(
                request, kind, registry.update(call, kind, space, info.name, body, info.subresource), 200, call.warnings
            )
        patch, media_type = await read_patch(request), request.content_type
        done = registry.patch(call, kind, space, info.name, media_type, patch, info.subresource)
        return object_answer(request, kind, done, 200, call.warnings)

    async def _scale(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        registry = self._cluster.registry
        body: Any = None
        if info.verb != "get":
            body = await (read_object(request, "Scale") if info.verb == "update" else read_patch(request))
        obj = registry.get(kind, info.namespace, info.name)
        present = scale_of(kind, obj)
        if body is None:
            return json_answer(present)
        wanted = body if info.verb == "update" else patched(scale_kind(), present, request.content_type, body)
        revision = (wanted.get("metadata") or {}).get("resourceVersion")
        if revision and revision != present["metadata"]["resourceVersion"]:
            raise conflict(kind.resource, info.name)
        replicas = spec_of(wanted).get("replicas", 0)
        if not isinstance(replicas, int) or replicas < 0:
            cause = invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")
            raise invalid("Scale.autoscaling", info.name, [cause])
        written = registry.mutate(call, kind, info.namespace, info.name, lambda old: with_scale(kind, old, replicas))
        return json_answer(scale_of(kind, written))

    async def _evict(self, request: web.Request, info: RequestInfo, kind: Kind, call: Call) -> web.StreamResponse:
        body = await read_object(request, "Eviction")
        self._evictions.evict(call, kind, info.namespace, info.name, body)
        return json_answer(
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201
        )

    async def _token(self, request: web.Request, info: RequestInfo, kind: Kind) -> web.StreamResponse:
        account = self._cluster.registry.get(kind, info.namespace, info.name)
        body = await read_object(request, "TokenRequest")
        spec = spec_of(body)
        seconds = spec.get("expirationSeconds") or 3600
        if not _SHORTEST_TOKEN <= seconds <= _LONGEST_TOKEN:
            why = (
                "may not specify a duration less than 10 minutes"
                if seconds < _SHORTEST_TOKEN
                else "may not specify a duration larger than 2^32 seconds"
            )
            raise invalid(
                "TokenRequest.authentication.k8s.io", "", [invalid_value("spec.expirationSeconds", seconds, why)]
            )
        bound = self._bound(spec.get("boundObjectRef") or {}, info)
        token = self._cluster.tokens.issue(account, seconds, bound, tuple(spec.get("audiences") or ()))
        end = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = {"name": info.name, "namespace": info.namespace}
        status = {"token": token, "expirationTimestamp": end}
        answer = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": metadata}
        return json_answer(
            {**answer, "spec": {"audiences": [], **spec, "expirationSeconds": seconds}, "status": status}, 201
        )

    def _bound(self, reference: Object, info: RequestInfo) -> Object | None:
        if not reference:
            return None
        if reference.get("kind") != "Pod":
            cause = invalid_value(
                "spec.boundObjectRef.kind", reference.get("kind", ""), "the sandbox binds tokens to pods only"
            )
            raise invalid("TokenRequest.authentication.k8s.io", "", [cause])
        pod = self._cluster.registry.get(self._cluster.kinds.named("pods"), info.namespace, reference.get("name", ""))
        if reference.get("uid") and reference["uid"] != uid_of(pod):
            raise conflict(
                "pods",
                reference["name"],
                f"the UID in the bound object reference ({reference['uid']}) does not match the UID in record",
            )
        return pod
