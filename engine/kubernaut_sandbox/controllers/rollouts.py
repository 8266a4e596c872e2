"""The arithmetic of a rollout: how many pods of each ReplicaSet there may be now, and what the Deployment's status says of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor

from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    meta,
    name_of,
    now,
    put_condition,
    seconds_since,
    spec_of,
    status_of,
    uid_of,
)


@dataclass(frozen=True, slots=True)
class Rollout:
    """The state of one rollout."""

    replicas: int
    surge: int
    unavailable: int
    current: Object
    old: tuple[Object, ...]

    def new_target(self, *, recreate: bool) -> int:
        """How many replicas the new ReplicaSet may have now."""
        have = int(spec_of(self.current)["replicas"])
        if recreate or have >= self.replicas or not any(spec_of(rs)["replicas"] for rs in self.old):
            return self.replicas
        total = have + sum(int(spec_of(rs)["replicas"]) for rs in self.old)
        return min(self.replicas, have + max(self.replicas + self.surge - total, 0))

    def old_targets(self, *, recreate: bool) -> Iterator[tuple[Object, int]]:
        """How many replicas each old ReplicaSet shall have now: unready ones first, then as many as are not needed."""
        if recreate:
            yield from ((rs, 0) for rs in self.old)
            return
        needed = self.replicas - self.unavailable
        spare = sum(_available(rs) for rs in (self.current, *self.old)) - needed
        for rs in self.old:
            wanted = int(spec_of(rs)["replicas"])
            unready = max(wanted - _available(rs), 0)
            removable = min(wanted - unready, max(spare, 0))
            spare -= removable
            yield rs, wanted - unready - removable


def surge_and_unavailable(deployment: Object) -> tuple[int, int]:
    """maxSurge rounded up and maxUnavailable rounded down, in pods; never both zero."""
    rolling = spec_of(deployment)["strategy"].get("rollingUpdate") or {}
    replicas = spec_of(deployment)["replicas"]
    surge = _amount(rolling.get("maxSurge", "25%"), replicas, ceil)
    unavailable = _amount(rolling.get("maxUnavailable", "25%"), replicas, floor)
    return surge, unavailable or (0 if surge else 1)


def deployment_status(deployment: Object, current: Object | None, owned: Sequence[Object]) -> Object:
    """The Deployment's status."""
    replicas = sum(status_of(rs).get("replicas", 0) for rs in owned)
    available = sum(_available(rs) for rs in owned)
    updated = status_of(next((rs for rs in owned if current and uid_of(rs) == uid_of(current)), {})).get("replicas", 0)
    wanted = spec_of(deployment)["replicas"]
    amounts = {
        "replicas": replicas,
        "updatedReplicas": updated,
        "readyReplicas": sum(status_of(rs).get("readyReplicas", 0) for rs in owned),
        "availableReplicas": available,
        "unavailableReplicas": max(max(wanted, replicas) - available, 0),
    }
    complete = updated == wanted == replicas == available
    conditions = _available_condition(deployment, wanted, available)
    conditions = _progress(deployment, conditions, current, amounts, complete=complete)
    conditions = _failure(conditions, current, owned)
    status = {
        "observedGeneration": meta(deployment)["generation"],
        **{key: value for key, value in amounts.items() if value},
    }
    return {**status, "conditions": conditions}


def _failure(conditions: list[Object], current: Object | None, owned: Sequence[Object]) -> list[Object]:
    """With the ReplicaFailure of the current ReplicaSet, or else of any, and without one where there is none."""
    ours = [rs for rs in owned if current and uid_of(rs) == uid_of(current)]
    found = next((failure for rs in (*ours, *owned) if (failure := condition_of(rs, "ReplicaFailure"))), None)
    if found:
        return put_condition(conditions, {key: found[key] for key in ("type", "status", "reason", "message")})
    return [condition for condition in conditions if condition["type"] != "ReplicaFailure"]


def _available(rs: Object) -> int:
    return int(status_of(rs).get("availableReplicas", 0))


def _amount(value: int | str, replicas: int, rounded: object) -> int:
    if isinstance(value, int):
        return value
    share = float(value.rstrip("%")) / 100 * replicas
    return ceil(share) if rounded is ceil else floor(share)


def _available_condition(deployment: Object, wanted: int, available: int) -> list[Object]:
    _, unavailable = surge_and_unavailable(deployment)
    enough = available >= wanted - unavailable
    condition = {
        "type": "Available",
        "status": "True" if enough else "False",
        "reason": "MinimumReplicasAvailable" if enough else "MinimumReplicasUnavailable",
        "message": f"Deployment {'has' if enough else 'does not have'} minimum availability.",
    }
    old = condition_of(deployment, "Available")
    same = bool(old) and (old or {}).get("status") == condition["status"]
    condition["lastUpdateTime"] = (old or {}).get("lastUpdateTime", now()) if same else now()
    return put_condition(status_of(deployment).get("conditions") or (), condition)


def _progress(
    deployment: Object, conditions: list[Object], current: Object | None, amounts: dict[str, int], *, complete: bool
) -> list[Object]:
    old = condition_of(deployment, "Progressing") or {}
    if current is None:
        return conditions
    name = name_of(current)
    if complete:
        reason, message, holds = "NewReplicaSetAvailable", f'ReplicaSet "{name}" has successfully progressed.', "True"
    elif old.get("reason") == "NewReplicaSetAvailable" and meta(deployment)["generation"] == status_of(deployment).get(
        "observedGeneration"
    ):
        return conditions  # a finished rollout stays finished when pods come and go
    elif (
        _moved(deployment, amounts)
        or not old
        or meta(deployment)["generation"] != status_of(deployment).get("observedGeneration")
    ):
        reason, message, holds = "ReplicaSetUpdated", f'ReplicaSet "{name}" is progressing.', "True"
        old = {}
    elif seconds_since(old["lastUpdateTime"]) >= spec_of(deployment)["progressDeadlineSeconds"]:
        reason, message, holds = "ProgressDeadlineExceeded", f'ReplicaSet "{name}" has timed out progressing.', "False"
    else:
        return conditions
    updated = old["lastUpdateTime"] if old.get("reason") == reason and old.get("message") == message else now()
    return put_condition(
        conditions,
        {"type": "Progressing", "status": holds, "reason": reason, "message": message, "lastUpdateTime": updated},
    )


def _moved(deployment: Object, amounts: dict[str, int]) -> bool:
    before = status_of(deployment)
    grew = any(
        amounts[field] > before.get(field, 0) for field in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    return grew or amounts["replicas"] - amounts["updatedReplicas"] < old_before
