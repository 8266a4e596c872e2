"""A firing alert begins the run of a runbook, once: the name follows from the runbook, the alert's fingerprint and when it began."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from kubernaut.api.execution import DEFAULT_TTL_SECONDS
from kubernaut.api.labels import (
    ANNOTATION_ALERT_FINGERPRINT,
    ANNOTATION_ALERT_LINK,
    ANNOTATION_ALERT_NAME,
    ANNOTATION_ALERT_STARTED,
    ANNOTATION_REQUESTED_BY,
    ANNOTATION_TRACEPARENT,
    LABEL_ALERT,
)
from kubernaut.api.runbook import Mode
from kubernaut.caller.planned_runs import PlannedRun, plan_run
from kubernaut.caller.repeated_runs import (
    begun_already,
    create_missing,
    missing_executions,
    repeatable_manifests,
)
from kubernaut.errors import ExistsError, InputError, KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Object
from kubernaut.plugins.registry import Registry
from kubernaut.receiver.decisions import Decision, Outcome, Reason
from kubernaut.receiver.failures import decision_of_error
from kubernaut.receiver.matching import Match
from kubernaut.receiver.rate_limits import RateLimits
from kubernaut.receiver.webhook import Alert
from kubernaut.runbooks.alert_arguments import alert_arguments, label_problem
from kubernaut.runbooks.expansion import alert_suffix

MAX_AGE = timedelta(seconds=DEFAULT_TTL_SECONDS - 3600)
"""How long ago an alert may have begun: what it began is kept at least so long, and after that a repeat would begin it again."""
MAX_AHEAD = timedelta(hours=1)
"""How far clocks may differ: an alert that begins later would outlive what it began, and a repeat begin it again."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent the webhook: a connection as them, and their name."""

    cluster: Cluster
    user: str


async def begin_run(
    sender: Sender, alert: Alert, match: Match, limits: RateLimits, registry: Registry, now: datetime
) -> Decision:
    """Begin the run that this alert asks for, unless it is there already, and return what became of that."""
    about = Decision(alert, Outcome.REFUSED, runbook=match.runbook.name)
    if refusal := _refusal(about, alert, match, now):
        return refusal
    cause = _cause(match.runbook.name, alert)
    try:
        planned = _plan(alert, match, cause, registry)
    except InputError as error:
        return replace(about, reason=Reason.INVALID_ARGUMENTS, message=str(error))
    about = replace(about, run=planned.run.name)
    manifests = repeatable_manifests(planned, {LABEL_ALERT: alert.fingerprint}, _annotations(alert, cause, sender.user))
    try:
        return await _begin(sender.cluster, about, manifests, limits)
    except ExistsError as error:
        return replace(about, reason=Reason.NAME_TAKEN, message=str(error))
    except KubernautError as error:
        return decision_of_error(about, error)


def _refusal(about: Decision, alert: Alert, match: Match, now: datetime) -> Decision | None:
    """Return why this alert cannot begin the run, as far as can be told without the cluster, or None."""
    if now - alert.starts_at > MAX_AGE:
        message = f"it has been firing since {alert.started}: what it began may have been deleted already, and is not begun again"
        return replace(about, reason=Reason.TOO_OLD, message=message)
    if alert.starts_at - now > MAX_AHEAD:
        message = f"it starts at {alert.started}, which is in the future: correct the clock of whatever sent the alert"
        return replace(about, reason=Reason.TOO_NEW, message=message)
    if problem := match.runbook.problem(match.rule):
        return replace(about, reason=Reason.INVALID_RUNBOOK, message=problem)
    if label := label_problem(match.rule, alert.labels):
        reason = Reason.MISSING_LABEL if label.is_missing else Reason.UNUSABLE_LABEL
        return replace(about, reason=reason, message=label.message)
    return None


def _plan(alert: Alert, match: Match, cause: str, registry: Registry) -> PlannedRun:
    runbook = match.runbook
    arguments = alert_arguments(runbook.spec.parameters, match.rule, alert.labels)
    propose = match.rule.mode is Mode.PROPOSE
    planned = plan_run(runbook.json, arguments, propose=propose, suffix=alert_suffix(cause), registry=registry)
    if not planned.run.steps:
        raise InputError(f"runbook {runbook.name} has no step that can be rehearsed")
    return planned


async def _begin(cluster: Cluster, about: Decision, manifests: Sequence[Object], limits: RateLimits) -> Decision:
    there = replace(about, outcome=Outcome.ALREADY_THERE)
    if await begun_already(cluster, manifests):
        return there
    namespace = manifests[0]["metadata"]["namespace"]
    if waiting := limits.wait(namespace, len(manifests)):
        return _limited(about, namespace, waiting)
    missing = await missing_executions(cluster, manifests)
    if not missing:
        return there
    if waiting := limits.take(namespace, len(missing)):  # others may have taken the rest meanwhile
        return _limited(about, namespace, waiting)
    created = await create_missing(cluster, missing)
    return replace(about, outcome=Outcome.CREATED, created=created) if created else there


def _limited(about: Decision, namespace: str, waiting: float) -> Decision:
    message = f"alerts create no more executions now, in namespace {namespace} or in all"
    return replace(about, outcome=Outcome.POSTPONED, reason=Reason.RATE_LIMITED, message=message, retry_after=waiting)


def _cause(runbook: str, alert: Alert) -> str:
    return json.dumps([runbook, alert.fingerprint, alert.started])


def _annotations(alert: Alert, cause: str, user: str) -> Mapping[str, str]:
    """Return what every execution of the run says of its origin. The trace follows from the cause: all have the same."""
    trace = hashlib.sha256(f"trace/{cause}".encode()).hexdigest()
    written = {
        ANNOTATION_TRACEPARENT: f"00-{trace[:32]}-{trace[32:48]}-01",
        ANNOTATION_ALERT_NAME: alert.name,
        ANNOTATION_ALERT_FINGERPRINT: alert.fingerprint,
        ANNOTATION_ALERT_STARTED: alert.started,
        ANNOTATION_ALERT_LINK: alert.link,
        ANNOTATION_REQUESTED_BY: user,
    }
    return {name: value for name, value in written.items() if value}
