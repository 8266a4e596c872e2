"""Quota admission: what a ResourceQuota counts, and the rejection of an object that would exceed it."""

from __future__ import annotations

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, spec_of, status_of
from kubernaut_sandbox.model.statuses import forbidden
from kubernaut_sandbox.model.store import Store

COUNTED = frozenset({"pods", "configmaps", "secrets", "services", "resourcequotas"})
"""Resources that a quota may count by their plain name; any resource may be counted as `count/<resource>.<group>`."""


class QuotaCheck:
    """Checks creations against every quota of their namespace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, kind: Kind, obj: Object) -> None:
        """Raise a 403 when a quota of the namespace has no room for the object."""
        for quota in self._store.list("resourcequotas", namespace_of(obj)):
            hard = spec_of(quota).get("hard") or {}
            names = [name for name in sorted(hard) if counted_resource(name) == kind.resource]
            exceeded = []
            for name in names:
                used = count_used(self._store, name, namespace_of(obj))
                if used + 1 > parse_quantity(hard[name]):
                    exceeded.append((name, used, hard[name]))
            if exceeded:
                raise forbidden(kind.resource, name_of(obj), _exceeded_message(name_of(quota), exceeded))


def counted_resource(name: str) -> str:
    """Return the resource that an entry of a quota counts; empty when it counts none."""
    if name.startswith("count/"):
        return name.removeprefix("count/")
    return name if name in COUNTED else ""


def count_used(store: Store, name: str, namespace: str) -> int:
    """Return how many objects an entry of a quota counts; of pods, those that have not finished."""
    objects = store.list(counted_resource(name), namespace)
    if name == "pods":
        return sum(status_of(pod).get("phase") not in ("Succeeded", "Failed") for pod in objects)
    return len(objects)


def _exceeded_message(quota: str, exceeded: list[tuple[str, int, str]]) -> str:
    requested = ",".join(f"{name}=1" for name, _, _ in exceeded)
    used = ",".join(f"{name}={amount}" for name, amount, _ in exceeded)
    limited = ",".join(f"{name}={limit}" for name, _, limit in exceeded)
    return f"exceeded quota: {quota}, requested: {requested}, used: {used}, limited: {limited}"
