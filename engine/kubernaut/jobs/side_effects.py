"""What the attempts of a Job changed together, whatever became of each: a retry hides nothing that an earlier attempt did.

What an attempt is about to change is known before it writes, from its dry run. If it dies before it can report, the dry run's plan says
what it may have changed, and a later attempt that finds the field as wanted confirms the change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernaut.api.plugin import Change, Result
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.jobs.attempts import Attempt
from kubernaut.jobs.termination import Report

_MAX_SHOWN_CHANGES = 3
_MAX_VALUE_LENGTH = 60
_NOTHING = Result()


@dataclass(frozen=True, slots=True)
class SideEffects:
    """What is known of what an execution changed."""

    result: Result
    all_known: bool
    """Whether each attempt, or its dry run, reported what it changed or might have changed."""

    def after_failure(self) -> str:
        """Return a sentence on what a failure leaves behind."""
        if self.result.changes:
            also = (
                f", and may have changed {format_changes(self.result.unconfirmed)}" if self.result.unconfirmed else ""
            )
            return f"Before that it changed {format_changes(self.result.changes)}{also}: check whether to keep that."
        if self.result.unconfirmed:
            return f"It may have changed {format_changes(self.result.unconfirmed)}: check its target."
        return "Nothing was changed." if self.all_known else "Whether it changed anything is unknown: check its target."

    def after_success(self) -> str:
        """Return a sentence on earlier attempts that did not report what they did, or "" if there are none."""
        if self.result.unconfirmed:
            changes = format_changes(self.result.unconfirmed)
            return f"An earlier attempt, which ended before it could report, may have changed {changes}."
        if self.all_known or self.result.changes:
            return ""
        return "Whether an earlier attempt, which ended before it could report, changed anything is unknown."


def side_effects(
    attempts: Sequence[Attempt], recorded: Result | None = None, job: Mapping[str, Any] | None = None
) -> SideEffects:
    """Return what these attempts changed, oldest first, and what `recorded` says of those before them.

    `job`, if given, says how many attempts failed, and so whether any of them left no trace.
    """
    fields = _Fields(recorded or _NOTHING)
    for attempt in attempts:
        fields.add(attempt)
    untold = any(_is_untold(attempt) for attempt in attempts) or _has_unseen_attempts(attempts, job)
    return SideEffects(fields.result(), all_known=bool(attempts) and not untold)


def planned_result(attempts: Sequence[Attempt]) -> Result:
    """Return what the dry run of the last attempt that reported would change."""
    reports = list(_reports(attempts, DRY_RUN))
    if not reports:
        return _NOTHING
    changes = tuple(change for change in reports[-1].changes if change.before != change.after)
    outputs = {key: value for report in reports for key, value in report.outputs.items()}
    dropped = sum(step.disbelieved for attempt in attempts for step in attempt.steps)
    return Result(changes=changes, outputs=outputs, truncated=reports[-1].truncated, disbelieved=dropped or None)


def format_changes(changes: Sequence[Change]) -> str:
    """Return the changes in one line; of many, the first three and how many more there are."""
    shown = [
        f"{c.kind}/{c.name} {c.field}: {format_value(c.before)} → {format_value(c.after)}"
        for c in changes[:_MAX_SHOWN_CHANGES]
    ]
    more = len(changes) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


class _Fields:
    """The fields that were changed, or may have been: of each the first value before and the last one after."""

    def __init__(self, recorded: Result) -> None:
        self._changes: dict[tuple[str, str, str], Change] = {}
        self._doubtful: set[tuple[str, str, str]] = set()
        self._outputs: dict[str, Any] = dict(recorded.outputs)
        self._truncated = recorded.truncated
        self._disbelieved, self._dropped = recorded.disbelieved or 0, 0
        self._confirm(recorded.changes)
        self._doubt(recorded.unconfirmed)

    def add(self, attempt: Attempt) -> None:
        """Add what one more attempt did."""
        self._dropped += sum(step.disbelieved for step in attempt.steps)
        for report in _reports([attempt], EXECUTE):
            self._confirm(report.changes)
            self._outputs |= report.outputs
            self._truncated |= report.truncated
        if _may_hide_changes(attempt):
            for plan in _reports([attempt], DRY_RUN):
                self._doubt(plan.changes)
                self._truncated |= plan.truncated

    def result(self) -> Result:
        """Return all of it."""
        changed = {key: change for key, change in self._changes.items() if change.before != change.after}
        return Result(
            changes=tuple(change for key, change in changed.items() if key not in self._doubtful),
            unconfirmed=tuple(change for key, change in changed.items() if key in self._doubtful),
            outputs=self._outputs,
            truncated=self._truncated,
            disbelieved=max(self._disbelieved, self._dropped) or None,
        )

    def _confirm(self, changes: Iterable[Change]) -> None:
        for change in changes:
            key = (change.kind, change.name, change.field)
            earlier = self._changes.get(key, change)
            self._changes[key] = change.model_copy(update={"before": earlier.before})
            self._doubtful.discard(key)

    def _doubt(self, changes: Iterable[Change]) -> None:
        for change in changes:
            key = (change.kind, change.name, change.field)
            if key not in self._changes:
                self._changes[key] = change
                self._doubtful.add(key)


def _reports(attempts: Iterable[Attempt], step: str) -> Iterator[Report]:
    for attempt in attempts:
        if (run := attempt.step(step)) and run.report:
            yield run.report


def _may_hide_changes(attempt: Attempt) -> bool:
    """Whether it may have changed something that it did not report."""
    run = attempt.step(EXECUTE)
    if attempt.succeeded or not attempt.may_have_executed:
        return False
    return not (run and run.report and run.report.final and not run.report.unsure)


def _is_untold(attempt: Attempt) -> bool:
    """Whether it is unknown what it may have changed, because its dry run reported no plan."""
    return _may_hide_changes(attempt) and not any(plan.changes for plan in _reports([attempt], DRY_RUN))


def _has_unseen_attempts(attempts: Sequence[Attempt], job: Mapping[str, Any] | None) -> bool:
    """Whether the Job counts more failed pods than are known: an engine that was down may have missed some."""
    failed = ((job or {}).get("status") or {}).get("failed") or 0
    known = sum(not attempt.succeeded or attempt.foreign_failure is not None for attempt in attempts)
    return isinstance(failed, int) and failed > known


def format_value(value: object) -> str:
    """Return a value as one short text."""
    text = "absent" if value is None else str(value) if not isinstance(value, str) else repr(value)
    return text if len(text) <= _MAX_VALUE_LENGTH else f"{text[:_MAX_VALUE_LENGTH]}…"
