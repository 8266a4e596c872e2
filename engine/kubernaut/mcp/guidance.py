"""What an agent can do next with an execution, by its state, and what only a person can.

The sentences are ours, and hold no foreign text but names of objects: an agent may act on them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.view import ExecutionView

_READ = "Read untrusted.message and untrusted.log_tail for the cause"
_AGAIN = "then propose it again if it is still wanted"
_TELL = "Tell a person what untrusted.message says"
_FAULT = f"{_READ}, fix it or tell a person, {_AGAIN}."
_PLAN_GONE = "This plan cannot be carried out any more: propose it again, and show a person the new plan."
_UNDO_BY_HAND = f"It cannot be undone as it is now. {_TELL}: a person decides."
_HELD = "A person can let it start: kubernaut resume {where}. You cannot."

BY_REASON: Mapping[Reason, str] = {
    Reason.SUSPENDED: _HELD,
    Reason.COOLING_DOWN: f"It starts by itself once the cooldown has passed. {_HELD}",
    Reason.BUDGET_EXCEEDED: _HELD,
    Reason.WAITING_FOR_PREDECESSOR: "It waits for untrusted.blocked_by. Call wait_for.",
    Reason.TARGET_BUSY: "Another execution acts on the same target (untrusted.blocked_by). Call wait_for.",
    Reason.QUEUED: "Call wait_for. If it stays queued, no engine may be at work: a person can run kubernaut install --check.",
    Reason.QUOTA_EXCEEDED: "A ResourceQuota has no room. Call wait_for, or tell a person.",
    Reason.INVALID_PARAMETERS: "untrusted.message names the parameter. Read describe_action, correct it, and propose again.",
    Reason.UNKNOWN_ACTION: "The cluster's engine does not have this action. Tell a person: its plugin must be installed there.",
    Reason.ACTION_UNAVAILABLE: "The action's plugin is broken in the cluster's engine. Tell a person.",
    Reason.POLICY_DENIED: f"A policy of this cluster refuses it. {_TELL}; do not look for a way around it.",
    Reason.FORBIDDEN: f"The action lacks a permission in this namespace. {_TELL}: only a person can grant it.",
    Reason.DRY_RUN_REJECTED: "The rehearsal was refused, and nothing was changed. Read untrusted.message, correct it, and propose again.",
    Reason.DEADLINE_EXCEEDED: _FAULT,
    Reason.RETRIES_EXHAUSTED: _FAULT,
    Reason.OUT_OF_MEMORY: "Its pod ran out of memory. Tell a person: the limit is in the engine's configuration.",
    Reason.IMAGE_PULL_FAILED: "Its image could not be pulled. Tell a person: the image is in the engine's configuration.",
    Reason.CONTAINER_FAILED: f"A container that somebody else put into its pod failed. {_TELL}.",
    Reason.PLUGIN_ERROR: f"The action's plugin failed. {_TELL}.",
    Reason.ACTION_FAILED: _FAULT,
    Reason.LOST: f"Its Job is gone and its result with it. {_TELL}.",
    Reason.ENGINE_ERROR: f"The engine failed. {_TELL}; its log has the cause.",
    Reason.PLAN_NOT_FOUND: _PLAN_GONE,
    Reason.PLAN_EXPIRED: _PLAN_GONE,
    Reason.PLAN_USED: "This plan was carried out already. If more is wanted, propose it again.",
    Reason.PLAN_CHANGED: f"The target has changed since the plan was made, so nothing was done. {_PLAN_GONE}",
    Reason.PREDECESSOR_CYCLE: "The executions wait for each other. Propose them without that.",
    Reason.NOTHING_TO_UNDO: _UNDO_BY_HAND,
    Reason.DIVERGED: f"Somebody has changed what it would undo. {_UNDO_BY_HAND}",
    Reason.CONDITION_NOT_MET: "It was skipped, because what it comes after ended otherwise. Look at the other steps with list_executions.",
    Reason.PREDECESSOR_NOT_FOUND: "It was skipped, because what it comes after never appeared.",
    Reason.CANCEL_REQUESTED: "It was cancelled. Propose it again only if a person still wants it.",
}


def next_for(execution: ExecutionView) -> list[str]:
    """Return what to do next with one execution, the most useful first."""
    name, where, status = execution.name, f"{execution.name} -n {execution.namespace}", execution.status
    if execution.phase is Phase.SUCCEEDED:
        return _after_rehearsal(execution, where) if execution.is_dry_run else _after_success(execution)
    steps = [BY_REASON[Reason(status.reason)].format(where=where)] if status.reason in set(Reason) else []
    if not execution.has_ended:
        return steps or [f"Call wait_for with execution {name}."]
    if status.result and status.result.changes and not execution.is_dry_run:
        steps.append("It changed something before it ended: see untrusted.changes.")
    return [*steps, *_undo(execution)]


def next_for_run(run: str, namespace: str, steps: Sequence[ExecutionView]) -> list[str]:
    """Return what to do next with a run."""
    if not all(step.has_ended for step in steps):
        return [f"Call wait_for with run {run}."]
    if failed := [step.name for step in steps if step.phase is Phase.FAILED]:
        return [f"Call get_execution with execution {failed[0]}, which failed."]
    if all(step.is_dry_run for step in steps):
        decide = f"kubernaut approve --run {run} -n {namespace}"
        return [
            f"Show a person what each step would change, and ask for a decision. Only a person can approve: {decide}",
            "What carries the run out then has the same runbook and another name: find it with list_executions.",
        ]
    return []


def _after_rehearsal(execution: ExecutionView, where: str) -> list[str]:
    status, name = execution.status, execution.name
    if status.approval:
        carries = status.approval.execution
        return [
            f"It was approved. Execution {carries} carries it out: call wait_for or get_execution with execution {carries}."
        ]
    if execution.is_rejected:
        return ["It was rejected, and nobody can approve it any more. Ask a person what is wanted instead."]
    if not status.result or not status.result.changes:
        return ["It would change nothing, so there is nothing to approve. Of a check: what it waited for holds."]
    if not status.plan_digest:
        return ["Its changes are not recorded as a whole, so it cannot be approved: propose less at a time."]
    return [
        f"Show a person these changes, and ask for a decision. Only a person can approve: kubernaut approve {where}",
        f"Then call wait_for with execution {name} and until carried_out.",
        "A plan can be approved for an hour, unless the cluster says otherwise.",
    ]


def _after_success(execution: ExecutionView) -> list[str]:
    verified = execution.status.condition("Verified")
    done = (
        "It is done, and the action saw its change take effect."
        if verified and verified.status == "True"
        else "It is done. Whether it helped, a check or the workload itself shows."
    )
    return [done, *_undo(execution)]


def _undo(execution: ExecutionView) -> list[str]:
    if not has_rollback(execution):
        return []
    return [f"If it did not help, propose its inverse: propose_rollback with execution {execution.name}."]


def has_rollback(execution: ExecutionView) -> bool:
    """Whether the engine has recorded how to undo it."""
    return bool(execution.status.result and execution.status.result.rollback)
