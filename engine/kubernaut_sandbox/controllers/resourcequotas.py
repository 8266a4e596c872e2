"""The ResourceQuota controller: keeps the used amounts in the status of every quota."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.admission.quotas import count_used, counted_resource
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import name_of, namespace_of, spec_of
from kubernaut_sandbox.model.store import Change


class ResourceQuotaController(Controller):
    """Recounts a quota when it changes, or when an object that it counts does."""

    name = "resourcequota-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "resourcequotas" and change.type != "DELETED":
            yield namespace_of(change.new), name_of(change.new)
        for quota in self.store.list("resourcequotas", namespace_of(change.new)) if namespace_of(change.new) else ():
            if any(counted_resource(name) == change.resource for name in spec_of(quota).get("hard") or {}):
                yield namespace_of(quota), name_of(quota)

    def sync(self, key: Key) -> float | None:
        quota = self.store.get("resourcequotas", *key)
        if quota is not None:
            hard = spec_of(quota).get("hard") or {}
            used = {name: str(count_used(self.store, name, key[0])) for name in hard}
            self.put_status("resourcequotas", quota, {"hard": hard, "used": used} if hard else {})
        return None
