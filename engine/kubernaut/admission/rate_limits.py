"""How often a namespace and a target may be acted on: a cooldown per action and target, and a budget of starts per namespace.

This state has one owner, which derives it from the executions that exist, so it is rebuilt at start-up; what was deleted since then is
remembered while the engine runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from kubernaut.api.execution import Reason
from kubernaut.api.labels import ANNOTATION_RESUMED
from kubernaut.api.timestamps import parse_time
from kubernaut.api.view import ExecutionView
from kubernaut.settings import BudgetSettings

_MAX_COOLDOWN = timedelta(days=1)
"""The longest cooldown that a plugin or the configuration can ask for; older ends are forgotten."""


@dataclass(frozen=True, slots=True)
class Delay:
    """Why an execution must not start yet."""

    reason: Reason
    message: str
    seconds: float | None = None
    """How long; None until a person resumes it."""


@dataclass(frozen=True, slots=True, order=True)
class _End:
    time: datetime
    execution: str


class RateLimiter:
    """Counts starts and remembers ends. No method awaits anything, so no two workers can use the same place in a budget."""

    def __init__(self, budget: BudgetSettings | None, clock: Callable[[], datetime]) -> None:
        self._budget, self._clock = budget, clock
        self._starts: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        self._ends: dict[tuple[str, str, str], _End] = {}
        """By namespace, action and target; the first ones were recorded first."""

    def record(self, execution: ExecutionView) -> None:
        """Learn from an execution when it started and when it ended."""
        if execution.is_dry_run or not execution.job_name:
            return
        status = execution.status
        if status.start_time and self._budget:
            self._starts[execution.namespace][execution.uid] = status.start_time
        if status.completion_time:
            place = (execution.namespace, execution.action, str(status.target))
            end = _End(status.completion_time, execution.name)
            self._ends[place] = max(self._ends.pop(place, end), end)
            self._prune()

    def check(self, execution: ExecutionView, target: str, cooldown: int) -> Delay | None:
        """Return why this execution must not start now. None counts it as started, until `cancel_start`.

        `cooldown` is in seconds.
        """
        if execution.is_dry_run:
            return None
        delay = (
            None
            if _is_resumed(execution)
            else self._over_budget(execution) or self._cooling(execution, target, cooldown)
        )
        if delay is None and self._budget:
            self._starts[execution.namespace][execution.uid] = self._clock()
        return delay

    def cancel_start(self, namespace: str, uid: str) -> None:
        """Take back a start that `check` counted."""
        self._starts[namespace].pop(uid, None)

    def _over_budget(self, execution: ExecutionView) -> Delay | None:
        if self._budget is None:
            return None
        namespace, limit, window = execution.namespace, self._budget.executions, self._budget.window_seconds
        since = self._clock() - timedelta(seconds=window)
        recent = {uid: time for uid, time in self._starts[namespace].items() if time > since}
        self._starts[namespace] = recent
        is_held = execution.status.reason == Reason.BUDGET_EXCEEDED
        if not is_held and len(recent.keys() - {execution.uid}) < limit:
            return None
        message = (
            f"Budget: {limit} executions started in {namespace} within {window} s, as many as the configuration allows. "
            f"This one waits until someone resumes it: kubernaut resume {execution.name} -n {namespace}"
        )
        return Delay(Reason.BUDGET_EXCEEDED, message)

    def _cooling(self, execution: ExecutionView, target: str, cooldown: int) -> Delay | None:
        namespace, action = execution.namespace, execution.action
        last = self._ends.get((namespace, action, target))
        if last is None or not cooldown:
            return None
        # A clock that was set back must not extend a cooldown beyond its own length.
        left = min(cooldown, cooldown - (self._clock() - last.time).total_seconds())
        if left <= 0:
            return None
        until = (self._clock() + timedelta(seconds=left)).strftime("%H:%M:%S UTC")
        message = (
            f"Cooldown: execution {last.execution} finished on {target} recently, and {action} waits {cooldown} s between "
            f"executions on a target. This one starts at {until}. To start it now: kubernaut resume {execution.name} -n {namespace}"
        )
        return Delay(Reason.COOLING_DOWN, message, left)

    def _prune(self) -> None:
        oldest = self._clock() - _MAX_COOLDOWN
        while self._ends and next(iter(self._ends.values())).time < oldest:
            del self._ends[next(iter(self._ends))]


def _is_resumed(execution: ExecutionView) -> bool:
    """Whether a person has lifted the hold that status records, and not an earlier one."""
    held_since = execution.status.held_since
    try:
        return held_since is not None and parse_time(execution.annotation(ANNOTATION_RESUMED)) == held_since
    except ValueError:
        return False
