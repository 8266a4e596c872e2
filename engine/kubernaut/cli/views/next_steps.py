"""What to type next, by how an execution stands. Pure: every command stands as it can be typed."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.labels import LABEL_UID
from kubernaut.cli.console import escape_markup
from kubernaut.cli.views.summary import execute_line


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command, and what it is good for."""

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class _Context:
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
    context = _Context(obj, has_pods)
    phase, reason = context.status.get("phase", Phase.PENDING), context.status.get("reason")
    if phase == Phase.SUCCEEDED:
        return _after_success(context)
    if phase == Phase.RUNNING:
        return [
            *([_look_at_pods(context)] if reason == Reason.IMAGE_PULL_FAILED else []),
            NextStep(context.named("logs") + " -f", "what its pods say"),
            NextStep(context.named("cancel"), "stop it"),
        ]
    steps = BY_REASON[Reason(reason)](context) if reason in set(Reason) else []
    return [*steps, *_way_back(context)]


def next_lines(obj: Mapping[str, Any], *, has_pods: bool = True) -> list[str]:
    """The same as markup, a line each."""
    return [
        f"next: [bold]{escape_markup(step.command)}[/]  [dim]# {escape_markup(step.why)}[/]"
        for step in next_steps(obj, has_pods=has_pods)
    ]


def _after_success(context: _Context) -> list[NextStep]:
    if context.obj["spec"].get("dryRun"):
        return [NextStep(context.again(), "carry it out")]
    return _way_back(context)


def _way_back(context: _Context) -> list[NextStep]:
    if not (context.status.get("result") or {}).get("rollback"):
        return []
    return [NextStep(context.named("rollback"), "undo what it changed")]


def _resume(context: _Context) -> list[NextStep]:
    return [NextStep(context.named("resume"), "let it go"), NextStep(context.named("cancel"), "or give it up")]


def _target_busy(context: _Context) -> list[NextStep]:
    ahead = context.status.get("blockedBy")
    if not ahead:
        return _queued(context)
    return [
        NextStep(context.named("describe", str(ahead)), "what it waits for"),
        NextStep(context.named("cancel"), "or give it up"),
    ]


def _queued(context: _Context) -> list[NextStep]:
    if "observedGeneration" not in context.status:
        return [NextStep("kubernaut install --check", "does an engine run, and may it act here?")]
    return [NextStep("kubernaut get -A --phase Running", "what it waits for")]


def _quota(context: _Context) -> list[NextStep]:
    return [NextStep(f"kubectl describe resourcequota -n {context.namespace}", "what takes up the room")]


def _parameters(context: _Context) -> list[NextStep]:
    return [NextStep(f"kubernaut actions {context.action}", "its parameters, and an example")]


def _actions(_context: _Context) -> list[NextStep]:
    return [NextStep("kubernaut actions", "what is installed, and what is broken")]


def _ask_again(context: _Context) -> list[NextStep]:
    return [NextStep(context.again(), "ask again once what stands in the way is gone")]


def _forbidden(context: _Context) -> list[NextStep]:
    validated = any((c["type"], c["status"]) == ("Validated", "True") for c in context.status.get("conditions", []))
    # Validation passed, so what the action declared is granted: the engine itself lacks a permission.
    if validated and not context.status.get("jobName"):
        return [NextStep("kubernaut install --check", "which right the engine lacks"), *_ask_again(context)]
    grant = f"kubernaut rbac render {context.action} -n {context.namespace} | kubectl apply -f -"
    return [NextStep(grant, "grant what the action declares"), NextStep(context.again(), "then ask again")]


def _look_at_logs(context: _Context) -> list[NextStep]:
    if not context.status.get("jobName"):
        return _actions(context)
    return (
        [NextStep(context.named("logs"), "what its pods said")]
        if context.has_pods or context.status.get("logTail")
        else _ask_again(context)
    )


def _memory(context: _Context) -> list[NextStep]:
    return [NextStep("kubernaut configuration", "raise its memoryLimit under actions"), *_look_at_logs(context)]


def _image(context: _Context) -> list[NextStep]:
    return [_look_at_pods(context), NextStep("kubernaut configuration", "where the action's image is set")]


def _look_at_pods(context: _Context) -> NextStep:
    """The deadline takes the pods away; what was told of them stays for an hour."""
    if context.has_pods:
        uid = shlex.quote(f"{LABEL_UID}={context.obj['metadata'].get('uid', '')}")
        return NextStep(
            f"kubectl describe pod -n {context.namespace} -l {uid}", "which image, and what the registry says"
        )
    failed = "--field-selector reason=Failed,involvedObject.kind=Pod"
    return NextStep(f"kubectl get events -n {context.namespace} {failed}", "which image, and what the registry said")


def _after_all(context: _Context) -> list[NextStep]:
    return [NextStep(context.again(), "ask again, if it should be done after all")]


def _lost(context: _Context) -> list[NextStep]:
    job = shlex.quote(f"involvedObject.name={context.status.get('jobName', '')}")
    return [
        NextStep(f"kubectl get events -n {context.namespace} --field-selector {job}", "who deleted its Job"),
        *_ask_again(context),
    ]


BY_REASON: Mapping[Reason, Callable[[_Context], list[NextStep]]] = {
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
