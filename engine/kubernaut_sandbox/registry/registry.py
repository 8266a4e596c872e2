"""Reads and writes objects as the API does: decodes, defaults, admits, validates and versions them.

Everything is synchronous, so each write is atomic. HTTP handlers, controllers and the kubelet all use it. Every method raises
ApiError when the API rejects the request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.admission.chain import Admission
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kind, Kinds, in_version
from kubernaut_sandbox.model.names import metadata_causes
from kubernaut_sandbox.model.objects import (
    Object,
    encode,
    meta,
    name_of,
    namespace_of,
    spec_of,
    with_meta,
)
from kubernaut_sandbox.model.patches import Patch
from kubernaut_sandbox.model.selectors import Selector
from kubernaut_sandbox.model.statuses import (
    ApiError,
    Cause,
    already_exists,
    bad_request,
    conflict,
    invalid,
    not_found,
)
from kubernaut_sandbox.model.store import Store
from kubernaut_sandbox.registry.creation import with_generated_name, with_identity
from kubernaut_sandbox.registry.custom_resources import (
    CRD_RESOURCE,
    CustomResourceDefinitionStrategy,
    CustomResourceStrategy,
)
from kubernaut_sandbox.registry.scales import scale_kind, scale_of, with_scale
from kubernaut_sandbox.registry.schemas import prune
from kubernaut_sandbox.registry.scheme import check_type, decode, decode_as, report_unknown_fields
from kubernaut_sandbox.registry.strategies import built_in_strategies
from kubernaut_sandbox.registry.strategies.base import Strategy
from kubernaut_sandbox.registry.updates import check_update, is_removable, merge_update

_MAX_OBJECT_BYTES = 1536 * 1024


class Registry:
    """All reads and writes, except deletion."""

    def __init__(self, store: Store, kinds: Kinds, admission: Admission) -> None:
        self.store, self.kinds = store, kinds
        self.admission = admission
        self._strategies: dict[str, Strategy] = {
            **built_in_strategies(),
            CRD_RESOURCE: CustomResourceDefinitionStrategy(),
        }

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """Return an object; raise a 404 when it does not exist."""
        stored = self.store.get(kind.resource, namespace, name)
        if stored is None:
            raise not_found(kind.resource, name)
        return in_version(kind, stored)

    def list(self, kind: Kind, namespace: str, selector: Selector | None = None) -> list[Object]:
        """Return the selected objects in a namespace, or in all namespaces when it is empty."""
        return [
            in_version(kind, obj)
            for obj in self.store.list(kind.resource, namespace)
            if selector is None or selector.matches(obj)
        ]

    def create(self, context: RequestContext, kind: Kind, namespace: str, body: Object) -> Object:
        """Create an object; return it as stored."""
        decoded = self._decode(context, kind, body)
        obj = with_identity(kind, namespace, decoded)
        strategy = self._strategy(kind)
        request = AdmissionRequest(context, "CREATE", kind, _scope(kind, namespace, name_of(obj)), name_of(obj), obj)
        obj = self.admission.mutate(request.with_new(strategy.prepare(obj)), strategy.prepare)
        obj = with_generated_name(obj)
        if "status" in kind.subresources:
            obj = {key: value for key, value in obj.items() if key != "status"}
        obj = strategy.prepare_create(strategy.prepare(obj))
        if kind.has_generation:
            obj = with_meta(obj, generation=1)
        causes, unsupported = _validated(strategy, obj)
        self._reject_invalid(kind, obj, [*metadata_causes(kind, obj), *causes])
        context.warnings.extend(strategy.warnings(obj))
        self.admission.validate(replace(request, new=obj, name=name_of(obj)))
        if unsupported:
            raise unsupported
        if self.store.get(kind.resource, namespace_of(obj), name_of(obj)):
            raise already_exists(kind.resource, name_of(obj))
        return self._persist(context, kind, obj)

    def update(
        self, context: RequestContext, kind: Kind, namespace: str, name: str, body: Object, subresource: str = ""
    ) -> Object:
        """Replace an object, or its subresource; return it as stored. Some kinds are created when they do not exist."""
        old = self.store.get(kind.resource, namespace, name)
        if old is None and kind.create_on_update and not subresource:
            return self._create_on_update(context, kind, namespace, name, body)
        if old is None:
            raise not_found(kind.resource, name)
        new = self._decode(context, kind, body)
        if name_of(new) != name:
            raise bad_request(f"the name of the object ({name_of(new)}) does not match the name on the URL ({name})")
        return self._replace(context, kind, in_version(kind, old), new, subresource)

    def _create_on_update(self, context: RequestContext, kind: Kind, namespace: str, name: str, body: Object) -> Object:
        """Create an object by an update. As in Kubernetes, a uid prevents that, and a resourceVersion does not."""
        if uid := meta(body).get("uid"):
            raise conflict(
                kind.resource, name, f"Precondition failed: UID in precondition: {uid}, UID in object meta: "
            )
        return self.create(context, kind, namespace, with_meta(body, resourceVersion=None))

    def patch(
        self,
        context: RequestContext,
        kind: Kind,
        namespace: str,
        name: str,
        patch: Patch,
        subresource: str = "",
    ) -> Object:
        """Patch an object, or its subresource; return it as stored."""
        patch.check_type(kind)
        old = self.get(kind, namespace, name)
        new = patch.apply(kind, old)
        try:
            decoded = self._decode(context, kind, new)
        except ApiError as error:
            raise _patch_error(new, error) from error
        return self._replace(context, kind, old, decoded, subresource)

    def mutate(
        self,
        context: RequestContext,
        kind: Kind,
        namespace: str,
        name: str,
        change: Callable[[Object], Object],
        subresource: str = "",
    ) -> Object:
        """Read an object, change it with a function, and write it back; this is how controllers write. Return it as stored."""
        old = self.get(kind, namespace, name)
        new = change(old)
        return old if new is old else self._replace(context, kind, old, new, subresource)

    def _replace(self, context: RequestContext, kind: Kind, old: Object, new: Object, subresource: str) -> Object:
        strategy = self._strategy(kind)
        prepare = _unchanged if subresource == "status" and not kind.custom else strategy.prepare
        default = _unchanged if subresource == "scale" else prepare
        request = self._update_request(context, kind, old, new, subresource)
        mutated = self.admission.mutate(request.with_new(default(request.new or {})), default)
        new = self._written(request, new, mutated)
        check_update(kind, old, new)
        new = prepare(merge_update(kind, old, new, subresource))
        if not subresource:
            new = strategy.prepare_update(new, old)
        if kind.has_generation and _content(new) != _content(old):
            new = with_meta(new, generation=(meta(old).get("generation") or 0) + 1)
        unsupported = self._check_content(context, kind, old, new, subresource)
        self.admission.validate(self._update_request(context, kind, old, new, subresource))
        if unsupported:
            raise unsupported
        return old if new == old else self._persist(context, kind, new)

    def _check_content(
        self, context: RequestContext, kind: Kind, old: Object, new: Object, subresource: str
    ) -> ApiError | None:
        """Raise ApiError for what this request may not write; return the 501 for what the sandbox does not implement."""
        if subresource in ("", "scale"):
            self._reject_invalid(kind, new, metadata_causes(kind, new))
        elif subresource != "ephemeralcontainers" and not kind.custom:
            return None
        strategy = self._strategy(kind)
        causes, unsupported = _validated(strategy, new)
        if subresource != "ephemeralcontainers":
            causes = [*causes, *strategy.validate_update(new, old)]
        self._reject_invalid(kind, new, causes)
        context.warnings.extend(strategy.warnings(new))
        return unsupported

    def _update_request(
        self, context: RequestContext, kind: Kind, old: Object, new: Object, subresource: str
    ) -> AdmissionRequest:
        """Return the request as admission sees it: that of a Scale is about two Scales."""
        before, after, object_kind = old, new, None
        if subresource == "scale":
            before, after, object_kind = scale_of(kind, old), scale_of(kind, new), scale_kind()
        name, namespace = name_of(old), _scope(kind, namespace_of(old), name_of(old))
        return AdmissionRequest(context, "UPDATE", kind, namespace, name, after, before, subresource, object_kind)

    @staticmethod
    def _written(request: AdmissionRequest, new: Object, mutated: Object) -> Object:
        """Return the object that is written, with what admission changed."""
        if request.subresource != "scale":
            return mutated
        return with_scale(request.kind, new, spec_of(mutated).get("replicas") or 0)

    def _persist(self, context: RequestContext, kind: Kind, obj: Object) -> Object:
        if len(encode(obj)) > _MAX_OBJECT_BYTES:
            raise ApiError(500, "", "etcdserver: request is too large")
        storage_version = self.kinds.by_resource(kind.resource)
        obj = in_version(storage_version, obj)
        if context.dry_run:
            return in_version(kind, obj)
        written = self.store.put(kind.resource, obj)
        if is_removable(kind, written):
            self.store.remove(kind.resource, written)
        return in_version(kind, written)

    def _decode(self, context: RequestContext, kind: Kind, body: Object) -> Object:
        check_type(kind, body)
        if not kind.custom:
            return {
                "kind": kind.kind,
                "apiVersion": kind.api_version,
                **decode(kind, {**body, "metadata": body.get("metadata") or {}}, context),
            }
        schema = kind.custom["schema"]["openAPIV3Schema"]
        clean, unknown = prune(schema, body)
        report_unknown_fields(kind, unknown, context)
        return {**clean, "metadata": decode_as(kind, "V1ObjectMeta", body.get("metadata") or {}, context)}

    def _strategy(self, kind: Kind) -> Strategy:
        return CustomResourceStrategy(kind.custom) if kind.custom else self._strategies.get(kind.resource) or Strategy()

    def _reject_invalid(self, kind: Kind, obj: Object, causes: Sequence[Cause]) -> None:
        if causes:
            raise invalid(kind.group_kind, name_of(obj), causes)


def _patch_error(new: Object, error: ApiError) -> ApiError:
    """Return the error for a patch whose result cannot be decoded: a 422 instead of a 400."""
    if error.code != 400:
        return error
    detail = error.message.partition(": ")[2] or error.message
    cause = {
        "reason": "FieldValueInvalid",
        "message": f"Invalid value: {encode(encode(new).decode()).decode()}: {detail}",
        "field": "patch",
    }
    return ApiError(422, "Invalid", f' "" is invalid: patch: {cause["message"]}', {"causes": [cause]})


def _validated(strategy: Strategy, obj: Object) -> tuple[list[Cause], ApiError | None]:
    """Return the causes, and the 501 for what the sandbox does not implement: admission is asked first, as it would be there."""
    try:
        return strategy.validate(obj), None
    except ApiError as error:
        if error.code != 501:
            raise
        return [], error


def _scope(kind: Kind, namespace: str, name: str) -> str:
    """Return the namespace of a request. As in Kubernetes, the namespace of a Namespace is itself."""
    return name if kind.resource == "namespaces" else namespace


def _unchanged(obj: Object) -> Object:
    return obj


def _content(obj: Object) -> Object:
    """Return the part of the object whose changes metadata.generation counts."""
    return {key: value for key, value in obj.items() if key not in ("metadata", "status", "kind", "apiVersion")}
