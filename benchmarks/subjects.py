"""What is created and timed: executions and the yardsticks, each with the states that show its progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import paths
from benchmarks.action import NAME
from benchmarks.api import Object
from benchmarks.engine_config import EXECUTION
from benchmarks.place import Place
from benchmarks.placement import REPORT, WRITE_REPORT, pod_fields
from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.labels import LABEL_EXECUTION

NameOf = Callable[[Object], str]
Predicate = Callable[[Object], bool]
_JOB_OF_POD = "batch.kubernetes.io/job-name"
_QUICK = {"name": "main", "image": "busybox", "command": list(WRITE_REPORT), "env": [{"name": REPORT, "value": "{}"}]}


@dataclass(frozen=True, slots=True)
class ObservedState:
    """A state of a subject, and the collection in which it can be observed."""

    path: str
    matches: Predicate
    subject_name: NameOf


@dataclass(frozen=True, slots=True)
class Subject:
    """One kind of object that is created repeatedly."""

    label: str
    path: str
    make: Callable[[str], Object]
    states: Mapping[str, ObservedState]
    end: str = ""
    """The state in which it has ended; "" if only its creation is timed."""
    is_deleted_at_end: bool = False
    """Whether each one is deleted as soon as it has ended, when many are created at once."""


def executions(place: Place, label: str = EXECUTION) -> Subject:
    """Executions of the action `instant`, each with a target of its own; `label` says in which mode the engine runs them."""
    return executions_on(place, label, lambda name: name)


def executions_on(place: Place, label: str, target: Callable[[str], str]) -> Subject:
    """Executions of the action `instant`; `target` returns the name of the target of the execution with the given name."""
    return executions_of(place, label, NAME, lambda name: {"name": target(name)})


def posts(place: Place) -> Subject:
    """One plain POST, of a small ConfigMap."""
    path = paths.core(place.namespace, "configmaps")
    return Subject("post", path, lambda name: _manifest("v1", "ConfigMap", name, place, data={"A": "1"}), {})


def pods(place: Place) -> Subject:
    """A bare Pod that ends at once."""
    return pods_of(place, "pod", lambda _: {"containers": [_QUICK], **pod_fields(place.node)})


def jobs(place: Place, **spec: Any) -> Subject:
    """A bare Job whose pod ends at once; further arguments are fields of its spec."""
    return jobs_of(place, {"containers": [_QUICK], **pod_fields(place.node)}, **spec)


def task_runs(place: Place) -> Subject:
    """A Tekton TaskRun of one step whose pod ends at once."""
    return task_runs_of(place, {"image": "busybox", "command": ["true"]}, pod_fields(place.node))


def task_runs_of(place: Place, step: Object, pod_template: Object) -> Subject:
    """A Tekton TaskRun of this one step."""

    def make(name: str) -> Object:
        spec = {"taskSpec": {"steps": [{"name": "main", **step}]}, "podTemplate": pod_template}
        return _manifest("tekton.dev/v1", "TaskRun", name, place, spec=spec)

    path = paths.task_runs(place.namespace)
    return Subject(
        "taskrun", path, make, {"succeeded": ObservedState(path, _has_condition("Succeeded"), name_of)}, "succeeded"
    )


def executions_of(place: Place, label: str, action: str, parameters: Callable[[str], dict[str, Any]]) -> Subject:
    """Executions of this action; `parameters` are those of the execution with the given name."""

    def make(name: str) -> Object:
        return _manifest(API_VERSION, KIND, name, place, spec={"action": action, "parameters": parameters(name)})

    path = paths.executions(place.namespace)
    states = {
        "job": ObservedState(paths.jobs(place.namespace), lambda _: True, _label_value(LABEL_EXECUTION)),
        "succeeded": ObservedState(path, _has_succeeded, name_of),
    }
    return Subject(label, path, make, states, "succeeded")


def pods_of(place: Place, label: str, spec: Callable[[str], Object]) -> Subject:
    """Bare Pods; `spec` is that of the Pod with the given name."""

    def make(name: str) -> Object:
        return _manifest("v1", "Pod", name, place, spec={"restartPolicy": "Never", **spec(name)})

    path = paths.core(place.namespace, "pods")
    return Subject(label, path, make, {"ended": ObservedState(path, _has_succeeded, name_of)}, "ended")


def jobs_of(place: Place, pod: Object, **spec: Any) -> Subject:
    """Bare Jobs of pods with the spec `pod`; further arguments are fields of the Job's spec."""

    def make(name: str) -> Object:
        template = {"spec": {"restartPolicy": "Never", **pod}}
        return _manifest("batch/v1", "Job", name, place, spec={"template": template, "backoffLimit": 0, **spec})

    path = paths.jobs(place.namespace)
    states = {
        "pod": pod_state(place, _has_succeeded),
        "complete": ObservedState(path, _has_condition("Complete"), name_of),
    }
    return Subject("job", path, make, states, "complete")


def pod_state(place: Place, matches: Predicate) -> ObservedState:
    """Return a state of a Job's pod."""
    return ObservedState(paths.core(place.namespace, "pods"), matches, _label_value(_JOB_OF_POD))


def _manifest(api_version: str, kind: str, name: str, place: Place, **rest: Any) -> Object:
    metadata = {"name": name, "namespace": place.namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def name_of(obj: Object) -> str:
    """Return the object's own name."""
    return str(obj["metadata"]["name"])


def _label_value(label: str) -> NameOf:
    return partial(label_of, label=label)


def label_of(obj: Object, label: str) -> str:
    """Return the value of a label; "" if the object does not have it."""
    return str(obj["metadata"].get("labels", {}).get(label, ""))


def _has_succeeded(obj: Object) -> bool:
    return bool(obj.get("status", {}).get("phase") == "Succeeded")


def _has_condition(kind: str) -> Predicate:
    def matches(obj: Object) -> bool:
        conditions = obj.get("status", {}).get("conditions", [])
        return any(c["type"] == kind and c["status"] == "True" for c in conditions)

    return matches
