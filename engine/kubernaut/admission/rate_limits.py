"""How often a namespace and a target may be acted on: a cooldown per action and target, and a budget of starts per namespace.

The only holder of this state. All of it follows from the executions that exist, so it is built anew at start-up; what was deleted since
is remembered as long as this engine runs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from kubernaut.api.execution import Reason
from kubernaut.api.labels import ANNOTATION_RESUMED
from kubernaut.api.timestamps import parse_time
from kubernaut.settings import BudgetSettings


@dataclass(frozen=True, slots=True)
class Hold:
    """Not yet. With no `seconds`, a person must resume it."""

    reason: Reason
    message: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True, order=True)
class _End:
    time: datetime
    execution: str


class Pace:
    """Counts starts and remembers ends; every method is instantaneous, so no two workers can use the same place in a budget."""

    def __init__(self, budget: BudgetSettings | None, clock: Callable[[], datetime]) -> None:
        self._budget, self._clock = budget, clock
        self._starts: defaultdict[str, dict[str, datetime]] = defaultdict(dict)
        self._ends: dict[tuple[str, str, str], _End] = {}

    def note(self, obj: Mapping[str, Any]) -> None:
        """Learn from an execution as it is: when it started, and when it ended."""
        status, metadata, spec = obj.get("status", {}), obj["metadata"], obj["spec"]
        if spec.get("dryRun") or not status.get("jobName"):
            return
        started, ended = parse_time(status.get("startTime")), parse_time(status.get("completionTime"))
        if started and self._budget:
            self._starts[metadata["namespace"]][metadata["uid"]] = started
        if ended:
            place = (metadata["namespace"], spec["action"], str(status.get("target")))
            self._ends[place] = max(self._ends.get(place, _End(ended, metadata["name"])), _End(ended, metadata["name"]))

    def hold(self, obj: Mapping[str, Any], target: str, cooldown: int) -> Hold | None:
        """Why this execution must not start now; None grants it a place, which it keeps until `withdraw`."""
        if obj["spec"].get("dryRun"):
            return None
        metadata = obj["metadata"]
        held_since = obj.get("status", {}).get("heldSince")
        resumed = bool(held_since) and metadata.get("annotations", {}).get(ANNOTATION_RESUMED) == held_since
        hold = None if resumed else self._over_budget(obj) or self._too_soon(obj, target, cooldown)
        if hold is None and self._budget:
            self._starts[metadata["namespace"]][metadata["uid"]] = self._clock()
        return hold

    def withdraw(self, namespace: str, uid: str) -> None:
        """It did not start after all."""
        self._starts[namespace].pop(uid, None)

    def _over_budget(self, obj: Mapping[str, Any]) -> Hold | None:
        if self._budget is None:
            return None
        namespace, name = obj["metadata"]["namespace"], obj["metadata"]["name"]
        limit, window = self._budget.executions, self._budget.window_seconds
        since = self._clock() - timedelta(seconds=window)
        recent = {uid: time for uid, time in self._starts[namespace].items() if time > since}
        self._starts[namespace] = recent
        held = obj.get("status", {}).get("reason") == Reason.BUDGET_EXCEEDED
        if not held and len(recent.keys() - {obj["metadata"]["uid"]}) < limit:
            return None
        message = (
            f"{limit} executions started in {namespace} within {window} s, as many as the engine's budget allows; "
            f"this one waits until a person lets it go: kubernaut resume {name} -n {namespace}"
        )
        return Hold(Reason.BUDGET_EXCEEDED, message)

    def _too_soon(self, obj: Mapping[str, Any], target: str, cooldown: int) -> Hold | None:
        namespace, action = obj["metadata"]["namespace"], obj["spec"]["action"]
        last = self._ends.get((namespace, action, target))
        if last is None or not cooldown:
            return None
        # A clock that was set back must not prolong a cooldown beyond its own length.
        left = min(cooldown, cooldown - (self._clock() - last.time).total_seconds())
        if left <= 0:
            return None
        until = (self._clock() + timedelta(seconds=left)).strftime("%H:%M:%S UTC")
        message = (
            f"{last.execution} acted on {target} just before; {action} waits {cooldown} s between two on one target, "
            f"so it starts at {until}. At once: kubernaut resume {obj['metadata']['name']} -n {namespace}"
        )
        return Hold(Reason.COOLING_DOWN, message, left)
