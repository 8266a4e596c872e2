"""From a Job and its pods to what happened: still under way, or one true end.

Success is the main step's own end: the pod's phase tells it a second later, and the Job two. Failure is the Job's verdict, because
retries are the Job's to decide. The cause is then looked for in the pods, and in what was noticed while they still existed.
"""

from __future__ import annotations

import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.labels import ANNOTATION_REPORTS, ANNOTATION_TARGET, REJECTED_EXIT_CODE
from kubernaut.api.plugin import Change, Result
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.jobs.attempts import Attempt, StepRun, read_attempts
from kubernaut.jobs.termination import bounded
from kubernaut.jobs.trouble import NOTHING, Noticed

_SHOWN_CHANGES = 3
_LOG_TAIL = 2000
_STEP_WORDS = {DRY_RUN: "The dry run", EXECUTE: "The action"}


@dataclass(frozen=True, slots=True)
class UnderWay:
    """No end yet; `trouble` says what stands in the way, if anything does."""

    attempts: tuple[Attempt, ...]
    trouble: str = ""
    image_trouble: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The end, as it will be recorded."""

    phase: Phase
    reason: Reason | None
    message: str
    result: Result
    attempts: tuple[Attempt, ...]
    log_tail: str = ""
    """The last lines of the failed pod's log."""


def observe(
    job: Mapping[str, Any], pods: Sequence[Mapping[str, Any]], *, noticed: Noticed = NOTHING, dry_run: bool = False
) -> UnderWay | Ended:
    """What the Job and its pods show. `noticed` is what was recorded while it ran, for causes that vanish with the pods."""
    attempts = read_attempts(pods)
    won = next((attempt for attempt in attempts if attempt.succeeded), None)
    if won:
        return _success(job, won, attempts, dry_run)
    failed, complete = condition(job, "Failed"), condition(job, "Complete")
    if failed:
        return _failure(job, failed, attempts, noticed, dry_run)
    if complete:
        told = "It succeeded, but its pod was gone before its result was read: look at the target for what changed."
        return Ended(Phase.SUCCEEDED, None, told, Result(), attempts)
    last = attempts[-1] if attempts else None
    return UnderWay(attempts, last.trouble if last else "", bool(last and last.image_trouble))


def condition(job: Mapping[str, Any], kind: str) -> Mapping[str, Any] | None:
    """The Job's condition of this type, if it is true. Only Complete and Failed are ends."""
    found = job.get("status", {}).get("conditions", [])
    return next((c for c in found if c["type"] == kind and c["status"] == "True"), None)


def merged_result(attempts: tuple[Attempt, ...], step: str) -> Result:
    """What all attempts did together: the first `before` and the last `after` of each field, so that a retry hides nothing."""
    reports = [run.report for attempt in attempts if (run := attempt.step(step)) and run.report]
    merged: dict[tuple[str, str, str], Change] = {}
    outputs: dict[str, Any] = {}
    for report in reports:
        outputs |= report.outputs
        for change in report.changes:
            field = (change.kind, change.name, change.field)
            earlier = merged.get(field, change)
            merged[field] = Change(
                kind=change.kind, name=change.name, field=change.field, before=earlier.before, after=change.after
            )
    changes = tuple(change for change in merged.values() if change.before != change.after)
    return Result(changes=changes, outputs=outputs, truncated=any(report.truncated for report in reports))


def told_changes(changes: tuple[Change, ...]) -> str:
    """Changes as a human reads them."""
    shown = [f"{c.kind}/{c.name} {c.field}: {_value(c.before)} → {_value(c.after)}" for c in changes[:_SHOWN_CHANGES]]
    more = len(changes) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _success(job: Mapping[str, Any], won: Attempt, attempts: tuple[Attempt, ...], dry_run: bool) -> Ended:
    main = won.step(DRY_RUN if dry_run else EXECUTE)
    reports = job["metadata"].get("annotations", {}).get(ANNOTATION_REPORTS) != "false"
    if reports and (main is None or main.report is None or main.report.state != "done"):
        words = f" but {bounded(main.last_words, 200)!r}" if main and main.last_words else ""
        what = f"{_STEP_WORDS[won.main]} on {_target(job)} ended well but told no result{words} (pod {won.pod})"
        message = f"{what}: its module must call run(perform)."
        return Ended(Phase.FAILED, Reason.PLUGIN_ERROR, message, merged_result(attempts, EXECUTE), attempts)
    result = merged_result(attempts, DRY_RUN if dry_run else EXECUTE)
    concluded = bounded(main.report.message) if main and main.report and not dry_run else ""
    message = concluded or _success_message(result, reports, dry_run)
    return Ended(Phase.SUCCEEDED, None, message, result, attempts)


def _success_message(result: Result, reports: bool, dry_run: bool) -> str:
    cut = " (The result was too large for a termination message and is cut.)" if result.truncated else ""
    if result.changes:
        return (
            f"{'The dry run passed; it would change ' if dry_run else 'Changed '}{told_changes(result.changes)}.{cut}"
        )
    if not reports:
        return (
            "The dry run passed."
            if dry_run
            else "The command succeeded; plain commands tell no changes, its pod's log may."
        )
    return "Everything is already as asked: nothing " + ("would change." if dry_run else "was changed.") + cut


def _failure(
    job: Mapping[str, Any], failed: Mapping[str, Any], attempts: tuple[Attempt, ...], noticed: Noticed, dry_run: bool
) -> Ended:
    result = Result() if dry_run else merged_result(attempts, EXECUTE)
    reason, message = _cause(job, failed, attempts, noticed)
    told = f"{message} {aftermath(result, attempts)}".strip()
    return Ended(Phase.FAILED, reason, told, result, attempts, _log_tail(attempts))


def _log_tail(attempts: tuple[Attempt, ...]) -> str:
    """What the last step that failed wrote last: the runner hands it on, the kubelet does where there is no report."""
    run = next((attempt.failed_step for attempt in reversed(attempts) if attempt.failed_step), None)
    if run is None:
        return ""
    return bounded(run.report.log if run.report else run.last_words, _LOG_TAIL)


def aftermath(result: Result, attempts: tuple[Attempt, ...]) -> str:
    """What a failure leaves behind, as far as is known."""
    if result.changes:
        return f"Before that it changed {told_changes(result.changes)}: check whether that should stay."
    executed = [run for attempt in attempts if (run := attempt.step(EXECUTE)) and run.started]
    if attempts and all(run.report and run.report.final and not run.report.unsure for run in executed):
        return "Nothing was changed."
    return "Whether it changed anything is unknown: look at its target."


def _cause(
    job: Mapping[str, Any], failed: Mapping[str, Any], attempts: tuple[Attempt, ...], noticed: Noticed
) -> tuple[Reason, str]:
    if failed.get("reason") == "DeadlineExceeded":
        return _deadline(job, attempts, noticed)
    last = _decisive(failed, attempts)
    run = last.failed_step if last else None
    if last is None:
        why = f"{failed.get('reason', 'Failed')}: {failed.get('message', 'no more is told')}"
        return Reason.RETRIES_EXHAUSTED, f"The Job failed ({why}), and none of its pods is left to tell why."
    if run is None or (last.interruption and not (run.report and run.report.final)):
        return _interrupted(last, _target(job), failed)
    return _step_cause(run, f"{_STEP_WORDS[run.step]} on {_target(job)}", f"(pod {last.pod})", failed, attempts)


def _decisive(failed: Mapping[str, Any], attempts: tuple[Attempt, ...]) -> Attempt | None:
    """The attempt that ended the Job: the one whose pod its condition names, else the last that did not end well."""
    bad = [attempt for attempt in attempts if attempt.failed_step or attempt.interruption]
    named = (attempt for attempt in bad if f"/{attempt.pod} " in failed.get("message", ""))
    return next(named, bad[-1] if bad else None)


def _interrupted(last: Attempt, target: str, failed: Mapping[str, Any]) -> tuple[Reason, str]:
    """A pod that was taken away before its step could say how it ended."""
    if failed.get("reason") == "PodFailurePolicy":
        text = f"The action on {target} was interrupted once it may have begun, and may not run twice: {last.interruption}."
        return Reason.ACTION_FAILED, text
    return (
        Reason.RETRIES_EXHAUSTED,
        f"Every attempt on {target} was interrupted or failed; at last {last.interruption}.",
    )


def _deadline(job: Mapping[str, Any], attempts: tuple[Attempt, ...], noticed: Noticed) -> tuple[Reason, str]:
    seconds = job["spec"].get("activeDeadlineSeconds", "?")
    began = [attempt for attempt in attempts if attempt.began]
    if not began and (noticed.reason == Reason.IMAGE_PULL_FAILED or any(attempt.image_trouble for attempt in attempts)):
        told = next((attempt.trouble for attempt in reversed(attempts) if attempt.image_trouble), noticed.trouble)
        text = (
            f"It was stopped after {seconds} s, its deadline, before it began: {told or 'its image cannot be pulled'}."
        )
        return Reason.IMAGE_PULL_FAILED, f"{text} Check the image's name and the registry."
    if not began and (noticed.trouble or attempts):
        told = next((attempt.trouble for attempt in attempts if attempt.trouble), "none of its pods started")
        text = f"It was stopped after {seconds} s, its deadline, before it began: {noticed.trouble or told}."
        return Reason.DEADLINE_EXCEEDED, text
    if not began:
        text = f"It was stopped after {seconds} s, its deadline; its pods are gone, so how far it got is unknown."
        return Reason.DEADLINE_EXCEEDED, text
    run = next(run for run in reversed(began[-1].steps) if run.started)
    where = f"{_STEP_WORDS[run.step]} on {_target(job)} was stopped in attempt {len(began)}"
    return Reason.DEADLINE_EXCEEDED, f"{where} after {seconds} s, the deadline of all attempts together."


def _step_cause(
    run: StepRun, what: str, where: str, failed: Mapping[str, Any], attempts: tuple[Attempt, ...]
) -> tuple[Reason, str]:
    words = bounded(run.report.message if run.report else run.last_words).rstrip(".") or "it said nothing"
    told = run.report.reason if run.report else ""
    tries = sum(attempt.began for attempt in attempts)
    times = "once" if tries == 1 else f"{tries} times"
    code = _code(run.exit_code)
    refused = Reason.DRY_RUN_REJECTED if run.step == DRY_RUN else Reason.ACTION_FAILED
    verdicts = (
        (
            run.ended_as == "OOMKilled",
            Reason.OUT_OF_MEMORY,
            "used more memory than its limit and was killed: raise the action's limit",
        ),
        (told == "Forbidden", Reason.FORBIDDEN, f"was not allowed to: {words}"),
        (run.exit_code == REJECTED_EXIT_CODE, refused, f"was refused: {words}"),
        (run.ended_as == "StartError", Reason.PLUGIN_ERROR, f"could not be started: {words}"),
        (told == "PluginError", Reason.PLUGIN_ERROR, f"failed in the plugin's own code: {words}"),
        (
            failed.get("reason") == "PodFailurePolicy",
            Reason.ACTION_FAILED,
            f"failed with {code} and may not run twice: {words}",
        ),
        (True, Reason.RETRIES_EXHAUSTED, f"failed {times}, the last time with {code}: {words}"),
    )
    return next((reason, f"{what} {text} {where}.") for holds, reason, text in verdicts if holds)


def _code(exit_code: int | None) -> str:
    """An exit code, with the signal that it stands for."""
    names = {number.value + 128: number.name for number in signal.Signals}
    named = f" ({names[exit_code]})" if exit_code in names else ""
    return f"exit code {exit_code}{named}"


def _target(job: Mapping[str, Any]) -> str:
    return str(job["metadata"].get("annotations", {}).get(ANNOTATION_TARGET, "its target"))


def _value(value: object) -> str:
    text = "absent" if value is None else str(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
