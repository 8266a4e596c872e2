"""From a Job and its pods to what happened: still in progress, or finished in exactly one way.

Success is taken from the main container's exit code: the pod's phase follows a second later, and the Job's condition two. Failure is the
Job's verdict, because retries are the Job's to decide; its cause is then looked for in the pods (`jobs.failure_cause`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from kubernaut.api.conditions import true_condition
from kubernaut.api.execution import Phase, Reason
from kubernaut.api.labels import ANNOTATION_READ_ONLY, ANNOTATION_REPORTS
from kubernaut.api.plugin import Result
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.jobs.attempts import Attempt, read_attempts
from kubernaut.jobs.diagnosis import Diagnosis
from kubernaut.jobs.failure_cause import STEP_NAMES, explain_failure, explain_kept_open, had_pods, target_of
from kubernaut.jobs.failure_policy import POLICY_VERDICT, fails_job
from kubernaut.jobs.side_effects import SideEffects, format_changes, planned_result, side_effects
from kubernaut.jobs.termination import shorten
from kubernaut.kube.objects import CachedObject

_MAX_LOG_TAIL = 2000
_CONVERGENCE_TIMEOUT = timedelta(seconds=10)
"""How long the pods are waited for after the Job's verdict; then the cause is taken from those that are known."""


KEPT_OPEN_TIMEOUT = timedelta(seconds=30)
"""How long a pod may go on after its main step failed, before its other containers are taken to be the reason."""


@dataclass(frozen=True, slots=True)
class InProgress:
    """No end yet."""

    attempts: tuple[Attempt, ...]
    seconds: float | None = None
    """When to observe again although nothing changes."""

    @property
    def diagnosis(self) -> Diagnosis | None:
        """What keeps the last pod from starting, as far as its own status says."""
        return self.attempts[-1].diagnosis if self.attempts else None


@dataclass(frozen=True, slots=True)
class Finished:
    """The end, as it will be recorded."""

    phase: Phase
    reason: Reason | None
    message: str
    result: Result
    attempts: tuple[Attempt, ...]
    log_tail: str = ""
    """The last lines of the failed pod's log."""


def observe(
    job: Mapping[str, Any],
    attempts: Sequence[Attempt],
    *,
    last_diagnosis: Diagnosis | None = None,
    recorded: Result | None = None,
    dry_run: bool = False,
    now: datetime | None = None,
) -> InProgress | Finished:
    """Return what the Job and its attempts show, whatever they contain.

    `last_diagnosis` is what kept the pods from running while they existed, for causes that vanish with them, and `recorded` what status
    says of attempts whose pods may be gone. `now` is by the engine's clock; without it nothing is concluded from the time that has passed.
    """
    seen = _Seen(job, tuple(attempts), recorded, dry_run)
    successful = next((attempt for attempt in seen.attempts if attempt.succeeded), None)
    if successful:
        return _success(seen, successful)
    failed = true_condition(job, "Failed")
    if failed:
        return _failure(seen, failed, last_diagnosis)
    if true_condition(job, "Complete"):
        message = "It succeeded, but its pod was gone before its result was read: check the target for what changed."
        return Finished(Phase.SUCCEEDED, None, message, seen.effects.result, seen.attempts)
    return _kept_open(seen, now)


def is_explained(job: Mapping[str, Any], pods: Sequence[CachedObject]) -> bool:
    """Whether the pods that are known explain the Job's verdict, if it has one.

    Jobs and pods come by different watches, and one may lag behind the other. Where this is false, the pods must be read anew, or what they
    reported is lost. A deadline needs no pod, as the job controller deletes them first.
    """
    if true_condition(job, "Complete"):
        return any(attempt.succeeded for attempt in read_attempts(pods))
    failed = true_condition(job, "Failed")
    if failed is None or failed.get("reason") == "DeadlineExceeded":
        return True
    ended = [pod.deleted or (pod.json.get("status") or {}).get("phase") in {"Succeeded", "Failed"} for pod in pods]
    if not ended or not all(ended) or failed.get("reason") != POLICY_VERDICT:
        return bool(ended) and all(ended)
    return any(attempt.succeeded or fails_job(job, attempt) for attempt in read_attempts(pods))


def is_conclusive(job: Mapping[str, Any], pods: Sequence[CachedObject], now: datetime) -> bool:
    """Whether nothing more is to be learned of the Job's verdict from its pods, which have just been read.

    No cause of a failure is given before every pod has ended and the one that failed the Job is among them, or ten seconds have passed.
    """
    failed = true_condition(job, "Failed")
    if failed is None or not pods or is_explained(job, pods):
        return True
    since = failed.get("lastTransitionTime")
    return since is not None and now - datetime.fromisoformat(since) > _CONVERGENCE_TIMEOUT


@dataclass(frozen=True, slots=True)
class _Seen:
    """A Job, its attempts, and what was recorded before."""

    job: Mapping[str, Any]
    attempts: tuple[Attempt, ...]
    recorded: Result | None
    dry_run: bool

    @property
    def effects(self) -> SideEffects:
        """What it changed; a dry run changes nothing, and neither does an action that only reads."""
        if self.dry_run:
            return SideEffects(Result(), all_known=True)
        found = side_effects(self.attempts, self.recorded, self.job)
        reads = (self.job["metadata"].get("annotations") or {}).get(ANNOTATION_READ_ONLY) == "true"
        return replace(found, all_known=True) if reads else found


def _kept_open(seen: _Seen, now: datetime | None) -> InProgress | Finished:
    """Return the end of a Job whose step failed in a pod that does not end, because a container of another system runs on."""
    job, attempts = seen.job, seen.attempts
    last = attempts[-1] if attempts else None
    kept = last.kept_open if last else None
    if last is None or kept is None or now is None or last.failed_step is None:
        return InProgress(attempts)
    left = (kept[1] + KEPT_OPEN_TIMEOUT - now).total_seconds()
    if left > 0:
        return InProgress(attempts, left)
    explained = explain_kept_open(job, last, attempts)
    if explained is None:
        return InProgress(attempts)
    (reason, message), effects = explained, seen.effects
    whole = f"{message} {effects.after_failure()}"
    return Finished(Phase.FAILED, reason, whole, effects.result, attempts, _log_tail(attempts))


def _success(seen: _Seen, successful: Attempt) -> Finished:
    job, attempts = seen.job, seen.attempts
    main = successful.step(DRY_RUN if seen.dry_run else EXECUTE)
    reports = (job["metadata"].get("annotations") or {}).get(ANNOTATION_REPORTS) != "false"
    if reports and (main is None or main.report is None or main.report.state != "done"):
        output = f" but {shorten(main.termination_message, 200)!r}" if main and main.termination_message else ""
        step = f"{STEP_NAMES[successful.main]} on {target_of(job)}"
        message = (
            f"{step} succeeded but wrote no result{output} (pod {successful.pod}): its module must call run(perform)."
        )
        return Finished(Phase.FAILED, Reason.PLUGIN_ERROR, message, seen.effects.result, attempts)
    effects = seen.effects
    result = planned_result(attempts) if seen.dry_run else effects.result
    concluded = shorten(main.report.message) if main and main.report and not (seen.dry_run and result.changes) else ""
    earlier = "" if seen.dry_run or not reports else effects.after_success()
    if earlier and not concluded and not result.changes:
        concluded = "The last attempt found everything as requested."
    message = concluded or _success_message(result, reports, seen.dry_run)
    return Finished(Phase.SUCCEEDED, None, f"{message} {earlier}".rstrip(), result, attempts)


def _success_message(result: Result, reports: bool, dry_run: bool) -> str:
    cut = (
        " (The result was too large for a termination message and was cut, so it cannot be undone.)"
        if result.truncated
        else ""
    )
    if result.changes:
        changes = format_changes(result.changes)
        return f"The dry run passed; it would change {changes}.{cut}" if dry_run else f"Changed {changes}.{cut}"
    if not reports:
        return (
            "The dry run passed."
            if dry_run
            else "The command succeeded. Plain commands report no changes; see its pod's log."
        )
    return f"Already in the requested state: nothing {'would change' if dry_run else 'was changed'}.{cut}"


def _failure(seen: _Seen, failed: Mapping[str, Any], last_diagnosis: Diagnosis | None) -> Finished:
    job, attempts, effects = seen.job, seen.attempts, seen.effects
    reason, message = explain_failure(job, failed, attempts, last_diagnosis)
    no_pod = failed.get("reason") == "DeadlineExceeded" and not attempts and not had_pods(job)
    whole = f"{message} {'Nothing was changed.' if no_pod else effects.after_failure()}"
    return Finished(Phase.FAILED, reason, whole, effects.result, attempts, _log_tail(attempts))


def _log_tail(attempts: tuple[Attempt, ...]) -> str:
    """Return what the failed step wrote last: from its report, or, where it has none, from the kubelet's fallback to the log."""
    run = next((attempt.failed_step for attempt in reversed(attempts) if attempt.failed_step), None)
    if run is None:
        return ""
    return shorten(run.report.log if run.report else run.termination_message, _MAX_LOG_TAIL)
