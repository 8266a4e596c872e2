"""The state of a container, and its entry in containerStatuses."""

from __future__ import annotations

from kubernaut_sandbox.kubelet.states import ContainerState


def state() -> ContainerState:
    """The state of a new container."""
    return ContainerState({"name": "main", "image": "any"})


def test_a_new_container_is_being_created() -> None:
    assert state().status()["state"] == {"waiting": {"reason": "ContainerCreating"}}


def test_a_container_runs_and_then_exits() -> None:
    one = state()
    one.set_running("sandbox://1")
    assert one.running
    assert one.status()["state"]["running"]["startedAt"]
    one.set_terminated(3, "Error", "oops")
    terminated = one.status()["state"]["terminated"]
    assert (terminated["exitCode"], terminated["message"], terminated["containerID"]) == (3, "oops", "sandbox://1")
    assert not one.running
    assert not one.succeeded


def test_a_container_that_waits_again_keeps_its_last_state() -> None:
    one = state()
    one.set_running("sandbox://1")
    one.set_terminated(3, "Error")
    one.set_waiting("CrashLoopBackOff", "back-off")
    status = one.status()
    assert status["state"] == {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off"}}
    assert status["lastState"]["terminated"]["exitCode"] == 3
