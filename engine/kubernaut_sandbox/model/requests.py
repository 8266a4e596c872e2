"""What a pod requests of its node, as the scheduler counts it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.model.objects import Object, spec_of


def pod_requests(pod: Object) -> dict[str, Decimal]:
    """Return the requests of the containers together, or of the largest initContainer where that is more, and the overhead.

    Requests of the pod as a whole take the place of those of its containers.
    """
    spec = spec_of(pod)
    total: dict[str, Decimal] = {}
    for container in spec.get("containers") or ():
        for name, amount in _requests(container):
            total[name] = total.get(name, Decimal(0)) + amount
    for container in spec.get("initContainers") or ():
        for name, amount in _requests(container):
            total[name] = max(total.get(name, Decimal(0)), amount)
    total |= dict(_requests(spec))
    for name, amount in (spec.get("overhead") or {}).items():
        total[name] = total.get(name, Decimal(0)) + parse_quantity(amount)
    return total


def _requests(holder: Object) -> Iterable[tuple[str, Decimal]]:
    requests = (holder.get("resources") or {}).get("requests") or {}
    return ((name, parse_quantity(amount)) for name, amount in requests.items())
