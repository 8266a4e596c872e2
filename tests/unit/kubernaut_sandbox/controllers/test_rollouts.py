"""The arithmetic of rollouts."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.controllers.rollouts import Rollout, surge_and_unavailable


def replica_set(replicas: int, available: int) -> dict[str, Any]:
    """A ReplicaSet."""
    return {"spec": {"replicas": replicas}, "status": {"availableReplicas": available}}


@pytest.mark.parametrize(
    ("rolling", "replicas", "expected"),
    [
        ({"maxSurge": "25%", "maxUnavailable": "25%"}, 4, (1, 1)),
        ({"maxSurge": "25%", "maxUnavailable": "25%"}, 1, (1, 0)),
        ({"maxSurge": 0, "maxUnavailable": 0}, 4, (0, 1)),
        ({"maxSurge": "0%", "maxUnavailable": "10%"}, 4, (0, 1)),
        ({"maxSurge": 2, "maxUnavailable": 3}, 4, (2, 3)),
    ],
    ids=["shares", "surge is rounded up", "never both zero", "zero shares", "numbers"],
)
def test_surge_and_unavailable_are_numbers_of_pods(
    rolling: dict[str, Any], replicas: int, expected: tuple[int, int]
) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    assert surge_and_unavailable({"spec": {"replicas": replicas, "strategy": strategy}}) == expected


def test_new_pods_are_added_within_the_surge() -> None:
    rollout = Rollout(4, 1, 1, replica_set(0, 0), (replica_set(4, 4),))
    assert rollout.new_target(recreate=False) == 1
    assert rollout.new_target(recreate=True) == 4


@pytest.mark.parametrize(
    ("current", "old", "kept"),
    [
        pytest.param(replica_set(1, 0), replica_set(4, 4), 3, id="one may be unavailable"),
        pytest.param(replica_set(1, 1), replica_set(3, 3), 2, id="an available new pod replaces an old one"),
        pytest.param(replica_set(1, 0), replica_set(4, 2), 2, id="unready old pods go first"),
    ],
)
def test_old_pods_are_removed_within_the_availability(current: dict[str, Any], old: dict[str, Any], kept: int) -> None:
    rollout = Rollout(4, 1, 1, current, (old,))
    assert [replicas for _, replicas in rollout.old_targets(recreate=False)] == [kept]
    assert [replicas for _, replicas in rollout.old_targets(recreate=True)] == [0]
