"""A resolved alert withdraws what it began and has not started yet. What runs goes on, and is named."""

from __future__ import annotations

from dataclasses import replace

from kubernaut.api.labels import ANNOTATION_ALERT_STARTED, LABEL_ALERT, LABEL_RUN
from kubernaut.api.view import ExecutionView
from kubernaut.caller.cancellation import withdraw
from kubernaut.caller.runs import annotation, position
from kubernaut.errors import KubernautError
from kubernaut.kube.follow import each
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.receiver.decisions import Decision, Outcome
from kubernaut.receiver.failures import decision_of_error
from kubernaut.receiver.firing import Sender
from kubernaut.receiver.webhook import Alert, parse_started


async def withdraw_runs(sender: Sender, alert: Alert) -> Decision:
    """Withdraw the runs that this alert began, as this sender, before it was resolved, and return what became of that."""
    about = Decision(alert, Outcome.NOTHING_TO_CANCEL)
    try:
        begun = await _begun(sender, alert)
        withdrawn = await withdraw(sender.cluster, begun)
    except KubernautError as error:
        return decision_of_error(about, error)
    running = [one.name for one in begun if not one.has_ended and one not in withdrawn]
    sentences = [f"cancelled or rejected: {', '.join(one.name for one in withdrawn)}"] if withdrawn else []
    sentences += [f"goes on: {', '.join(running)}"] if running else []
    outcome = Outcome.CANCELLED if withdrawn else Outcome.NOTHING_TO_CANCEL
    runs = sorted({str(one.json["metadata"]["labels"][LABEL_RUN]) for one in begun})
    return replace(about, outcome=outcome, run=" ".join(runs), message="; ".join(sentences), cancelled=len(withdrawn))


async def _begun(sender: Sender, alert: Alert) -> list[ExecutionView]:
    """Return what this alert began, in its order."""
    selector = f"{LABEL_ALERT}={alert.fingerprint}"
    found = each(sender.cluster, EXECUTIONS, alert.namespace, selector)
    begun = [one async for one in (ExecutionView(obj) async for obj in found) if _is_of(one, alert, sender.user)]
    return sorted(begun, key=lambda one: (position(one), one.name))


def _is_of(execution: ExecutionView, alert: Alert, user: str) -> bool:
    """Whether it was begun by this alert before it was resolved, and not by the same alert when it fired again, or by another user.

    Labels and annotations are claims; with the admission policies, nobody claims to be another requester.
    """
    started = parse_started(annotation(execution, ANNOTATION_ALERT_STARTED))
    ended = max(alert.starts_at, alert.ends_at or alert.starts_at)
    in_a_run = bool((execution.json["metadata"].get("labels") or {}).get(LABEL_RUN))
    is_own = user in {"", execution.requested_by}
    return started is not None and started <= ended and in_a_run and is_own
