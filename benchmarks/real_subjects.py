"""What is created and timed with real pods: `patch-configmap`, which has an effect to wait for, and the yardsticks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks import paths
from benchmarks.api import Object
from benchmarks.place import CONFIG_MAP, PATCH, Place, bench_actions
from benchmarks.subjects import ObservedState, Subject, executions_of, jobs_of, pod_state, pods_of, task_runs_of
from kubernaut import Execution
from kubernaut.api.steps import Rehearsal
from kubernaut.jobs.hardening import Hardening

_KEY = "LOG_LEVEL"
_NOTHING = ["python", "-c", "pass"]
_DEADLINE_SECONDS = 300


def executions(place: Place, label: str) -> Subject:
    """Executions of `patch-configmap`, each of which sets a key to its own name; `label` says in which mode the engine runs them."""
    return _with_effect(place, executions_of(place, label, PATCH, _parameters))


def pods(place: Place, image: str) -> Subject:
    """A bare Pod that runs what the pod of an inline execution runs: both steps in one process."""
    return _with_effect(place, pods_of(place, "pod", lambda name: runner_pod_spec(name, place.namespace, image)))


def idle_pods(place: Place, image: str) -> Subject:
    """A bare Pod of one container that does nothing."""
    return pods_of(place, "noop", lambda _: _doing_nothing(image))


def jobs(place: Place, image: str) -> Subject:
    """A bare Job of one container that does nothing."""
    subject = jobs_of(place, _doing_nothing(image))
    return replace(subject, states={"container": pod_state(place, has_ended_containers), **subject.states})


def task_runs(place: Place, image: str) -> Subject:
    """A Tekton TaskRun of one step that does nothing."""
    step = {"image": image, "imagePullPolicy": "IfNotPresent", "command": _NOTHING}
    return task_runs_of(place, step, {})


def runner_pod_spec(name: str, namespace: str, image: str, rehearsal: Rehearsal = "inline") -> Object:
    """Return the spec of the pod that the engine's Job has for the execution of this name."""
    action = bench_actions().actions[PATCH]
    execution = Execution(
        name=name,
        namespace=namespace,
        uid=name,
        action=PATCH,
        parameters=action.spec.parameters.model_validate(_parameters(name)),
        settings=action.spec.settings(),
        image=image,
        rehearsal=rehearsal,
        deadline_seconds=_DEADLINE_SECONDS,
    )
    job = Hardening(execution, action.spec).apply(action.hook.build_job(execution=execution))
    spec: Object = job["spec"]["template"]["spec"]
    return spec


def has_ended_containers(pod: Object) -> bool:
    """Whether every container of the pod has ended, as its status says."""
    statuses = pod.get("status", {}).get("containerStatuses", [])
    return bool(statuses) and all(status["state"].get("terminated") for status in statuses)


def _parameters(name: str) -> dict[str, Any]:
    return {"name": CONFIG_MAP, "set": {_KEY: name}}


def _with_effect(place: Place, subject: Subject) -> Subject:
    """Add the state in which the ConfigMap has the value that names the subject."""
    path = paths.core(place.namespace, "configmaps")
    effect = ObservedState(path, _is_target, _value)
    return replace(subject, states={"effect": effect, **subject.states})


def _is_target(config_map: Object) -> bool:
    return bool(config_map["metadata"]["name"] == CONFIG_MAP)


def _value(config_map: Object) -> str:
    return str(config_map.get("data", {}).get(_KEY, ""))


def _doing_nothing(image: str) -> Object:
    return {"containers": [{"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": _NOTHING}]}
