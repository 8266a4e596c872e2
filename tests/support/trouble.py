"""Actions that fail on purpose, each in its own way. Their pods run the Python code in their parameters."""

from __future__ import annotations

import os
import time
from importlib.metadata import EntryPoint
from typing import Any

import kubernaut
from kubernaut import ActionSpec, Execution, Parameters, Problem, Resources, Rule, Target

_BROAD = (
    Rule(resources=("configmaps",), verbs=("get", "list", "create", "delete", "patch")),
    Rule(resources=("pods",), verbs=("get", "list", "delete")),
    Rule(resources=("pods/eviction",), verbs=("create",)),
    Rule(api_group="apps", resources=("deployments",), verbs=("patch",)),
)
_RULES = (Rule(resources=("configmaps",), verbs=("patch",)),)


class Script(Parameters):
    """The code of the two steps, each the body of `perform`."""

    name: kubernaut.ObjectName = "app-config"
    dry_run: str = "pass"
    execute: str = "pass"


class Trouble:
    """A plugin whose pods run its parameters."""

    HOOK_VERSION = 1

    name = ""

    def __init__(self, **spec: Any) -> None:
        self._spec = spec

    @kubernaut.hookimpl
    def describe(self) -> ActionSpec:
        known = {
            "rules": _RULES,
            "backoff_limit": 1,
            "deadline": 60,
            "retry_safe": True,
            "resources": Resources(memory_limit="64Mi"),
        }
        return ActionSpec(
            summary="Go wrong.",
            parameters=Script,
            target=lambda p: Target("ConfigMap", p.name),
            service_account=f"{self.name}-account",
            **{**known, **self._spec},
        )

    @kubernaut.hookimpl
    def build_job(self, execution: Execution) -> Any:
        job = kubernaut.runner_job(execution, "unused")
        given = execution.parameters
        bodies = ["\n        ".join(body.splitlines()) for body in (given.dry_run, given.execute)]
        perform = "def perform(action):\n    if action.dry_run:\n        {}\n    else:\n        {}\n".format(*bodies)
        source = f"import os, sys, time\nfrom kubernaut.runner import run\n{perform}run(perform)"
        for container in _containers(job["spec"]["template"]["spec"]):
            container["command"] = ["python", "-c", source]
        return job


def _containers(pod: Any) -> list[Any]:
    """Return the containers in the order in which they run."""
    return [*pod.get("initContainers", []), *pod["containers"]]


class BadJob(Trouble):
    """Returns a Job that the engine must reject."""

    def __init__(self, spoil: Any) -> None:
        super().__init__()
        self._spoil = spoil

    @kubernaut.hookimpl
    def build_job(self, execution: Execution) -> Any:
        job = kubernaut.runner_job(execution, "unused")
        return self._spoil(job, job["spec"]["template"]["spec"])


class BadHook(Trouble):
    """Does something in a hook that hooks must not do."""

    def __init__(self, misdeed: Any) -> None:
        super().__init__()
        self._misdeed = misdeed

    @kubernaut.hookimpl
    def validate(self, execution: Execution) -> list[Problem]:
        return self._misdeed()


def _raise() -> Any:
    raise RuntimeError("out of ideas")


def _spoiled(field: str, value: Any) -> Any:
    def spoil(job: Any, pod: Any) -> Any:
        pod[field] = value
        return job

    return spoil


def _privileged(job: Any, pod: Any) -> Any:
    pod["containers"][0]["securityContext"] = {"privileged": True}
    return job


class Wanting(Trouble):
    """Needs something that does not exist: a Secret to mount, a key for its environment, a node."""

    def __init__(self, want: Any, **spec: Any) -> None:
        super().__init__(**spec)
        self._want = want

    @kubernaut.hookimpl
    def build_job(self, execution: Execution) -> Any:
        job = Trouble.build_job(self, execution)
        self._want(job["spec"]["template"]["spec"])
        return job


def _volume(pod: Any) -> None:
    pod["volumes"] = [{"name": "keys", "secret": {"secretName": "no-such-secret"}}]
    _containers(pod)[0]["volumeMounts"] = [{"name": "keys", "mountPath": "/keys"}]


def _environment(pod: Any) -> None:
    reference = {"configMapKeyRef": {"name": "no-such-map", "key": "k"}}
    _containers(pod)[0]["env"].append({"name": "K", "valueFrom": reference})


def _node(pod: Any) -> None:
    pod["nodeSelector"] = {"kubernaut-test": "ghost"}


def _not_json(pod: Any) -> None:
    for container in _containers(pod):
        container["command"] = ["sh", "-c", 'echo oops > "${SANDBOX_POD_ROOT:-}/dev/termination-log"']


def _without_result(pod: Any) -> None:
    """Make the steps write to their log and fail, without a result."""
    for container in _containers(pod):
        container["command"] = ["sh", "-c", "echo first line; echo the last line >&2; exit 7"]


class Unpullable(Trouble):
    """Names an image that cannot exist in any registry."""

    @kubernaut.hookimpl
    def build_job(self, execution: Execution) -> Any:
        return kubernaut.runner_job(execution, "unused", image="registry.invalid/nothing:1")


class Unimportable(Trouble):
    """Names a module that no image has."""

    @kubernaut.hookimpl
    def build_job(self, execution: Execution) -> Any:
        return kubernaut.runner_job(execution, "no_such_package.perform")


class Command(Trouble):
    """Runs plain command lines, which name the execution, and on request something else each time."""

    def __init__(self, *, drifts: bool = False) -> None:
        super().__init__(inline_rehearsal=False)
        self._drifts = drifts

    @kubernaut.hookimpl
    def build_job(self, execution: Execution) -> Any:
        last = str(time.time_ns()) if self._drifts else execution.uid
        line = ["echo", execution.name, execution.parameters.execute, last]
        return kubernaut.command_job(execution, execution.image, dry_run=["true"], execute=line)


PLUGINS: dict[str, Any] = {
    "command": Command(),
    "drifting-command": Command(drifts=True),
    "broad": Trouble(rules=_BROAD),
    "unimportable": Unimportable(backoff_limit=3),
    "unpullable": Unpullable(),
    "script": Trouble(),
    "wants-volume": Wanting(_volume),
    "wants-key": Wanting(_environment),
    "wants-node": Wanting(_node),
    "wants-node-once": Wanting(_node, retry_safe=False, deadline=300),
    "writes-no-json": Wanting(_not_json),
    "writes-nothing": Wanting(_without_result, backoff_limit=0),
    "once": Trouble(retry_safe=False),
    "tokenless": Trouble(rules=()),
    "bad-privileged": BadJob(_privileged),
    "bad-account": BadJob(_spoiled("serviceAccountName", "default")),
    "bad-host-path": BadJob(_spoiled("volumes", [{"name": "x", "hostPath": {"path": "/"}}])),
    "bad-no-containers": BadJob(_spoiled("containers", [])),
    "bad-no-dict": BadJob(lambda job, pod: [job, pod]),
    "bad-nothing": BadJob(lambda job, pod: None),
    "bad-raises": BadHook(_raise),
    "bad-sleeps": BadHook(lambda: time.sleep(120)),
    "bad-exits": BadHook(lambda: os.sys.exit(3)),  # type: ignore[attr-defined]
    "bad-answer": BadHook(lambda: "fine"),
}


for _name, _plugin in PLUGINS.items():
    _plugin.name = _name


def __getattr__(name: str) -> Any:
    try:
        return PLUGINS[name.replace("_", "-")]
    except KeyError:
        raise AttributeError(name) from None


def entry_points() -> list[EntryPoint]:
    """Return an entry point for each plugin, and one whose module does not exist."""
    found = [
        EntryPoint(name, f"tests.support.trouble:{name.replace('-', '_')}", "kubernaut.actions") for name in PLUGINS
    ]
    return [*found, EntryPoint("unloadable", "tests.support.no_such_module", "kubernaut.actions")]
