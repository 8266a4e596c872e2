"""Why a Job failed: a reason and a sentence, from the Job's verdict, its pods, and what kept them from running."""

from __future__ import annotations

import signal
from collections.abc import Iterable, Mapping
from typing import Any

from kubernaut.api.execution import Reason
from kubernaut.api.labels import ANNOTATION_TARGET
from kubernaut.api.steps import DRY_RUN, EXECUTE, REJECTED_EXIT_CODE
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.diagnosis import Diagnosis
from kubernaut.jobs.failure_policy import POLICY_VERDICT, fails_job
from kubernaut.jobs.step_runs import StepRun
from kubernaut.jobs.termination import shorten

STEP_NAMES = {DRY_RUN: "The dry run", EXECUTE: "The action"}


def explain_failure(
    job: Mapping[str, Any], failed: Mapping[str, Any], attempts: tuple[Attempt, ...], last_diagnosis: Diagnosis | None
) -> tuple[Reason, str]:
    """Return reason and message for a Job whose condition `failed` is true."""
    if failed.get("reason") == "DeadlineExceeded":
        return _deadline(job, attempts, last_diagnosis)
    attempt = _failing_attempt(job, failed, attempts)
    if attempt is None:
        verdict = f"{failed.get('reason', 'Failed')}: {failed.get('message', 'no details')}"
        return Reason.RETRIES_EXHAUSTED, f"The Job failed ({verdict}), and none of its pods is left to show the cause."
    run = attempt.failed_step
    if run is None and attempt.foreign_failure and not attempt.interruption:
        return Reason.CONTAINER_FAILED, f"{_sentence(attempt.foreign_failure.failure)} (pod {attempt.pod})."
    if run is None or (attempt.interruption and not (run.report and run.report.final)):
        return _interrupted(attempt, target_of(job), failed)
    return _step_failure(run, f"{STEP_NAMES[run.step]} on {target_of(job)}", attempt, failed, attempts)


def _failing_attempt(
    job: Mapping[str, Any], failed: Mapping[str, Any], attempts: tuple[Attempt, ...]
) -> Attempt | None:
    """Return the attempt that failed the Job: the one for which its failure policy does so, else the last that did not succeed."""
    unsuccessful = [a for a in attempts if a.failed_step or a.interruption or a.foreign_failure]
    if failed.get("reason") == POLICY_VERDICT:
        unsuccessful = [attempt for attempt in unsuccessful if fails_job(job, attempt)] or unsuccessful
    return unsuccessful[-1] if unsuccessful else None


def had_pods(job: Mapping[str, Any]) -> bool:
    """Whether an ended Job ever had a pod: the job controller counts as failed those that it deletes, too."""
    status = job.get("status", {})
    return bool(status.get("failed") or status.get("succeeded"))


def target_of(job: Mapping[str, Any]) -> str:
    """Return the target that the Job's annotation names."""
    return str((job["metadata"].get("annotations") or {}).get(ANNOTATION_TARGET, "its target"))


def _interrupted(attempt: Attempt, target: str, failed: Mapping[str, Any]) -> tuple[Reason, str]:
    """Explain a pod that ended before its step could report how."""
    if failed.get("reason") == POLICY_VERDICT:
        cause = f"{attempt.interruption}. It is not retried, because the action is not safe to repeat"
        return Reason.ACTION_FAILED, f"The action on {target} was interrupted and may have started: {cause}."
    return (
        Reason.RETRIES_EXHAUSTED,
        f"Every attempt on {target} was interrupted or failed; the last one: {attempt.interruption}.",
    )


def _deadline(
    job: Mapping[str, Any], attempts: tuple[Attempt, ...], last_diagnosis: Diagnosis | None
) -> tuple[Reason, str]:
    deadline = f"Deadline of {job['spec'].get('activeDeadlineSeconds', '?')} s exceeded"
    started = [attempt for attempt in attempts if attempt.has_started]
    if started:
        return _deadline_at_work(job, attempts, started, deadline)
    before = " before any step started" if attempts or not had_pods(job) else ". When last seen, no step had started"
    diagnoses = (*(attempt.diagnosis for attempt in reversed(attempts)), last_diagnosis)
    if pull := next((found for found in diagnoses if found and found.is_image_pull), None):
        text = f"{deadline}{before}: {pull.message}. Check the image's name and the registry."
        return Reason.IMAGE_PULL_FAILED, text
    if foreign := _foreign_cause(attempts, diagnoses):
        return Reason.CONTAINER_FAILED, f"{deadline}{before}: {foreign}."
    if last_diagnosis or attempts:
        shown = last_diagnosis or next((found for a in attempts if (found := a.diagnosis)), None)
        cause = shown.message if shown else "none of its pods started"
        return Reason.DEADLINE_EXCEEDED, f"{deadline}{before}: {cause}."
    far = ". Its pods are gone, so how far it got is unknown" if had_pods(job) else " before any pod was created"
    return Reason.DEADLINE_EXCEEDED, f"{deadline}{far}."


def _deadline_at_work(
    job: Mapping[str, Any], attempts: tuple[Attempt, ...], started: list[Attempt], deadline: str
) -> tuple[Reason, str]:
    """Explain a deadline that passed after a step had started: which step it stopped, unless that had refused for good just before."""
    last = started[-1]
    if kept_open := explain_kept_open(job, last, attempts):
        return kept_open
    run = last.failed_step
    if run and run.exit_code == REJECTED_EXIT_CODE and run.report:
        return _step_failure(run, f"{STEP_NAMES[run.step]} on {target_of(job)}", last, {}, attempts)
    run = next(run for run in reversed(last.steps) if run.started)
    stopped = f"{STEP_NAMES[run.step]} on {target_of(job)} was stopped in attempt {len(started)}"
    return Reason.DEADLINE_EXCEEDED, f"{stopped}: {deadline.lower()} by all attempts together."


def explain_kept_open(
    job: Mapping[str, Any], attempt: Attempt, attempts: tuple[Attempt, ...]
) -> tuple[Reason, str] | None:
    """Explain a step that failed in a pod which another container keeps running, so that it is not retried; None if that is not so."""
    run, kept = attempt.failed_step, attempt.kept_open
    if run is None or kept is None:
        return None
    reason, message = _step_failure(run, f"{STEP_NAMES[run.step]} on {target_of(job)}", attempt, {}, attempts)
    return reason, f"{message} It was not retried, because {kept[0].title} kept its pod running."


def _foreign_cause(attempts: tuple[Attempt, ...], diagnoses: Iterable[Diagnosis | None]) -> str:
    """Return which container of another system kept the pods from starting their steps, or ""."""
    found = next((d for d in diagnoses if d and d.reason == Reason.CONTAINER_FAILED), None)
    if found:
        return found.message
    foreign = attempts[-1].foreign if attempts else ()
    return next((f"{c.title} was still running" for c in foreign if c.is_running), "")


def _sentence(clause: str) -> str:
    return clause[:1].upper() + clause[1:]


def _step_failure(
    run: StepRun, step: str, attempt: Attempt, failed: Mapping[str, Any], attempts: tuple[Attempt, ...]
) -> tuple[Reason, str]:
    output = shorten(run.report.message if run.report else run.termination_message).rstrip(".") or "no output"
    reported = run.report.reason if run.report else ""
    started = sum(attempt.has_started for attempt in attempts)
    times = "once" if started == 1 else f"{started} times"
    code = _format_exit_code(run.exit_code)
    rejected = Reason.DRY_RUN_REJECTED if run.step == DRY_RUN else Reason.ACTION_FAILED
    causes = (
        (
            run.termination_reason == "OOMKilled",
            Reason.OUT_OF_MEMORY,
            "exceeded its memory limit and was killed: raise the action's limit",
        ),
        (reported == "Forbidden", Reason.FORBIDDEN, f"was not allowed to: {output}"),
        (reported == "PlanChanged", Reason.PLAN_CHANGED, f"was refused: {output}"),
        (reported == "Diverged", Reason.DIVERGED, f"was refused: {output}"),
        (reported == "PluginError", Reason.PLUGIN_ERROR, f"failed in the plugin's own code: {output}"),
        (run.exit_code == REJECTED_EXIT_CODE, rejected, f"was rejected: {output}"),
        (run.termination_reason == "StartError", Reason.PLUGIN_ERROR, f"could not be started: {output}"),
        (
            failed.get("reason") == POLICY_VERDICT,
            Reason.ACTION_FAILED,
            f"failed with {code} and is not retried, because the action is not safe to repeat: {output}",
        ),
        (True, Reason.RETRIES_EXHAUSTED, f"failed {times}, the last time with {code}: {output}"),
    )
    return next((reason, f"{step} {text} (pod {attempt.pod}).") for holds, reason, text in causes if holds)


def _format_exit_code(exit_code: int | None) -> str:
    """Return an exit code with the signal that it stands for."""
    names = {number.value + 128: number.name for number in signal.Signals}
    name = f" ({names[exit_code]})" if exit_code in names else ""
    return f"exit code {exit_code}{name}"
