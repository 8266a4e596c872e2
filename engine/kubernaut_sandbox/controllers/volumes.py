"""The phase of PersistentVolumes: available, bound, or released by a claim that is gone, and then deleted where the policy says so."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.controllers.claims import CLAIMS, VOLUMES
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import Object, is_deleting, meta, name_of, spec_of, status_of, uid_of, with_meta
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.strategies.storage import VOLUME_FINALIZER


class VolumeController(Controller):
    """Keeps the phase of volumes, deletes released ones, and protects bound ones from deletion."""

    name = "pv-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == VOLUMES:
            return [("", name_of(change.new))]
        name = spec_of(change.new).get("volumeName") if change.resource == CLAIMS else None
        return [("", name)] if name else []

    def sync(self, key: Key) -> float | None:
        volume = self.store.get(VOLUMES, *key)
        if volume is None:
            return None
        phase = self._phase(volume)
        finalizers = meta(volume).get("finalizers") or []
        kind = self.registry.kinds.by_resource(VOLUMES)
        if is_deleting(volume):
            if phase != "Bound" and VOLUME_FINALIZER in finalizers:
                kept = [item for item in finalizers if item != VOLUME_FINALIZER]
                changed = with_meta(volume, finalizers=kept or None)
                self.registry.update(self.context, kind, "", name_of(volume), changed)
            return None
        volume = self.put_status(VOLUMES, volume, {**status_of(volume), "phase": phase})
        if phase == "Released" and spec_of(volume)["persistentVolumeReclaimPolicy"] == "Delete":
            self.cluster.deleter.delete(self.context, kind, "", name_of(volume), DeleteOptions(uid=uid_of(volume)))
        return None

    def _phase(self, volume: Object) -> str:
        reference = spec_of(volume).get("claimRef")
        if not reference or not reference.get("uid"):
            return "Available"
        claim = self.store.get(CLAIMS, reference.get("namespace", ""), reference.get("name", ""))
        exists = claim is not None and uid_of(claim) == reference["uid"]
        return "Bound" if exists else "Released"
