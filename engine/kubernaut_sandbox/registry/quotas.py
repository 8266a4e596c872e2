"""Quota: what a ResourceQuota counts, and the refusal of what would exceed it."""

from __future__ import annotations

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, spec_of, status_of
from kubernaut_sandbox.model.quantities import parse_quantity
from kubernaut_sandbox.model.statuses import forbidden
from kubernaut_sandbox.model.store import Store

COUNTED = frozenset({"pods", "configmaps", "secrets", "services", "resourcequotas"})
"""Resources that a quota may count by their plain name; any resource may be counted as `count/<resource>.<group>`."""


class Quotas:
    """Checks creations against every quota of their namespace."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def check(self, kind: Kind, obj: Object) -> None:
        """Refuse the object if a quota is used up."""
        for quota in self._store.list("resourcequotas", namespace_of(obj)):
            hard = spec_of(quota).get("hard") or {}
            names = [name for name in sorted(hard) if counted(name) == kind.resource]
            over = []
            for name in names:
                used = usage(self._store, name, namespace_of(obj))
                if used + 1 > parse_quantity(hard[name]):
                    over.append((name, used, hard[name]))
            if over:
                raise forbidden(kind.resource, name_of(obj), _exceeded(name_of(quota), over))


def counted(name: str) -> str:
    """The resource that a quota's entry counts; empty when it counts none."""
    if name.startswith("count/"):
        return name.removeprefix("count/")
    return name if name in COUNTED else ""


def usage(store: Store, name: str, namespace: str) -> int:
    """How many there are; of pods, those that have not ended."""
    objects = store.list(counted(name), namespace)
    if name == "pods":
        return sum(status_of(pod).get("phase") not in ("Succeeded", "Failed") for pod in objects)
    return len(objects)


def _exceeded(quota: str, over: list[tuple[str, int, str]]) -> str:
    requested = ",".join(f"{name}=1" for name, _, _ in over)
    used = ",".join(f"{name}={amount}" for name, amount, _ in over)
    limited = ",".join(f"{name}={limit}" for name, _, limit in over)
    return f"exceeded quota: {quota}, requested: {requested}, used: {used}, limited: {limited}"
