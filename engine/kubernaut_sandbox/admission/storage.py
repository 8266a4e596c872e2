"""Admission of PersistentVolumeClaims: the default class of new ones, and which of them may grow."""

from __future__ import annotations

from decimal import Decimal

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.objects import Object, meta, name_of, spec_of, status_of
from kubernaut_sandbox.model.statuses import forbidden
from kubernaut_sandbox.model.store import Store

_CLASSES = "storageclasses.storage.k8s.io"
_DEFAULT = "storageclass.kubernetes.io/is-default-class"
_NOT_EXPANDABLE = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


def with_default_class(store: Store, claim: Object) -> Object:
    """Return a new claim with the default class, the newest if there are several, unless it names one; "" is none."""
    if spec_of(claim).get("storageClassName") is not None:
        return claim
    defaults = [item for item in store.list(_CLASSES) if (meta(item).get("annotations") or {}).get(_DEFAULT) == "true"]
    if not defaults:
        return claim
    newest = max(defaults, key=lambda item: str(meta(item)["creationTimestamp"]))
    return {**claim, "spec": {**spec_of(claim), "storageClassName": name_of(newest)}}


def check_expansion(store: Store, request: AdmissionRequest) -> None:
    """Raise a 403 for a claim that is to grow before it is bound, or whose class does not allow that."""
    if request.new is None or request.old is None or _requested(request.new) <= _requested(request.old):
        return
    if status_of(request.old).get("phase") != "Bound":
        raise forbidden("persistentvolumeclaims", request.name, "Only bound persistent volume claims can be expanded")
    name = spec_of(request.old).get("storageClassName") or ""
    if not (store.get(_CLASSES, "", name) or {}).get("allowVolumeExpansion"):
        raise forbidden("persistentvolumeclaims", request.name, _NOT_EXPANDABLE)


def _requested(claim: Object) -> Decimal:
    return parse_quantity(((spec_of(claim).get("resources") or {}).get("requests") or {}).get("storage", 0))
