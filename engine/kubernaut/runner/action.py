"""The argument of `perform`: the parameters, the API client, and methods that record what happened."""

from __future__ import annotations

import json
import os
import time

from kubernaut.printable import printable
from kubernaut.runner.api import Api
from kubernaut.runner.exceptions import Rejected, TryAgain
from kubernaut.runner.report import Report
from kubernaut.runner.written import reverted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

    from kubernaut.runner.http_client import Connection

_RESERVED_SECONDS = 5.0


class Obstacle:
    """What keeps a change from taking effect."""

    def __init__(self, cause: str, seconds: float = 20.0) -> None:
        """Waiting is given up when nothing has changed for so many seconds; infinity for what may pass at any time."""
        self.cause, self.seconds = cause, seconds


class Action:
    """One step of one execution, as seen from inside its pod."""

    def __init__(self, report: Report, connection: Connection | None = None) -> None:
        self._report = report
        self.dry_run = report.step == "dry-run"
        """Whether this is the dry run. `api` takes it into account by itself; ask only before you touch anything other than Kubernetes."""
        payload: dict[str, Any] = json.loads(os.environ["KUBERNAUT_EXECUTION"])
        self.name: str = payload["name"]
        self.namespace: str = payload["namespace"]
        self.uid: str = payload["uid"]
        self.requested_by: str = payload["requestedBy"]
        self.parameters: dict[str, Any] = payload["parameters"]
        """As the plugin's model validated them, with defaults filled in."""
        self.settings: dict[str, Any] = payload["settings"]
        self.deadline_seconds: float = payload["deadlineSeconds"]
        self.api = Api(self.namespace, self.dry_run, report, connection)

    def changed(self, kind: str, name: str, field: str, before: Any, after: Any) -> None:
        """Record that a field changed from `before` to `after` (None for absent).

        Equal values are no change. Record them too: they tell that the field is as wanted, so that what an earlier attempt may have
        changed before it died is known.
        """
        self._report.record_change({"kind": kind, "name": name, "field": field, "before": before, "after": after})
        if before == after:
            self._report.write()
            return
        self.progress(f"{'would change' if self.dry_run else 'changed'} {kind}/{name} {field}: {before!r} -> {after!r}")

    def unsure(self, kind: str, name: str) -> None:
        """Record that a change was requested and that it is unknown whether it was made; `api` does this by itself."""
        self._report.unanswered.add(("CHANGE", kind, name))
        self._report.write()

    def output(self, key: str, value: Any) -> None:
        """Record another value that the caller needs, such as a URL."""
        self._report.outputs[key] = value
        self._report.write()

    def conclude(self, sentence: str) -> None:
        """Set the message of the execution's status, where the changes alone do not explain what was achieved."""
        self._report.message = sentence
        self._report.write()

    def progress(self, message: str) -> None:
        """Write a line to the pod's log."""
        shown = printable(message)
        self._report.log(shown)
        self._report.write()
        print(shown, flush=True)  # noqa: T201 - a pod's log is its standard output

    def reject(self, message: str) -> NoReturn:
        """Refuse for good: no further attempt is made, and `message` becomes part of the status."""
        raise Rejected(message)

    def wait_until(self, awaited: Callable[[], str], seconds: float | None = None, every: float = 0.5) -> None:
        """Call `awaited()` until it returns "", which verifies the action; any other text says what is still missing.

        After `seconds` (by default as long as the deadline allows) the step is refused with the last text. `every` is the pause in seconds
        between calls. An API server that does not answer is waited for, too. In the dry run nothing has changed, so it returns at once.
        """
        if self.dry_run:
            return
        until = self._report.started + self.deadline_seconds - _RESERVED_SECONDS
        until = until if seconds is None else min(until, time.time() + seconds)
        logged = ""
        while missing := _answered(awaited):
            if missing != logged:
                self.progress(f"waiting: {missing}")
                logged = missing
            if time.time() + every > until:
                self.reject(f"the change was made, but did not take effect in time: {missing}")
            time.sleep(every)
        self._report.verified = True

    def wait_for(
        self,
        kind: str,
        name: str,
        written: dict[str, Any],
        missing: Callable[[dict[str, Any]], str],
        blocked: Callable[[dict[str, Any]], Obstacle | str] = lambda _: "",
    ) -> None:
        """Wait until `missing(object)` returns "", as `wait_until` does, while what this step wrote to the object still stands.

        `written` is the merge patch. If another writer changes one of its fields, the step is refused with the field, its value now and
        the writer: nothing that was reverted counts as a success. `blocked(object)` returns what is in the way, or ""; if nothing else
        changes for as long as an Obstacle says, 20 seconds for a text, the step is refused with it.
        """
        stalled: dict[str, float] = {}  # since when, by what is missing

        def look() -> str:
            current = self.api.get(kind, name)
            if change := reverted(written, current):
                self.reject(f"the change was made, and did not last: {change}")
            left = missing(current)
            if not left:
                return ""
            found = blocked(current)
            obstacle = found if isinstance(found, Obstacle) else Obstacle(found)
            if not obstacle.cause or left not in stalled:
                stalled.clear()
            if obstacle.cause and time.time() - stalled.setdefault(left, time.time()) >= obstacle.seconds:
                self.reject(f"the change was made, and cannot take effect: {obstacle.cause}")
            return f"{left}; {obstacle.cause}" if obstacle.cause else left

        self.wait_until(look)


def _answered(awaited: Callable[[], str]) -> str:
    """Call it; a failure that may pass is something that is still missing."""
    try:
        return awaited()
    except TryAgain as failure:
        return f"the API server does not answer: {failure}"
