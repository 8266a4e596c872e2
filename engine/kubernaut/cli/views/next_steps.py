"""What to type next, by how an execution stands. Pure: every command stands as it can be typed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.labels import LABEL_UID
from kubernaut.cli.console import plain
from kubernaut.cli.views.summary import execute_line


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command, and what it is good for."""

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class _Stand:
    """An execution, as the steps below look at it."""

    obj: Mapping[str, Any]
    has_pods: bool

    @property
    def status(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.obj.get("status") or {}
        return found

    @property
    def action(self) -> str:
        return shlex.quote(str(self.obj["spec"]["action"]))

    @property
    def namespace(self) -> str:
        return shlex.quote(str(self.obj["metadata"]["namespace"]))

    def named(self, command: str, name: str = "") -> str:
        """`kubernaut COMMAND NAME -n NAMESPACE`."""
        return f"kubernaut {command} {shlex.quote(name or str(self.obj['metadata']['name']))} -n {self.namespace}"

    def again(self) -> str:
        """The command that asks for the same once more, in earnest."""
        spec = self.obj["spec"]
        return execute_line(self.action, self.namespace, spec.get("parameters") or {})


def next_steps(obj: Mapping[str, Any], *, has_pods: bool = True) -> list[NextStep]:
    """The commands that lead on from here, the most useful one first; none where nothing is left to do."""
    stand = _Stand(obj, has_pods)
    phase, reason = stand.status.get("phase", Phase.PENDING), stand.status.get("reason")
    if phase == Phase.SUCCEEDED:
        return _after_success(stand)
    if phase == Phase.RUNNING:
        return [
            *([_look_at_pods(stand)] if reason == Reason.IMAGE_PULL_FAILED else []),
            NextStep(stand.named("logs") + " -f", "what its pods say"),
            NextStep(stand.named("cancel"), "stop it"),
        ]
    steps = BY_REASON[Reason(reason)](stand) if reason in set(Reason) else []
    return [*steps, *_way_back(stand)]


def next_lines(obj: Mapping[str, Any], *, has_pods: bool = True) -> list[str]:
    """The same as markup, a line each."""
    return [
        f"next: [bold]{plain(step.command)}[/]  [dim]# {plain(step.why)}[/]"
        for step in next_steps(obj, has_pods=has_pods)
    ]


def _after_success(stand: _Stand) -> list[NextStep]:
    if stand.obj["spec"].get("dryRun"):
        return [NextStep(stand.again(), "carry it out")]
    return _way_back(stand)


def _way_back(stand: _Stand) -> list[NextStep]:
    if not (stand.status.get("result") or {}).get("rollback"):
        return []
    return [NextStep(stand.named("rollback"), "undo what it changed")]


def _resume(stand: _Stand) -> list[NextStep]:
    return [NextStep(stand.named("resume"), "let it go"), NextStep(stand.named("cancel"), "or give it up")]


def _target_busy(stand: _Stand) -> list[NextStep]:
    ahead = stand.status.get("blockedBy")
    if not ahead:
        return _queued(stand)
    return [
        NextStep(stand.named("describe", str(ahead)), "what it waits for"),
        NextStep(stand.named("cancel"), "or give it up"),
    ]


def _queued(stand: _Stand) -> list[NextStep]:
    if "observedGeneration" not in stand.status:
        return [NextStep("kubernaut install --check", "does an engine run, and may it act here?")]
    return [NextStep("kubernaut get -A --phase Running", "what it waits for")]


def _quota(stand: _Stand) -> list[NextStep]:
    return [NextStep(f"kubectl describe resourcequota -n {stand.namespace}", "what takes up the room")]


def _parameters(stand: _Stand) -> list[NextStep]:
    return [NextStep(f"kubernaut actions {stand.action}", "its parameters, and an example")]


def _actions(_stand: _Stand) -> list[NextStep]:
    return [NextStep("kubernaut actions", "what is installed, and what is broken")]


def _ask_again(stand: _Stand) -> list[NextStep]:
    return [NextStep(stand.again(), "ask again once what stands in the way is gone")]


def _forbidden(stand: _Stand) -> list[NextStep]:
    validated = any((c["type"], c["status"]) == ("Validated", "True") for c in stand.status.get("conditions", []))
    if validated and not stand.status.get(
        "jobName"
    ):  # what the action declared is granted: the engine itself lacks a permission
        return [NextStep("kubernaut install --check", "which right the engine lacks"), *_ask_again(stand)]
    grant = f"kubernaut rbac render {stand.action} -n {stand.namespace} | kubectl apply -f -"
    return [NextStep(grant, "grant what the action declares"), NextStep(stand.again(), "then ask again")]


def _look_at_logs(stand: _Stand) -> list[NextStep]:
    if not stand.status.get("jobName"):
        return _actions(stand)
    return (
        [NextStep(stand.named("logs"), "what its pods said")]
        if stand.has_pods or stand.status.get("logTail")
        else _ask_again(stand)
    )


def _memory(stand: _Stand) -> list[NextStep]:
    return [NextStep("kubernaut configuration", "raise its memoryLimit under actions"), *_look_at_logs(stand)]


def _image(stand: _Stand) -> list[NextStep]:
    return [_look_at_pods(stand), NextStep("kubernaut configuration", "where the action's image is set")]


def _look_at_pods(stand: _Stand) -> NextStep:
    """The deadline takes the pods away; what was told of them stays for an hour."""
    if stand.has_pods:
        uid = shlex.quote(f"{LABEL_UID}={stand.obj['metadata'].get('uid', '')}")
        return NextStep(
            f"kubectl describe pod -n {stand.namespace} -l {uid}", "which image, and what the registry says"
        )
    failed = "--field-selector reason=Failed,involvedObject.kind=Pod"
    return NextStep(f"kubectl get events -n {stand.namespace} {failed}", "which image, and what the registry said")


def _after_all(stand: _Stand) -> list[NextStep]:
    return [NextStep(stand.again(), "ask again, if it should be done after all")]


def _lost(stand: _Stand) -> list[NextStep]:
    job = shlex.quote(f"involvedObject.name={stand.status.get('jobName', '')}")
    return [
        NextStep(f"kubectl get events -n {stand.namespace} --field-selector {job}", "who deleted its Job"),
        *_ask_again(stand),
    ]


BY_REASON: Mapping[Reason, Callable[[_Stand], list[NextStep]]] = {
    Reason.SUSPENDED: _resume,
    Reason.COOLING_DOWN: _resume,
    Reason.BUDGET_EXCEEDED: _resume,
    Reason.TARGET_BUSY: _target_busy,
    Reason.QUEUED: _queued,
    Reason.QUOTA_EXCEEDED: _quota,
    Reason.INVALID_PARAMETERS: _parameters,
    Reason.UNKNOWN_ACTION: _actions,
    Reason.ACTION_UNAVAILABLE: _actions,
    Reason.POLICY_DENIED: _ask_again,
    Reason.FORBIDDEN: _forbidden,
    Reason.DRY_RUN_REJECTED: _look_at_logs,
    Reason.ACTION_FAILED: _look_at_logs,
    Reason.RETRIES_EXHAUSTED: _look_at_logs,
    Reason.DEADLINE_EXCEEDED: _look_at_logs,
    Reason.PLUGIN_ERROR: _look_at_logs,
    Reason.OUT_OF_MEMORY: _memory,
    Reason.IMAGE_PULL_FAILED: _image,
    Reason.LOST: _lost,
    Reason.CANCEL_REQUESTED: _after_all,
}
