"""The status of a ValidatingAdmissionPolicy: which generation was checked. Types are not checked, so there are never warnings."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import Object, meta, name_of, status_of
from kubernaut_sandbox.model.store import Change

_RESOURCE = "validatingadmissionpolicies.admissionregistration.k8s.io"


class ValidatingAdmissionPolicyController(Controller):
    """Records that a policy was checked."""

    name = "validatingadmissionpolicy-status-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == _RESOURCE and change.type != "DELETED":
            yield "", name_of(change.new)

    def sync(self, key: Key) -> float | None:
        policy = self.store.get(_RESOURCE, *key)
        if policy is not None:
            checked: Object = {"observedGeneration": meta(policy).get("generation"), "typeChecking": {}}
            self.put_status(_RESOURCE, policy, {**status_of(policy), **checked})
        return None
