"""Status is written through the model, only where it differs, and only on the version that was read."""

import pytest

from kubernaut.api.execution import ExecutionStatus, Phase
from kubernaut.errors import ConflictError
from kubernaut.kube.objects import EXECUTIONS


def writes(ground):
    return ground.cluster.requests.count(("patch", EXECUTIONS.plural))


async def test_only_given_fields_are_written_and_none_removes_one(ground):
    key = ground.add()
    view = await ground.status.write(
        ground.view(key), ExecutionStatus(phase=Phase.PENDING, reason="Queued", message="a", blocked_by="x")
    )
    view = await ground.status.write(view, ExecutionStatus(message="b", blocked_by=None))
    assert ground.obj(key)["status"] == {
        "phase": "Pending",
        "reason": "Queued",
        "message": "b",
        "observedGeneration": 1,
    }
    assert view.status.message == "b"


async def test_what_is_recorded_already_is_not_written_again(ground):
    key = ground.add()
    changes = ExecutionStatus(phase=Phase.PENDING, reason="Queued", message="a", blocked_by=None)
    view = await ground.status.write(ground.view(key), changes)
    assert await ground.status.write(view, changes) is view
    assert writes(ground) == 1


async def test_a_write_on_an_old_version_is_a_conflict(ground):
    key = ground.add()
    old = ground.view(key)
    ground.change(key, suspend=True)
    with pytest.raises(ConflictError):
        await ground.status.write(old, ExecutionStatus(message="a"))


async def test_the_cache_has_the_written_status_at_once(ground):
    key = ground.add()
    await ground.status.write(ground.view(key), ExecutionStatus(phase=Phase.RUNNING, message="a"))
    assert ground.caches.view(key).phase is Phase.RUNNING
