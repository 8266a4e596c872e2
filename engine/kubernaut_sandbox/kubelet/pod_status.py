"""The status of a pod, from the states of its containers."""

from __future__ import annotations

from collections.abc import Sequence

from kubernaut_sandbox.kubelet.states import CREATING, INITIALIZING, ContainerState
from kubernaut_sandbox.model.objects import Object, condition_of, meta, put_condition, spec_of, status_of

_ADDRESS = "127.0.0.1"


def pod_status(
    pod: Object,
    phase: str,
    started: str,
    init: Sequence[ContainerState],
    main: Sequence[ContainerState],
    reason_and_message: tuple[str, str],
) -> Object:
    """Return the complete status.

    Args:
        pod: the pod with its present status.
        phase: the new phase.
        started: status.startTime.
        init: the states of the initContainers.
        main: the states of the containers.
        reason_and_message: the pod's own reason and message; empty without one.
    """
    status = {
        **status_of(pod),
        "phase": phase,
        "observedGeneration": meta(pod).get("generation", 1),
        "hostIP": _ADDRESS,
        "hostIPs": [{"ip": _ADDRESS}],
        "podIP": _ADDRESS,
        "podIPs": [{"ip": _ADDRESS}],
        "startTime": started,
        "conditions": _conditions(pod, phase, init, main),
        "containerStatuses": [state.status() for state in main],
    }
    if init:
        status["initContainerStatuses"] = [{**state.status(), "ready": state.succeeded} for state in init]
    reason, message = reason_and_message
    if reason:
        status |= {"reason": reason, "message": message}
    return status


def _conditions(
    pod: Object, phase: str, init: Sequence[ContainerState], main: Sequence[ContainerState]
) -> list[Object]:
    waiting = [state.name for state in init if not state.succeeded]
    unready = [state.name for state in main if not state.ready]
    initialized = _condition(
        not waiting, "ContainersNotInitialized", f"containers with incomplete status: [{' '.join(waiting)}]"
    )
    ready = _condition(not unready, "ContainersNotReady", f"containers with unready status: [{' '.join(unready)}]")
    if phase == "Succeeded":
        ready = {"status": "False", "reason": "PodCompleted"}
        initialized = {"status": "True", "reason": "PodCompleted"}
    elif phase == "Failed":
        ready = {"status": "False", "reason": "PodFailed"}
    unmet = _unmet_gates(pod) if ready["status"] == "True" else ""
    conditions = list(status_of(pod).get("conditions") or ())
    has_started = any(
        state.started_at or state.terminated or state.reason not in (CREATING, INITIALIZING) for state in (*init, *main)
    )
    running = phase == "Running" or (phase == "Pending" and has_started)
    for kind, fields in (
        ("PodReadyToStartContainers", {"status": "True" if running else "False"}),
        ("Initialized", initialized),
        ("Ready", _condition(False, "ReadinessGatesNotReady", unmet) if unmet else ready),
        ("ContainersReady", ready),
        ("PodScheduled", {"status": "True"}),
    ):
        conditions = put_condition(
            conditions,
            {"type": kind, "lastProbeTime": None, "observedGeneration": meta(pod).get("generation", 1), **fields},
        )
    return conditions


def _unmet_gates(pod: Object) -> str:
    """Return which of the pod's readiness gates have no condition that is True; empty when all have."""
    messages = []
    for gate in spec_of(pod).get("readinessGates") or ():
        kind = gate["conditionType"]
        condition = condition_of(pod, kind)
        if condition is None:
            messages.append(f'corresponding condition of pod readiness gate "{kind}" does not exist.')
        elif condition.get("status") != "True":
            messages.append(f'the status of pod readiness gate "{kind}" is not "True", but {condition.get("status")}')
    return ", ".join(messages)


def _condition(is_true: bool, reason: str, message: str) -> Object:  # a condition is a boolean
    return {"status": "True"} if is_true else {"status": "False", "reason": reason, "message": message}
