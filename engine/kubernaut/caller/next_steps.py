"""The commands to run next, by the state of an execution; each can be pasted as it is."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kubernaut.api.execution import ExecutionStatus, Phase, Reason
from kubernaut.api.labels import LABEL_UID
from kubernaut.api.view import ExecutionView
from kubernaut.caller.commands import execute_command


@dataclass(frozen=True, slots=True)
class NextStep:
    """A command, and what it is for."""

    command: str
    why: str


@dataclass(frozen=True, slots=True)
class _Context:
    """What the next steps depend on."""

    execution: ExecutionView
    has_pods: bool
    """Whether it has pods that still exist."""

    @property
    def status(self) -> ExecutionStatus:
        return self.execution.status

    @property
    def action(self) -> str:
        return shlex.quote(self.execution.action)

    @property
    def namespace(self) -> str:
        return shlex.quote(self.execution.namespace)

    def command(self, verb: str, name: str = "") -> str:
        """Return `kubernaut VERB NAME -n NAMESPACE`."""
        return f"kubernaut {verb} {shlex.quote(name or self.execution.name)} -n {self.namespace}"

    def execute_again(self, why: str) -> NextStep:
        """Return the command that creates the same execution again, without `--dry-run`."""
        if self.execution.undoes:
            return NextStep(self.command("rollback", self.execution.undoes), why)
        return NextStep(execute_command(self.action, self.namespace, self.execution.spec.parameters), why)


def next_steps(execution: ExecutionView, *, has_pods: bool = True) -> list[NextStep]:
    """Return the commands to run next, the most useful one first; none if nothing is left to do."""
    context = _Context(execution, has_pods)
    reason = execution.status.reason
    if execution.phase is Phase.SUCCEEDED:
        return _carry_out(context) if execution.is_dry_run else _rollback(context)
    if execution.phase is Phase.RUNNING:
        return [
            *([_pull_errors(context)] if reason == Reason.IMAGE_PULL_FAILED else []),
            NextStep(context.command("logs") + " -f", "what its pods write"),
            NextStep(context.command("cancel"), "stop it"),
        ]
    steps = BY_REASON[Reason(reason)](context) if reason in set(Reason) else []
    return [*steps, *_rollback(context)]


def _rollback(context: _Context) -> list[NextStep]:
    result = context.status.result
    if result is None or result.rollback is None:
        return []
    return [NextStep(context.command("rollback"), "undo what it changed")]


def _carry_out(context: _Context) -> list[NextStep]:
    status = context.status
    if status.approval:
        return [NextStep(context.command("describe", status.approval.execution), "the execution that carries it out")]
    if not status.plan_digest:
        return [context.execute_again("carry it out")]
    return [
        NextStep(context.command("approve"), "carry out just this"),
        context.execute_again("or whatever it changes by then"),
    ]


def _propose_again(context: _Context) -> list[NextStep]:
    command = execute_command(context.action, context.namespace, context.execution.spec.parameters, verb="propose")
    return [NextStep(command, "show what it would change now")]


def _plan_used(context: _Context) -> list[NextStep]:
    plan = context.execution.approved_plan
    return [NextStep(context.command("describe", plan), "who approved it, and when"), *_propose_again(context)]


def _resume(context: _Context) -> list[NextStep]:
    return [NextStep(context.command("resume"), "start it"), NextStep(context.command("cancel"), "or cancel it")]


def _target_busy(context: _Context) -> list[NextStep]:
    if not context.status.blocked_by:
        return _queued(context)
    return [
        NextStep(context.command("describe", context.status.blocked_by), "the execution that it waits for"),
        NextStep(context.command("cancel"), "or cancel it"),
    ]


def _predecessor(context: _Context) -> list[NextStep]:
    names = [predecessor.execution for predecessor in context.execution.spec.after]
    why = "what it comes after, and how that ended"
    return [NextStep(f"kubernaut get {' '.join(map(shlex.quote, names))} -n {context.namespace}", why)]


def _undone(context: _Context) -> list[NextStep]:
    return [
        NextStep(context.command("describe", context.execution.undoes), "what it changed, and how to undo it by hand")
    ]


def _queued(context: _Context) -> list[NextStep]:
    if context.status.observed_generation is None:
        return [NextStep("kubernaut install --check", "is an engine running and allowed to act here?")]
    return [NextStep("kubernaut get -A --phase Running", "the executions that it waits for")]


def _quota(context: _Context) -> list[NextStep]:
    return [NextStep(f"kubectl describe resourcequota -n {context.namespace}", "what uses up the quota")]


def _parameters(context: _Context) -> list[NextStep]:
    return [NextStep(f"kubernaut actions {context.action}", "its parameters, and an example")]


def _actions(_context: _Context) -> list[NextStep]:
    return [NextStep("kubernaut actions", "what is installed, and what is broken")]


def _execute_again(context: _Context) -> list[NextStep]:
    return [context.execute_again("try again once the cause is fixed")]


def _forbidden(context: _Context) -> list[NextStep]:
    validated = context.status.condition("Validated")
    # Validation passed, so what the action declared is granted: the engine itself lacks a permission.
    if validated and validated.status == "True" and not context.status.job_name:
        return [
            NextStep("kubernaut install --check", "which permission the engine lacks"),
            *_execute_again(context),
        ]
    grant = f"kubernaut rbac render {context.action} -n {context.namespace} | kubectl apply -f -"
    return [NextStep(grant, "grant what the action declares"), context.execute_again("then try again")]


def _logs(context: _Context) -> list[NextStep]:
    if not context.status.job_name:
        return _actions(context)
    if context.has_pods or context.status.log_tail:
        return [NextStep(context.command("logs"), "what its pods wrote")]
    return _execute_again(context)


def _memory(context: _Context) -> list[NextStep]:
    return [NextStep("kubernaut configuration", "raise its memoryLimit under actions"), *_logs(context)]


def _image(context: _Context) -> list[NextStep]:
    return [_pull_errors(context), NextStep("kubernaut configuration", "where the action's image is set")]


def _pull_errors(context: _Context) -> NextStep:
    """Return the command that shows pull errors: the deadline deletes the pods, but their Events stay for an hour."""
    why = "which image, and what the registry answers"
    if context.has_pods:
        label = shlex.quote(f"{LABEL_UID}={context.execution.uid}")
        return NextStep(f"kubectl describe pod -n {context.namespace} -l {label}", why)
    failed = "--field-selector reason=Failed,involvedObject.kind=Pod"
    return NextStep(f"kubectl get events -n {context.namespace} {failed}", why)


def _cancelled(context: _Context) -> list[NextStep]:
    return [context.execute_again("create it again, if it is still wanted")]


def _lost(context: _Context) -> list[NextStep]:
    if not context.status.job_name:
        return _execute_again(context)
    job = shlex.quote(f"involvedObject.name={context.status.job_name}")
    return [
        NextStep(f"kubectl get events -n {context.namespace} --field-selector {job}", "who deleted its Job"),
        *_execute_again(context),
    ]


def _container(context: _Context) -> list[NextStep]:
    why = "pod.labels and pod.annotations of an action keep other containers out of its pods"
    return [NextStep("kubernaut configuration", why), *_logs(context)]


def _engine(context: _Context) -> list[NextStep]:
    log = "kubectl logs -n kubernaut-system -l app.kubernetes.io/name=kubernaut-engine --tail=-1"
    return [NextStep(log, "the traceback, to be reported"), *_execute_again(context)]


BY_REASON: Mapping[Reason, Callable[[_Context], list[NextStep]]] = {
    Reason.SUSPENDED: _resume,
    Reason.COOLING_DOWN: _resume,
    Reason.BUDGET_EXCEEDED: _resume,
    Reason.WAITING_FOR_PREDECESSOR: _target_busy,
    Reason.TARGET_BUSY: _target_busy,
    Reason.QUEUED: _queued,
    Reason.QUOTA_EXCEEDED: _quota,
    Reason.INVALID_PARAMETERS: _parameters,
    Reason.UNKNOWN_ACTION: _actions,
    Reason.ACTION_UNAVAILABLE: _actions,
    Reason.POLICY_DENIED: _execute_again,
    Reason.FORBIDDEN: _forbidden,
    Reason.DRY_RUN_REJECTED: _logs,
    Reason.ACTION_FAILED: _logs,
    Reason.RETRIES_EXHAUSTED: _logs,
    Reason.DEADLINE_EXCEEDED: _logs,
    Reason.PLUGIN_ERROR: _logs,
    Reason.OUT_OF_MEMORY: _memory,
    Reason.IMAGE_PULL_FAILED: _image,
    Reason.CONTAINER_FAILED: _container,
    Reason.PLAN_NOT_FOUND: _propose_again,
    Reason.PLAN_EXPIRED: _propose_again,
    Reason.PLAN_USED: _plan_used,
    Reason.PLAN_CHANGED: _propose_again,
    Reason.PREDECESSOR_CYCLE: _execute_again,
    Reason.NOTHING_TO_UNDO: _undone,
    Reason.DIVERGED: _undone,
    Reason.CONDITION_NOT_MET: _predecessor,
    Reason.PREDECESSOR_NOT_FOUND: _execute_again,
    Reason.LOST: _lost,
    Reason.ENGINE_ERROR: _engine,
    Reason.CANCEL_REQUESTED: _cancelled,
}
