"""PersistentVolumeClaims, PersistentVolumes and StorageClasses: defaults, validation, and what an update may change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.model.objects import Object, encode, meta, spec_of, status_of, with_meta
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import Strategy, immutable, with_defaults

CLAIM_FINALIZER, VOLUME_FINALIZER = "kubernetes.io/pvc-protection", "kubernetes.io/pv-protection"
_MODES = ("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")
_STORAGE = "spec.resources.requests.storage"
_IMMUTABLE_CLAIM = "Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n"
_NOT_SOURCES = (
    *("accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy"),
    *("storageClassName", "volumeAttributesClassName", "volumeMode"),
)


def requested_storage(claim: Object) -> Decimal:
    """Return how many bytes the claim requests."""
    return parse_quantity(((spec_of(claim).get("resources") or {}).get("requests") or {}).get("storage", 0))


def capacity_of(obj: Object) -> Decimal:
    """Return the capacity that the status of a claim has, in bytes."""
    return parse_quantity((status_of(obj).get("capacity") or {}).get("storage", 0))


class ClaimStrategy(Strategy):
    """PersistentVolumeClaims: once bound, they can only grow."""

    def prepare(self, obj: Object) -> Object:
        return {**obj, "spec": with_defaults(spec_of(obj), volumeMode="Filesystem", resources={})}

    def prepare_create(self, obj: Object) -> Object:
        finalizers = [*(meta(obj).get("finalizers") or ()), CLAIM_FINALIZER]
        return {**with_meta(obj, finalizers=list(dict.fromkeys(finalizers))), "status": {"phase": "Pending"}}

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        causes = _mode_causes(spec, "at least 1 access mode is required")
        amount = (spec["resources"].get("requests") or {}).get("storage")
        if amount is None:
            causes.append(required("spec.resources[storage]"))
        elif parse_quantity(amount) <= 0:
            causes.append(invalid_value("spec.resources[storage]", amount, "must be greater than zero"))
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        bound = status_of(new).get("phase") == "Bound"
        fixed_new, fixed_old = _fixed(new, bound=bound), _fixed(old, bound=bound)
        if not spec_of(old).get("volumeName"):
            fixed_new.pop("volumeName", None)
            fixed_old.pop("volumeName", None)
        causes = []
        if fixed_new != fixed_old:
            fields = [key for key in {**fixed_new, **fixed_old} if fixed_new.get(key) != fixed_old.get(key)]
            changes = "\n".join(f"{key}: {_text(fixed_old, key)} -> {_text(fixed_new, key)}" for key in sorted(fields))
            causes.append(Cause("spec", f"{_IMMUTABLE_CLAIM}{changes}", "FieldValueForbidden"))
        if requested_storage(new) < requested_storage(old) and requested_storage(new) <= capacity_of(old):
            detail = "Forbidden: field can not be less than status.capacity"
            causes.append(Cause(_STORAGE, detail, "FieldValueForbidden"))
        return causes


class VolumeStrategy(Strategy):
    """PersistentVolumes: where their data are does not change."""

    def prepare(self, obj: Object) -> Object:
        return {
            **obj,
            "spec": with_defaults(spec_of(obj), persistentVolumeReclaimPolicy="Retain", volumeMode="Filesystem"),
        }

    def prepare_create(self, obj: Object) -> Object:
        finalizers = [*(meta(obj).get("finalizers") or ()), VOLUME_FINALIZER]
        return {**with_meta(obj, finalizers=list(dict.fromkeys(finalizers))), "status": {"phase": "Pending"}}

    def validate(self, obj: Object) -> list[Cause]:
        spec, causes = spec_of(obj), _mode_causes(spec_of(obj), "")
        capacity = spec.get("capacity") or {}
        if not capacity:
            causes.append(required("spec.capacity"))
        if list(capacity) != ["storage"]:
            causes.append(unsupported_value("spec.capacity", capacity, ("storage",)))
        policy = spec["persistentVolumeReclaimPolicy"]
        if policy not in ("Delete", "Recycle", "Retain"):
            field = "spec.persistentVolumeReclaimPolicy"
            causes.append(unsupported_value(field, policy, ("Delete", "Recycle", "Retain")))
        if not _source(obj):
            causes.append(required("spec", "must specify a volume type"))
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        causes = immutable(spec_of(new), spec_of(old), "spec", ("volumeMode",))
        if _source(new) != _source(old):
            detail = "Forbidden: spec.persistentvolumesource is immutable after creation\n"
            causes.append(Cause("spec.persistentvolumesource", detail, "FieldValueForbidden"))
        return causes


class StorageClassStrategy(Strategy):
    """StorageClasses: only whether volumes can grow may change."""

    def prepare(self, obj: Object) -> Object:
        return with_defaults(obj, reclaimPolicy="Delete", volumeBindingMode="Immediate")

    def validate(self, obj: Object) -> list[Cause]:
        causes = [] if obj.get("provisioner") else [required("provisioner")]
        for field, known in (
            ("reclaimPolicy", ("Delete", "Retain")),
            ("volumeBindingMode", ("Immediate", "WaitForFirstConsumer")),
        ):
            if obj[field] not in known:
                causes.append(unsupported_value(field, obj[field], known))
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        return [
            invalid_value(field, new.get(field), "field is immutable")
            for field in ("parameters", "provisioner", "reclaimPolicy", "volumeBindingMode")
            if new.get(field) != old.get(field)
        ]


def _mode_causes(spec: Object, missing: str) -> list[Cause]:
    modes = spec.get("accessModes") or []
    causes = [] if modes else [required("spec.accessModes", missing)]
    causes += [unsupported_value("spec.accessModes", mode, _MODES) for mode in modes if mode not in _MODES]
    if "ReadWriteOncePod" in modes and len(set(modes)) > 1:
        detail = "Forbidden: may not use ReadWriteOncePod with other access modes"
        causes.append(Cause("spec.accessModes", detail, "FieldValueForbidden"))
    return causes


def _fixed(claim: Object, *, bound: bool) -> Object:
    """Return the part of a claim's spec that cannot change."""
    spec = dict(spec_of(claim))
    if not bound:
        return spec
    requests = (spec.get("resources") or {}).get("requests") or {}
    others = {name: amount for name, amount in requests.items() if name != "storage"}
    spec["resources"] = {**(spec.get("resources") or {}), "requests": others}
    spec.pop("volumeAttributesClassName", None)
    return spec


def _text(spec: Object, key: str) -> str:
    return encode(spec.get(key)).decode()


def _source(volume: Object) -> dict[str, Any]:
    return {key: value for key, value in spec_of(volume).items() if key not in _NOT_SOURCES}
