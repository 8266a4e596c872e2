"""Reads and writes objects as the API does: decodes, defaults, admits, validates and versions them.

Everything is synchronous, so each write is atomic. HTTP handlers, controllers and the kubelet all use it. Every method raises
ApiError when the API rejects the request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.objects import (
    Object,
    encode,
    meta,
    name_of,
    namespace_of,
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
    not_implemented,
)
from kubernaut_sandbox.model.store import Store
from kubernaut_sandbox.registry.admission import Admission
from kubernaut_sandbox.registry.creation import with_generated_name, with_identity
from kubernaut_sandbox.registry.custom_resources import (
    CRD_RESOURCE,
    CustomResourceDefinitionStrategy,
    CustomResourceStrategy,
)
from kubernaut_sandbox.registry.names import metadata_causes
from kubernaut_sandbox.registry.request_context import RequestContext
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
        self._admission = admission
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
        obj = with_generated_name(self._admission.mutate(context, kind, obj))
        strategy = self._strategy(kind)
        if "status" in kind.subresources:
            obj = {key: value for key, value in obj.items() if key != "status"}
        obj = strategy.prepare_create(strategy.prepare(obj))
        if kind.has_generation:
            obj = with_meta(obj, generation=1)
        self._reject_invalid(kind, obj, [*metadata_causes(kind, obj), *strategy.validate(obj)])
        context.warnings.extend(strategy.warnings(obj))
        self._admission.validate(context, kind, obj, None)
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
        check_update(kind, old, new)
        strategy = self._strategy(kind)
        new = merge_update(kind, old, new, subresource)
        if subresource != "status" or kind.custom:
            new = strategy.prepare(new)
        if kind.has_generation and _content(new) != _content(old):
            new = with_meta(new, generation=(meta(old).get("generation") or 0) + 1)
        if not subresource:
            self._reject_invalid(kind, new, metadata_causes(kind, new))
        if not subresource or kind.custom:
            self._reject_invalid(kind, new, [*strategy.validate(new), *strategy.validate_update(new, old)])
            context.warnings.extend(strategy.warnings(new))
        self._admission.validate(context, kind, new, old)
        return old if new == old else self._persist(context, kind, new)

    def _persist(self, context: RequestContext, kind: Kind, obj: Object) -> Object:
        if len(encode(obj)) > _MAX_OBJECT_BYTES:
            raise ApiError(500, "", "etcdserver: request is too large")
        storage_version = self.kinds.by_resource(kind.resource)
        obj = in_version(storage_version, obj)
        if context.dry_run:
            return in_version(kind, obj)
        if kind.dry_run_only:
            raise not_implemented(kind.dry_run_only)
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


def in_version(kind: Kind, obj: Object) -> Object:
    """Return the object with the apiVersion and kind of this version."""
    if obj.get("apiVersion") == kind.api_version and obj.get("kind") == kind.kind:
        return obj
    return {**obj, "kind": kind.kind, "apiVersion": kind.api_version}


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


def _content(obj: Object) -> Object:
    """Return the part of the object whose changes metadata.generation counts."""
    return {key: value for key, value in obj.items() if key not in ("metadata", "status", "kind", "apiVersion")}
