"""What is created and timed: executions and the yardsticks, each with the states that show its progress."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import paths
from benchmarks.action import NAME
from benchmarks.api import Object
from benchmarks.place import CONFIG_MAP, PATCH, Place
from benchmarks.placement import REPORT, WRITE_REPORT, pod_fields
from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.labels import LABEL_EXECUTION

NameOf = Callable[[Object], str]
Predicate = Callable[[Object], bool]
_JOB_OF_POD = "batch.kubernetes.io/job-name"
_QUICK = {"name": "main", "image": "busybox", "command": list(WRITE_REPORT), "env": [{"name": REPORT, "value": "{}"}]}
_NOTHING = ["python", "-c", "pass"]


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


def executions(place: Place) -> Subject:
    """Executions of the action `instant`, each with a target of its own."""
    return _executions(place, NAME, lambda name: {"name": name})


def real_executions(place: Place) -> Subject:
    """Executions of `patch-configmap`, each with another value."""
    return _executions(place, PATCH, lambda name: {"name": CONFIG_MAP, "set": {"LOG_LEVEL": name}})


def posts(place: Place) -> Subject:
    """One plain POST, of a small ConfigMap."""
    path = paths.core(place.namespace, "configmaps")
    return Subject("post", path, lambda name: _manifest("v1", "ConfigMap", name, place, data={"A": "1"}), {})


def pods(place: Place) -> Subject:
    """A bare Pod that ends at once."""
    return _pods(place, {"containers": [_QUICK], **pod_fields(place.node)})


def jobs(place: Place) -> Subject:
    """A bare Job whose pod ends at once."""
    return _jobs(place, {"containers": [_QUICK], **pod_fields(place.node)})


def real_pods(place: Place, image: str) -> Subject:
    """A bare Pod of one real container that does nothing."""
    return _pods(place, _doing_nothing(image))


def real_jobs(place: Place, image: str) -> Subject:
    """A bare Job of one real container that does nothing."""
    return _jobs(place, _doing_nothing(image))


def task_runs(place: Place) -> Subject:
    """A Tekton TaskRun of one step whose pod ends at once."""

    def make(name: str) -> Object:
        step = {"name": "main", "image": "busybox", "command": ["true"]}
        spec = {"taskSpec": {"steps": [step]}, "podTemplate": pod_fields(place.node)}
        return _manifest("tekton.dev/v1", "TaskRun", name, place, spec=spec)

    path = paths.task_runs(place.namespace)
    return Subject(
        "taskrun", path, make, {"succeeded": ObservedState(path, _has_condition("Succeeded"), _name)}, "succeeded"
    )


def _executions(place: Place, action: str, parameters: Callable[[str], dict[str, Any]]) -> Subject:
    def make(name: str) -> Object:
        return _manifest(API_VERSION, KIND, name, place, spec={"action": action, "parameters": parameters(name)})

    path = paths.executions(place.namespace)
    states = {
        "job": ObservedState(paths.jobs(place.namespace), lambda _: True, _label_value(LABEL_EXECUTION)),
        "succeeded": ObservedState(path, _has_succeeded, _name),
    }
    return Subject("execution", path, make, states, "succeeded")


def _pods(place: Place, spec: Object) -> Subject:
    def make(name: str) -> Object:
        return _manifest("v1", "Pod", name, place, spec={"restartPolicy": "Never", **spec})

    path = paths.core(place.namespace, "pods")
    return Subject("pod", path, make, {"ended": ObservedState(path, _has_succeeded, _name)}, "ended")


def _jobs(place: Place, spec: Object) -> Subject:
    def make(name: str) -> Object:
        template = {"spec": {"restartPolicy": "Never", **spec}}
        return _manifest("batch/v1", "Job", name, place, spec={"template": template, "backoffLimit": 0})

    path = paths.jobs(place.namespace)
    states = {
        "pod": ObservedState(paths.core(place.namespace, "pods"), _has_succeeded, _label_value(_JOB_OF_POD)),
        "complete": ObservedState(path, _has_condition("Complete"), _name),
    }
    return Subject("job", path, make, states, "complete")


def _doing_nothing(image: str) -> Object:
    return {"containers": [{"name": "main", "image": image, "imagePullPolicy": "IfNotPresent", "command": _NOTHING}]}


def _manifest(api_version: str, kind: str, name: str, place: Place, **rest: Any) -> Object:
    metadata = {"name": name, "namespace": place.namespace}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **rest}


def _name(obj: Object) -> str:
    return str(obj["metadata"]["name"])


def _label_value(label: str) -> NameOf:
    return lambda obj: str(obj["metadata"].get("labels", {}).get(label, ""))


def _has_succeeded(obj: Object) -> bool:
    return bool(obj.get("status", {}).get("phase") == "Succeeded")


def _has_condition(kind: str) -> Predicate:
    def matches(obj: Object) -> bool:
        conditions = obj.get("status", {}).get("conditions", [])
        return any(c["type"] == kind and c["status"] == "True" for c in conditions)

    return matches
