"""The arithmetic of a rollout: how many replicas each ReplicaSet can have now, and the status of the Deployment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kubernaut_sandbox.model.amounts import scaled
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
    """The state of a rollout; `surge` and `unavailable` are numbers of pods."""

    replicas: int
    surge: int
    unavailable: int
    current: Object
    old: tuple[Object, ...]

    def new_target(self, *, recreate: bool) -> int:
        """Return how many replicas the new ReplicaSet can have now."""
        replicas = int(spec_of(self.current)["replicas"])
        if recreate or replicas >= self.replicas or not any(spec_of(rs)["replicas"] for rs in self.old):
            return self.replicas
        total = replicas + sum(int(spec_of(rs)["replicas"]) for rs in self.old)
        return min(self.replicas, replicas + max(self.replicas + self.surge - total, 0))

    def old_targets(self, *, recreate: bool) -> Iterator[tuple[Object, int]]:
        """Yield how many replicas each old ReplicaSet keeps: unready pods go first, then as many as are not needed."""
        if recreate:
            yield from ((rs, 0) for rs in self.old)
            return
        needed = self.replicas - self.unavailable
        spare = sum(_available(rs) for rs in (self.current, *self.old)) - needed
        for rs in self.old:
            desired = int(spec_of(rs)["replicas"])
            unready = max(desired - _available(rs), 0)
            removable = min(desired - unready, max(spare, 0))
            spare -= removable
            yield rs, desired - unready - removable


def surge_and_unavailable(deployment: Object) -> tuple[int, int]:
    """Return maxSurge, rounded up, and maxUnavailable, rounded down, as numbers of pods; never both zero."""
    rolling = spec_of(deployment)["strategy"].get("rollingUpdate") or {}
    replicas = spec_of(deployment)["replicas"]
    surge = scaled(rolling.get("maxSurge", "25%"), replicas, round_up=True)
    unavailable = scaled(rolling.get("maxUnavailable", "25%"), replicas, round_up=False)
    return surge, unavailable or (0 if surge else 1)


def deployment_status(deployment: Object, current: Object | None, owned: Sequence[Object]) -> Object:
    """Return the status of a Deployment; `owned` are its ReplicaSets, `current` is the one of the present template."""
    replicas = sum(status_of(rs).get("replicas", 0) for rs in owned)
    available = sum(_available(rs) for rs in owned)
    updated = status_of(next((rs for rs in owned if current and uid_of(rs) == uid_of(current)), {})).get("replicas", 0)
    desired = spec_of(deployment)["replicas"]
    amounts = {
        "replicas": replicas,
        "updatedReplicas": updated,
        "readyReplicas": sum(status_of(rs).get("readyReplicas", 0) for rs in owned),
        "availableReplicas": available,
        "unavailableReplicas": max(max(desired, replicas) - available, 0),
    }
    complete = updated == desired == replicas == available
    conditions = _with_available(deployment, desired, available)
    conditions = _with_progressing(deployment, conditions, current, amounts, complete=complete)
    conditions = _with_replica_failure(conditions, current, owned)
    status = {
        "observedGeneration": meta(deployment)["generation"],
        **{key: value for key, value in amounts.items() if value},
    }
    return {**status, "conditions": conditions}


def is_complete(deployment: Object) -> bool:
    """Whether every pod of the Deployment has the present template and is available."""
    status, desired = status_of(deployment), spec_of(deployment)["replicas"]
    amounts = (status.get(field, 0) for field in ("replicas", "updatedReplicas", "availableReplicas"))
    return all(amount == desired for amount in amounts) and _is_observed(deployment)


def _is_observed(deployment: Object) -> bool:
    return bool(status_of(deployment).get("observedGeneration", 0) >= meta(deployment)["generation"])


def _with_replica_failure(conditions: list[Object], current: Object | None, owned: Sequence[Object]) -> list[Object]:
    """Return the conditions with the ReplicaFailure of the current ReplicaSet, or else of any other that has one."""
    ours = [rs for rs in owned if current and uid_of(rs) == uid_of(current)]
    failure = next((condition for rs in (*ours, *owned) if (condition := condition_of(rs, "ReplicaFailure"))), None)
    if failure:
        return put_condition(conditions, {key: failure[key] for key in ("type", "status", "reason", "message")})
    return [condition for condition in conditions if condition["type"] != "ReplicaFailure"]


def _available(rs: Object) -> int:
    return int(status_of(rs).get("availableReplicas", 0))


def _with_available(deployment: Object, desired: int, available: int) -> list[Object]:
    _, unavailable = surge_and_unavailable(deployment)
    enough = available >= desired - unavailable
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


def _with_progressing(
    deployment: Object, conditions: list[Object], current: Object | None, amounts: dict[str, int], *, complete: bool
) -> list[Object]:
    if current is None:
        return conditions
    old = condition_of(deployment, "Progressing") or {}
    condition = _progressing(deployment, name_of(current), old, amounts, complete=complete)
    if condition is None:
        return conditions
    same = condition["reason"] != "ReplicaSetUpdated" and all(
        old.get(key) == condition[key] for key in ("reason", "message")
    )
    condition["lastUpdateTime"] = old["lastUpdateTime"] if same else now()
    return put_condition(conditions, condition)


def _progressing(
    deployment: Object, replica_set: str, old: Object, amounts: dict[str, int], *, complete: bool
) -> Object | None:
    """Return the new Progressing condition, without its time; None when the old one stays."""
    changed = meta(deployment)["generation"] != status_of(deployment).get("observedGeneration")
    if complete:
        return _condition("True", "NewReplicaSetAvailable", f'ReplicaSet "{replica_set}" has successfully progressed.')
    if old.get("reason") == "NewReplicaSetAvailable" and not changed:
        return None  # a finished rollout stays finished when pods come and go
    if _made_progress(deployment, amounts) or not old or changed:
        return _condition("True", "ReplicaSetUpdated", f'ReplicaSet "{replica_set}" is progressing.')
    if seconds_since(old["lastUpdateTime"]) >= spec_of(deployment)["progressDeadlineSeconds"]:
        return _condition("False", "ProgressDeadlineExceeded", f'ReplicaSet "{replica_set}" has timed out progressing.')
    return None


def _condition(status: str, reason: str, message: str) -> Object:
    return {"type": "Progressing", "status": status, "reason": reason, "message": message}


def _made_progress(deployment: Object, amounts: dict[str, int]) -> bool:
    before = status_of(deployment)
    grew = any(
        amounts[field] > before.get(field, 0) for field in ("updatedReplicas", "readyReplicas", "availableReplicas")
    )
    old_before = before.get("replicas", 0) - before.get("updatedReplicas", 0)
    return grew or amounts["replicas"] - amounts["updatedReplicas"] < old_before
