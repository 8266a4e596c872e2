"""Subresources: status, scale, a pod's log and eviction, a ServiceAccount's token, a namespace's finalize."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from aiohttp import web

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.api.request_bodies import delete_options, read_object, read_patch
from kubernaut_sandbox.api.request_info import RequestInfo
from kubernaut_sandbox.api.responses import json_response, object_response
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, name_of, spec_of, uid_of
from kubernaut_sandbox.model.statuses import bad_request, conflict, invalid, invalid_value, method_not_allowed
from kubernaut_sandbox.registry.evictions import Evictions
from kubernaut_sandbox.registry.scales import scale_kind, scale_of, with_scale
from kubernaut_sandbox.registry.scheme import decode_as

_TOKEN_REQUEST = Kind("authentication.k8s.io", "v1", "tokenrequests", "TokenRequest")
_EVICTION = Kind("policy", "v1", "evictions", "Eviction")
_MIN_TOKEN_SECONDS, _MAX_TOKEN_SECONDS = 600, 1 << 32


class Logs(Protocol):
    """Serves the logs of containers; the kubelet implements it."""

    async def serve_log(self, request: web.Request, pod: Object) -> web.StreamResponse:
        """Return the response to a request for the pod's log."""


class Subresources:
    """Handles every request about a subresource."""

    def __init__(self, cluster: Cluster, logs: Logs) -> None:
        self._cluster, self._logs = cluster, logs
        self._evictions = Evictions(cluster.registry, cluster.deleter)

    async def handle(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        """Return the response to an authorized request; raise a 405 for a verb that the subresource does not have."""
        match info.subresource, info.verb:
            case ("status" | "finalize" | "ephemeralcontainers", "get" | "update" | "patch"):
                return await self._status_or_finalize(request, info, kind, context)
            case ("scale", "get" | "update" | "patch"):
                return await self._scale(request, info, kind, context)
            case ("log", "get"):
                return await self._logs.serve_log(request, self._cluster.registry.get(kind, info.namespace, info.name))
            case ("eviction", "create"):
                return await self._evict(request, info, kind, context)
            case ("token", "create"):
                return await self._token(request, info, kind, context)
        raise method_not_allowed()

    async def _status_or_finalize(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        registry, namespace = self._cluster.registry, info.namespace if kind.namespaced else ""
        if info.verb == "get":
            return object_response(request, kind, registry.get(kind, namespace, info.name))
        if info.verb == "update":
            body = await read_object(request, kind.kind, context)
            updated = registry.update(context, kind, namespace, info.name, body, info.subresource)
            return object_response(request, kind, updated, 200, context.warnings)
        patch = await read_patch(request, context)
        patched = registry.patch(context, kind, namespace, info.name, patch, info.subresource)
        return object_response(request, kind, patched, 200, context.warnings)

    async def _scale(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        registry = self._cluster.registry
        update = await read_object(request, "Scale") if info.verb == "update" else None
        patch = await read_patch(request, context) if info.verb == "patch" else None
        present = scale_of(kind, registry.get(kind, info.namespace, info.name))
        scale = patch.apply(scale_kind(), present) if patch else update
        if scale is None:
            return json_response(present)
        revision = (scale.get("metadata") or {}).get("resourceVersion")
        if revision and revision != present["metadata"]["resourceVersion"]:
            raise conflict(kind.resource, info.name)
        replicas = spec_of(scale).get("replicas", 0)
        if not isinstance(replicas, int) or replicas < 0:
            cause = invalid_value("spec.replicas", replicas, "must be greater than or equal to 0")
            raise invalid("Scale.autoscaling", info.name, [cause])
        written = registry.mutate(
            context, kind, info.namespace, info.name, lambda old: with_scale(kind, old, replicas), "scale"
        )
        return json_response(scale_of(kind, written))

    async def _evict(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        body = await read_object(request, "Eviction", context)
        eviction = decode_as(_EVICTION, "V1Eviction", body, context)
        if name_of(eviction) != info.name:
            raise bad_request("name in URL does not match name in Eviction object")
        options, dry_run = delete_options(eviction.get("deleteOptions") or {})
        context = replace(context, dry_run=context.dry_run or dry_run)
        self._evictions.evict(context, kind, info.namespace, eviction, options)
        return json_response(
            {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "code": 201}, 201
        )

    async def _token(
        self, request: web.Request, info: RequestInfo, kind: Kind, context: RequestContext
    ) -> web.StreamResponse:
        account = self._cluster.registry.get(kind, info.namespace, info.name)
        body = await read_object(request, "TokenRequest")
        spec = spec_of(body)
        seconds = spec.get("expirationSeconds") or 3600
        if not _MIN_TOKEN_SECONDS <= seconds <= _MAX_TOKEN_SECONDS:
            detail = (
                "may not specify a duration less than 10 minutes"
                if seconds < _MIN_TOKEN_SECONDS
                else "may not specify a duration larger than 2^32 seconds"
            )
            raise invalid(
                "TokenRequest.authentication.k8s.io", "", [invalid_value("spec.expirationSeconds", seconds, detail)]
            )
        self._cluster.registry.admission.validate(
            AdmissionRequest(context, "CREATE", kind, info.namespace, info.name, body, None, "token", _TOKEN_REQUEST)
        )
        bound = self._bound_pod(spec.get("boundObjectRef") or {}, info)
        token = self._cluster.tokens.issue(account, seconds, bound, tuple(spec.get("audiences") or ()))
        expiration = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = {"name": info.name, "namespace": info.namespace}
        status = {"token": token, "expirationTimestamp": expiration}
        header = {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1", "metadata": metadata}
        return json_response(
            {**header, "spec": {"audiences": [], **spec, "expirationSeconds": seconds}, "status": status}, 201
        )

    def _bound_pod(self, reference: Object, info: RequestInfo) -> Object | None:
        if not reference:
            return None
        if reference.get("kind") != "Pod":
            cause = invalid_value(
                "spec.boundObjectRef.kind", reference.get("kind", ""), "the sandbox binds tokens to pods only"
            )
            raise invalid("TokenRequest.authentication.k8s.io", "", [cause])
        pod = self._cluster.registry.get(
            self._cluster.kinds.by_resource("pods"), info.namespace, reference.get("name", "")
        )
        if reference.get("uid") and reference["uid"] != uid_of(pod):
            raise conflict(
                "pods",
                reference["name"],
                f"the UID in the bound object reference ({reference['uid']}) does not match the UID in record",
            )
        return pod
