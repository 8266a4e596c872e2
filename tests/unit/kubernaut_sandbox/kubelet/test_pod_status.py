"""The status of a pod from the states of its containers."""

from __future__ import annotations

from kubernaut_sandbox.kubelet.pod_status import pod_status
from kubernaut_sandbox.kubelet.states import ContainerState

_START = "2030-01-01T00:00:00Z"


def container(name: str, *, running: bool = False, exit_code: int | None = None) -> ContainerState:
    """The state of a container."""
    state = ContainerState({"name": name, "image": "any"})
    if running or exit_code is not None:
        state.set_running("sandbox://1")
        state.ready = running
    if exit_code is not None:
        state.set_terminated(exit_code, "Error" if exit_code else "Completed")
    return state


def conditions(phase: str, init: list[ContainerState], main: list[ContainerState]) -> dict[str, tuple[str, str | None]]:
    """The conditions of the pod, as status and reason."""
    status = pod_status({}, phase, _START, init, main, ("", ""))
    return {item["type"]: (item["status"], item.get("reason")) for item in status["conditions"]}


def test_a_pod_is_initialized_when_its_init_containers_have_succeeded() -> None:
    main = [container("main")]
    assert conditions("Pending", [container("first")], main)["Initialized"] == ("False", "ContainersNotInitialized")
    assert conditions("Pending", [container("first", exit_code=0)], main)["Initialized"] == ("True", None)


def test_a_pod_is_ready_when_every_container_is() -> None:
    up, down = container("up", running=True), container("down")
    assert conditions("Running", [], [up])["Ready"] == ("True", None)
    status = pod_status({}, "Running", _START, [], [up, down], ("", ""))
    (ready,) = (item for item in status["conditions"] if item["type"] == "Ready")
    assert (ready["status"], ready["message"]) == ("False", "containers with unready status: [down]")


def test_a_finished_pod_says_so_in_its_conditions() -> None:
    assert conditions("Succeeded", [], [container("main", exit_code=0)])["Ready"] == ("False", "PodCompleted")
    assert conditions("Failed", [], [container("main", exit_code=1)])["Ready"] == ("False", "PodFailed")


def test_a_reason_of_the_pods_own_is_in_its_status() -> None:
    status = pod_status({}, "Failed", _START, [], [container("main")], ("DeadlineExceeded", "too long"))
    assert (status["reason"], status["message"], status["startTime"]) == ("DeadlineExceeded", "too long", _START)
