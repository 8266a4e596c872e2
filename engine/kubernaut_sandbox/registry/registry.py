"""Reads and writes objects as the API does: decoded, defaulted, admitted, validated, versioned.

Everything here is synchronous, so each write is atomic. HTTP handlers, controllers and the kubelet all come through here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.objects import (
    Object,
    encode,
    meta,
    name_of,
    name_suffix,
    namespace_of,
    new_uid,
    now,
    with_meta,
)
from kubernaut_sandbox.model.patches import check_media_type, patched
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
from kubernaut_sandbox.registry.custom_resources import (
    RESOURCE,
    CustomResourceDefinitionStrategy,
    CustomResourceStrategy,
)
from kubernaut_sandbox.registry.names import metadata_causes
from kubernaut_sandbox.registry.request_context import Call
from kubernaut_sandbox.registry.schemas import prune
from kubernaut_sandbox.registry.scheme import check_type, complain, decode, decode_as
from kubernaut_sandbox.registry.strategies import built_in_strategies
from kubernaut_sandbox.registry.strategies.base import Strategy
from kubernaut_sandbox.registry.updates import check_update, merged_update, worn_out

_ETCD_LIMIT = 1536 * 1024
_GIVEN_BY_SERVER = (
    "resourceVersion",
    "selfLink",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "uid",
    "creationTimestamp",
)


class Registry:
    """All reads and writes but deletion."""

    def __init__(self, store: Store, kinds: Kinds, admission: Admission) -> None:
        self.store, self.kinds = store, kinds
        self._admission = admission
        self._strategies: dict[str, Strategy] = {**built_in_strategies(), RESOURCE: CustomResourceDefinitionStrategy()}

    def get(self, kind: Kind, namespace: str, name: str) -> Object:
        """One object, or 404."""
        found = self.store.get(kind.resource, namespace, name)
        if found is None:
            raise not_found(kind.resource, name)
        return presented(kind, found)

    def list(self, kind: Kind, namespace: str, selector: Selector | None = None) -> list[Object]:
        """The selected objects of a namespace, or of all."""
        return [
            presented(kind, obj)
            for obj in self.store.list(kind.resource, namespace)
            if selector is None or selector.matches(obj)
        ]

    def create(self, call: Call, kind: Kind, namespace: str, body: Object) -> Object:
        """The object as created."""
        decoded = self._decoded(call, kind, body)
        obj = _identified(kind, namespace, decoded)
        obj = _named(self._admission.mutate(call, kind, obj))
        strategy = self._strategy(kind)
        if "status" in kind.subresources:
            obj = {key: value for key, value in obj.items() if key != "status"}
        obj = strategy.prepare_create(strategy.prepare(obj))
        if kind.has_generation:
            obj = with_meta(obj, generation=1)
        self._refuse(kind, obj, [*metadata_causes(kind, obj), *strategy.validate(obj)])
        call.warnings.extend(strategy.warnings(obj))
        self._admission.validate(call, kind, obj, None)
        if self.store.get(kind.resource, namespace_of(obj), name_of(obj)):
            raise already_exists(kind.resource, name_of(obj))
        return self._kept(call, kind, obj)

    def update(self, call: Call, kind: Kind, namespace: str, name: str, body: Object, subresource: str = "") -> Object:
        """The object as replaced; an upsert kind is created when missing."""
        old = self.store.get(kind.resource, namespace, name)
        if old is None and kind.upsert and not subresource:
            return self._created_by_update(call, kind, namespace, name, body)
        if old is None:
            raise not_found(kind.resource, name)
        new = self._decoded(call, kind, body)
        if name_of(new) != name:
            raise bad_request(f"the name of the object ({name_of(new)}) does not match the name on the URL ({name})")
        return self._replaced(call, kind, presented(kind, old), new, subresource)

    def _created_by_update(self, call: Call, kind: Kind, namespace: str, name: str, body: Object) -> Object:
        """As etcd has it: a resourceVersion does not keep the object from being made, a uid does."""
        if uid := meta(body).get("uid"):
            raise conflict(
                kind.resource, name, f"Precondition failed: UID in precondition: {uid}, UID in object meta: "
            )
        return self.create(call, kind, namespace, with_meta(body, resourceVersion=None))

    def patch(
        self, call: Call, kind: Kind, namespace: str, name: str, media_type: str, patch: Any, subresource: str = ""
    ) -> Object:
        """The object as patched."""
        check_media_type(kind, media_type)
        old = self.get(kind, namespace, name)
        new = patched(kind, old, media_type, patch)
        try:
            decoded = self._decoded(call, kind, new)
        except ApiError as error:
            raise _patch_refusal(new, error) from error
        return self._replaced(call, kind, old, decoded, subresource)

    def mutate(
        self,
        call: Call,
        kind: Kind,
        namespace: str,
        name: str,
        change: Callable[[Object], Object],
        subresource: str = "",
    ) -> Object:
        """Read, change and write back in one step: how controllers write."""
        old = self.get(kind, namespace, name)
        new = change(old)
        return old if new is old else self._replaced(call, kind, old, new, subresource)

    def _replaced(self, call: Call, kind: Kind, old: Object, new: Object, subresource: str) -> Object:
        check_update(kind, old, new)
        strategy = self._strategy(kind)
        new = merged_update(kind, old, new, subresource)
        if subresource != "status" or kind.custom:
            new = strategy.prepare(new)
        if kind.has_generation and _substance(new) != _substance(old):
            new = with_meta(new, generation=(meta(old).get("generation") or 0) + 1)
        if not subresource:
            self._refuse(kind, new, metadata_causes(kind, new))
        if not subresource or kind.custom:
            self._refuse(kind, new, [*strategy.validate(new), *strategy.validate_update(new, old)])
            call.warnings.extend(strategy.warnings(new))
        self._admission.validate(call, kind, new, old)
        return old if new == old else self._kept(call, kind, new)

    def _kept(self, call: Call, kind: Kind, obj: Object) -> Object:
        if len(encode(obj)) > _ETCD_LIMIT:
            raise ApiError(500, "", "etcdserver: request is too large")
        stored = self.kinds.named(kind.resource)
        obj = {**obj, "apiVersion": stored.api_version, "kind": stored.kind}
        if call.dry_run:
            return presented(kind, obj)
        if kind.never_kept:
            raise not_implemented(kind.never_kept)
        kept = self.store.put(kind.resource, obj)
        if worn_out(kind, kept):
            self.store.remove(kind.resource, kept)
        return presented(kind, kept)

    def _decoded(self, call: Call, kind: Kind, body: Object) -> Object:
        check_type(kind, body)
        if not kind.custom:
            return {
                "kind": kind.kind,
                "apiVersion": kind.api_version,
                **decode(kind, {**body, "metadata": body.get("metadata") or {}}, call),
            }
        schema = kind.custom["schema"]["openAPIV3Schema"]
        clean, unknown = prune(schema, body)
        complain(kind, unknown, call)
        return {**clean, "metadata": decode_as(kind, "V1ObjectMeta", body.get("metadata") or {}, call)}

    def _strategy(self, kind: Kind) -> Strategy:
        return CustomResourceStrategy(kind.custom) if kind.custom else self._strategies.get(kind.resource) or Strategy()

    def _refuse(self, kind: Kind, obj: Object, causes: Sequence[Cause]) -> None:
        if causes:
            raise invalid(kind.qualified, name_of(obj), causes)


def presented(kind: Kind, obj: Object) -> Object:
    """The object in the version asked for."""
    if obj.get("apiVersion") == kind.api_version and obj.get("kind") == kind.kind:
        return obj
    return {**obj, "kind": kind.kind, "apiVersion": kind.api_version}


def _identified(kind: Kind, namespace: str, obj: Object) -> Object:
    metadata = meta(obj)
    if metadata.get("resourceVersion"):
        raise ApiError(500, "", "resourceVersion should not be set on objects to be created")
    if metadata.get("namespace") and metadata["namespace"] != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    kept = {key: value for key, value in metadata.items() if key not in (*_GIVEN_BY_SERVER, "generation")}
    kept |= {"uid": new_uid(), "creationTimestamp": now()}
    if kind.namespaced:
        kept["namespace"] = namespace
    else:
        kept.pop("namespace", None)
    return {**obj, "kind": kind.kind, "apiVersion": kind.api_version, "metadata": kept}


def _named(obj: Object) -> Object:
    prefix = meta(obj).get("generateName")
    return obj if name_of(obj) or not prefix else with_meta(obj, name=f"{prefix[:58]}{name_suffix()}")


def _patch_refusal(new: Object, error: ApiError) -> ApiError:
    """What does not decode after a patch is the patch's fault: 422 rather than 400."""
    if error.code != 400:
        return error
    why = error.message.partition(": ")[2] or error.message
    cause = {
        "reason": "FieldValueInvalid",
        "message": f"Invalid value: {encode(encode(new).decode()).decode()}: {why}",
        "field": "patch",
    }
    return ApiError(422, "Invalid", f' "" is invalid: patch: {cause["message"]}', {"causes": [cause]})


def _substance(obj: Object) -> Object:
    """What metadata.generation counts the changes of."""
    return {key: value for key, value in obj.items() if key not in ("metadata", "status", "kind", "apiVersion")}
