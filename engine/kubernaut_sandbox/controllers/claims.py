"""The controllers of storage: they bind claims to volumes, provision volumes, let them grow, and protect those in use.

A volume is a directory of the sandbox. The parameter `resize: on-restart` of a StorageClass makes an expansion wait, as
FileSystemResizePending, until a pod that uses the claim is started anew; otherwise it finishes by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.cluster import PROVISIONER, Cluster
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.controllers.pods import is_finished
from kubernaut_sandbox.model.objects import (
    Object,
    has_condition,
    is_deleting,
    labels_of,
    meta,
    name_of,
    namespace_of,
    put_condition,
    spec_of,
    status_of,
    uid_of,
    with_meta,
)
from kubernaut_sandbox.model.selectors import label_selector, matches_labels
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.strategies.storage import CLAIM_FINALIZER, capacity_of, requested_storage

CLAIMS, VOLUMES, CLASSES = "persistentvolumeclaims", "persistentvolumes", "storageclasses.storage.k8s.io"
_BOUND = {"pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes"}
_PENDING = "FileSystemResizePending"
_RESTART = "Waiting for user to (re-)start a pod to finish file system resize of volume on node."


class ClaimController(Controller):
    """Binds claims, provisions their volumes, and grows them."""

    name = "persistentvolume-controller"

    def __init__(self, cluster: Cluster) -> None:
        super().__init__(cluster)
        self._old_users: dict[str, set[str]] = {}
        """The pods, by uid, that used a claim, by uid, when its expansion began to wait for a restart."""

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == CLAIMS:
            return [(namespace_of(change.new), name_of(change.new))]
        if change.resource == "pods":
            return [(namespace_of(change.new), name) for name in claim_names(change.new)]
        if change.resource == VOLUMES and (reference := spec_of(change.new).get("claimRef")):
            return [(reference.get("namespace", ""), reference.get("name", ""))]
        if change.resource in (VOLUMES, CLASSES):
            pending = (item for item in self.store.list(CLAIMS) if not spec_of(item).get("volumeName"))
            return [(namespace_of(item), name_of(item)) for item in pending]
        return []

    def sync(self, key: Key) -> float | None:
        claim = self.store.get(CLAIMS, *key)
        if claim is None:
            return None
        if is_deleting(claim):
            self._unprotect(claim)
        elif spec_of(claim).get("volumeName") and status_of(claim).get("phase") == "Bound":
            self._check_bound(claim)
        else:
            self._bind_or_provision(claim)
        return None

    def _unprotect(self, claim: Object) -> None:
        """Remove the finalizer of a claim that is being deleted, once no pod uses it."""
        finalizers = meta(claim).get("finalizers") or []
        if CLAIM_FINALIZER in finalizers and not self._users(claim):
            kept = [item for item in finalizers if item != CLAIM_FINALIZER]
            self._write(CLAIMS, with_meta(claim, finalizers=kept or None))

    def _users(self, claim: Object) -> list[Object]:
        pods = self.store.list("pods", namespace_of(claim))
        return [pod for pod in pods if name_of(claim) in claim_names(pod) and not is_finished(pod)]

    def _check_bound(self, claim: Object) -> None:
        volume = self.store.get(VOLUMES, "", spec_of(claim)["volumeName"])
        if volume is None:
            self.events.warning(
                claim, "ClaimLost", "Bound claim has lost its PersistentVolume. Data on the volume is lost!"
            )
            self.put_status(CLAIMS, claim, {"phase": "Lost"})
        elif requested_storage(claim) > capacity_of(claim) and _is_ours(volume):
            self._expand(claim, volume)

    def _bind_or_provision(self, claim: Object) -> None:
        volume = self._matching(claim)
        if volume is not None:
            self._bind(claim, volume)
            return
        name = spec_of(claim).get("storageClassName") or ""
        storage_class = self.store.get(CLASSES, "", name) if name else None
        if not name:
            message = "no persistent volumes available for this claim and no storage class is set"
            self.events.normal(claim, "FailedBinding", message)
        elif storage_class is None:
            self.events.warning(claim, "ProvisioningFailed", f'storageclass.storage.k8s.io "{name}" not found')
        elif storage_class["volumeBindingMode"] == "WaitForFirstConsumer" and not self._users(claim):
            message = "waiting for first consumer to be created before binding"
            self.events.normal(claim, "WaitForFirstConsumer", message)
        elif storage_class["provisioner"] == PROVISIONER and not spec_of(claim).get("volumeName"):
            self._provision(claim, storage_class)
        else:
            self.events.normal(claim, "ExternalProvisioning", _waiting_for(storage_class["provisioner"]))

    def _matching(self, claim: Object) -> Object | None:
        """Return the smallest volume that fits the claim, or the one that is meant for it."""
        spec, wanted = spec_of(claim), spec_of(claim).get("volumeName")
        fitting = []
        for volume in self.store.list(VOLUMES):
            reference = spec_of(volume).get("claimRef")
            if reference and _refers(reference, claim):
                return volume
            if is_deleting(volume) or reference or (wanted and name_of(volume) != wanted) or not _fits(volume, spec):
                continue
            fitting.append(volume)
        return min(fitting, key=_size, default=None)

    def _bind(self, claim: Object, volume: Object) -> None:
        reference = {
            "kind": "PersistentVolumeClaim",
            "apiVersion": "v1",
            "namespace": namespace_of(claim),
            "name": name_of(claim),
            "uid": uid_of(claim),
        }
        if (spec_of(volume).get("claimRef") or {}).get("uid") != uid_of(claim):
            volume = self._write(VOLUMES, {**volume, "spec": {**spec_of(volume), "claimRef": reference}})
        annotations = {**(meta(claim).get("annotations") or {}), **_BOUND}
        bound = with_meta(claim, annotations=annotations)
        claim = self._write(CLAIMS, {**bound, "spec": {**spec_of(claim), "volumeName": name_of(volume)}})
        modes, capacity = spec_of(volume)["accessModes"], spec_of(volume)["capacity"]
        self.put_status(CLAIMS, claim, {"phase": "Bound", "accessModes": modes, "capacity": capacity})

    def _provision(self, claim: Object, storage_class: Object) -> None:
        name, spec = f"pvc-{uid_of(claim)}", spec_of(claim)
        body = {
            "metadata": {"name": name, "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
            "spec": {
                "capacity": {"storage": spec["resources"]["requests"]["storage"]},
                "accessModes": spec["accessModes"],
                "volumeMode": spec["volumeMode"],
                "persistentVolumeReclaimPolicy": storage_class["reclaimPolicy"],
                "storageClassName": name_of(storage_class),
                "csi": {"driver": PROVISIONER, "volumeHandle": name},
            },
        }
        volume = self.registry.create(self.context, self.registry.kinds.by_resource(VOLUMES), "", body)
        self.events.normal(claim, "ProvisioningSucceeded", f"Successfully provisioned volume {name}")
        self._bind(claim, volume)

    def _expand(self, claim: Object, volume: Object) -> None:
        """Grow the volume; then its file system, at once or when a pod is started."""
        wanted, users = spec_of(claim)["resources"]["requests"]["storage"], self._users(claim)
        if _size(volume) < requested_storage(claim):
            self.events.normal(claim, "Resizing", f"External resizer is resizing volume {name_of(volume)}")
            grown = {**spec_of(volume), "capacity": {"storage": wanted}}
            self._write(VOLUMES, {**volume, "spec": grown})
            self._old_users.pop(uid_of(claim), None)
        if self._resizes_on_restart(claim) and not has_condition(claim, _PENDING):
            self._old_users[uid_of(claim)] = {uid_of(pod) for pod in users}
            self.events.normal(claim, "FileSystemResizeRequired", "Require file system resize of volume on node")
            condition = {"type": _PENDING, "status": "True", "message": _RESTART, "lastProbeTime": None}
            pending = {"allocatedResources": {"storage": wanted}, "conditions": put_condition((), condition)}
            resizing = {"allocatedResourceStatuses": {"storage": "NodeResizePending"}}
            self.put_status(CLAIMS, claim, {**status_of(claim), **pending, **resizing})
            return
        old = self._old_users.setdefault(uid_of(claim), {uid_of(pod) for pod in users})
        started = [pod for pod in users if uid_of(pod) not in old and status_of(pod).get("phase") == "Running"]
        if started or not self._resizes_on_restart(claim):
            self._old_users.pop(uid_of(claim), None)
            message = f"MountVolume.NodeExpandVolume succeeded for volume {name_of(volume)}"
            self.events.normal(claim, "FileSystemResizeSuccessful", message)
            kept = {key: status_of(claim)[key] for key in ("phase", "accessModes")}
            self.put_status(CLAIMS, claim, {**kept, "capacity": {"storage": wanted}})

    def _resizes_on_restart(self, claim: Object) -> bool:
        storage_class = self.store.get(CLASSES, "", spec_of(claim).get("storageClassName") or "") or {}
        return bool((storage_class.get("parameters") or {}).get("resize") == "on-restart")

    def _write(self, resource: str, obj: Object) -> Object:
        kind = self.registry.kinds.by_resource(resource)
        return self.registry.update(self.context, kind, namespace_of(obj), name_of(obj), obj)


def claim_names(pod: Object) -> set[str]:
    """Return the names of the claims that a pod mounts."""
    claims = (volume.get("persistentVolumeClaim") for volume in spec_of(pod).get("volumes") or ())
    return {claim["claimName"] for claim in claims if claim and claim.get("claimName")}


def _is_ours(volume: Object) -> bool:
    return (meta(volume).get("annotations") or {}).get("pv.kubernetes.io/provisioned-by") == PROVISIONER


def _size(volume: Object) -> Decimal:
    return parse_quantity(spec_of(volume)["capacity"]["storage"])


def _refers(reference: Object, claim: Object) -> bool:
    same = (reference.get("namespace"), reference.get("name")) == (namespace_of(claim), name_of(claim))
    return same and reference.get("uid") in (None, "", uid_of(claim))


def _fits(volume: Object, claim: Object) -> bool:
    """Whether an available volume has what the spec of a claim asks for."""
    spec = spec_of(volume)
    selector = claim.get("selector")
    return (
        (spec.get("storageClassName") or "") == (claim.get("storageClassName") or "")
        and set(claim["accessModes"]) <= set(spec["accessModes"])
        and spec["volumeMode"] == claim["volumeMode"]
        and parse_quantity(spec["capacity"]["storage"]) >= parse_quantity(claim["resources"]["requests"]["storage"])
        and (selector is None or matches_labels(label_selector(selector), labels_of(volume)))
    )


def _waiting_for(provisioner: str) -> str:
    return (
        f"Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the system "
        "administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered."
    )
