"""What an execution comes after (`spec.after`): it waits until each predecessor has ended as it asks, and is skipped once one cannot.

Which end a predecessor had is recorded in the status of those that still wait, so it counts after the predecessor is deleted. The rest
follows from the executions that exist.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from pydantic import ValidationError

from kubernaut.admission.decisions import Deferred, Rejected
from kubernaut.api.execution import Predecessor, PredecessorEnd, Reason
from kubernaut.api.view import ExecutionView
from kubernaut.kube.objects import Key

GIVE_UP_SECONDS = 600.0
"""How long after its own creation an execution waits for a predecessor that does not exist."""


class Predecessors:
    """Knows who waits for whom. No method awaits anything, so no end is missed between a look and a wait."""

    def __init__(self, view: Callable[[Key], ExecutionView | None], clock: Callable[[], datetime]) -> None:
        """`view` returns an execution as it was seen last."""
        self._view, self._clock = view, clock
        self._waiting: defaultdict[Key, set[Key]] = defaultdict(set)
        """By predecessor, those that wait for it."""
        self._deleted: dict[tuple[Key, Key], PredecessorEnd] = {}
        """By waiting execution and predecessor, the end of one that was deleted before it could be recorded."""

    def check(self, execution: ExecutionView) -> Rejected | Deferred | None:
        """Return why an execution must still wait for a predecessor, or never starts; None where all have ended as it asks."""
        if not execution.json["spec"].get("after"):
            return None
        try:
            wanted = execution.spec.after
        except ValidationError:  # which validation refuses, with the field
            return None
        key, ends = Key(execution.namespace, execution.name), self._ends(execution)
        if refused := self._refusal(execution, wanted, ends):
            self.forget(key)
            return refused
        pending = [p.execution for p in wanted if p.execution not in ends]
        if not pending:
            self.forget(key)
            return None
        return self._wait(execution, key, pending, tuple(ends.values()))

    def awaiting(self, predecessor: Key) -> list[Key]:
        """Return those that wait for this execution."""
        return sorted(self._waiting.get(predecessor, ()))

    def record_deletion(self, execution: ExecutionView) -> None:
        """Remember, for those that wait for it, how an execution ended that is deleted now."""
        predecessor = Key(execution.namespace, execution.name)
        phase = execution.phase if execution.has_ended else None
        for key in self.awaiting(predecessor):
            end = PredecessorEnd(execution=execution.name, uid=execution.uid, phase=phase)
            self._deleted.setdefault((key, predecessor), end)

    def forget(self, key: Key) -> None:
        """Drop an execution that waits no longer: it may start, or has ended, or is gone."""
        for predecessor in [one for one, waiting in self._waiting.items() if key in waiting]:
            self._stop_waiting(key, predecessor)
        for pair in [pair for pair in self._deleted if pair[0] == key]:
            del self._deleted[pair]

    def _stop_waiting(self, key: Key, predecessor: Key) -> None:
        self._waiting[predecessor].discard(key)
        if not self._waiting[predecessor]:
            del self._waiting[predecessor]

    def _wait(
        self, execution: ExecutionView, key: Key, pending: list[str], ends: tuple[PredecessorEnd, ...]
    ) -> Rejected | Deferred:
        for end in execution.status.predecessors:
            self._stop_waiting(key, Key(execution.namespace, end.execution))
        for name in pending:
            self._waiting[Key(execution.namespace, name)].add(key)
        missing = [name for name in pending if self._view(Key(execution.namespace, name)) is None]
        left = GIVE_UP_SECONDS - (self._clock() - execution.created).total_seconds()
        if missing and left <= 0:
            self.forget(key)
            message = (
                f"It comes after {missing[0]}, which does not exist in {execution.namespace}, and has waited for it for "
                f"{GIVE_UP_SECONDS / 60:.0f} minutes."
            )
            return Rejected(Reason.PREDECESSOR_NOT_FOUND, message)
        first = missing[0] if missing else pending[0]
        state = "which does not exist yet" if missing else "which has not ended"
        return Deferred(
            Reason.WAITING_FOR_PREDECESSOR,
            f"It comes after {first}, {state}.",
            retry_after=left if missing else None,
            blocked_by=first,
            keeps_queue_position=False,
            predecessors=ends,
        )

    def _refusal(
        self, execution: ExecutionView, wanted: Sequence[Predecessor], ends: Mapping[str, PredecessorEnd]
    ) -> Rejected | None:
        """Return why it can never start, whatever is still to come."""
        if cycle := self._cycle(execution):
            message = (
                f"spec.after: {' comes after '.join(cycle)}, so none of them can ever start; leave one of them out"
            )
            return Rejected(Reason.PREDECESSOR_CYCLE, message)
        if rehearsal := self._rehearsal(execution, wanted):
            message = f"It comes after {rehearsal}, which is a dry run and changes nothing. Nothing was changed."
            return Rejected(Reason.CONDITION_NOT_MET, message)
        impossible = next((p for p in wanted if (end := ends.get(p.execution)) and not _is_met(p, end)), None)
        if impossible:
            return Rejected(Reason.CONDITION_NOT_MET, _not_met(impossible, ends[impossible.execution]))
        return None

    def _rehearsal(self, execution: ExecutionView, wanted: Iterable[Predecessor]) -> str:
        """Return a predecessor that is a dry run, or "": it prepares nothing for an execution that is none itself."""
        if execution.is_dry_run:
            return ""
        views = (self._view(Key(execution.namespace, one.execution)) for one in wanted)
        return next((view.name for view in views if view and view.is_dry_run), "")

    def _ends(self, execution: ExecutionView) -> dict[str, PredecessorEnd]:
        """Return the predecessors that have ended, by name; what was recorded counts, whatever has happened to the name since."""
        key = Key(execution.namespace, execution.name)
        ends = {end.execution: end for end in execution.status.predecessors}
        for wanted in execution.spec.after:
            name = wanted.execution
            predecessor = Key(execution.namespace, name)
            view, deleted = self._view(predecessor), self._deleted.get((key, predecessor))
            if name in ends:
                continue
            if deleted is not None:
                ends[name] = deleted
            elif view is not None and view.has_ended:
                ends[name] = PredecessorEnd(execution=name, uid=view.uid, phase=view.phase)
        return ends

    def _cycle(self, execution: ExecutionView) -> list[str]:
        """Return the names of a cycle that the execution is part of, from itself to itself; [] where there is none."""
        path = [execution.name]
        seen: set[str] = set()
        stack = [iter(_names(execution))]
        while stack:
            name = next(stack[-1], None)
            if name is None:
                stack.pop()
                path.pop()
            elif name == execution.name:
                return [*path, name]
            elif name not in seen:
                seen.add(name)
                view = self._view(Key(execution.namespace, name))
                if view is not None and not view.has_ended and not view.job_name:
                    path.append(name)
                    stack.append(iter(_names(view)))
        return []


def _names(execution: ExecutionView) -> Iterator[str]:
    """Yield what it comes after, read from the JSON: another execution's spec may be one that no engine of this version accepts."""
    for entry in execution.json["spec"].get("after") or ():
        yield str(entry.get("execution"))


def _is_met(wanted: Predecessor, end: PredecessorEnd) -> bool:
    """Whether a predecessor that has ended did so as is asked. One that was deleted before its end met no condition."""
    return end.phase is not None and wanted.when in {"Ended", end.phase}


def _not_met(wanted: Predecessor, end: PredecessorEnd) -> str:
    became = "was deleted before it ended" if end.phase is None else f"ended as {end.phase}"
    asked = "has ended" if wanted.when == "Ended" else f"ended as {wanted.when}"
    return f"It starts only after {wanted.execution} {asked}, and {wanted.execution} {became}. Nothing was changed."
