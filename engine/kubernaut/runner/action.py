"""What `perform` is handed: the parameters, the API, and the words for what happened."""

from __future__ import annotations

import json
import os
import time

from kubernaut.runner.api import Api
from kubernaut.runner.exceptions import Rejected
from kubernaut.runner.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

_LEFT_FOR_THE_END_SECONDS = 5.0


class Action:
    """One step of one execution, from inside its pod."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self.dry_run = report.step == "dry-run"
        """Is this the rehearsal? `api` knows by itself; ask only before touching anything else than Kubernetes."""
        told: dict[str, Any] = json.loads(os.environ["KUBERNAUT_EXECUTION"])
        self.name: str = told["name"]
        self.namespace: str = told["namespace"]
        self.uid: str = told["uid"]
        self.requested_by: str = told["requestedBy"]
        self.parameters: dict[str, Any] = told["parameters"]
        """As the plugin's model checked them, defaults filled in."""
        self.settings: dict[str, Any] = told["settings"]
        self.deadline_seconds: float = told["deadlineSeconds"]
        self.api = Api(self.namespace, self.dry_run, report.called)
        report.unanswered = self.api.unanswered

    def changed(self, kind: str, name: str, field: str, before: Any, after: Any) -> None:
        """Record that a field went from `before` to `after` (null where it was or is absent). A change to the same is none."""
        if before == after:
            return
        change = {"kind": kind, "name": name, "field": field, "before": before, "after": after}
        self._report.changes.append(change)
        self.progress(f"{'would change' if self.dry_run else 'changed'} {kind}/{name} {field}: {before!r} -> {after!r}")

    def output(self, key: str, value: Any) -> None:
        """Hand on anything else that the caller wants to know, such as a URL."""
        self._report.outputs[key] = value
        self._report.write()

    def conclude(self, sentence: str) -> None:
        """Say what was achieved, where the changes alone do not tell it; it becomes the status's message."""
        self._report.message = sentence
        self._report.write()

    def progress(self, message: str) -> None:
        """Tell whoever reads the pod's log."""
        self._report.say(message)
        self._report.write()
        print(message, flush=True)  # noqa: T201 - a pod's log is its standard output

    def reject(self, message: str) -> NoReturn:
        """Refuse for good: no other attempt is made, and `message` is what the human reads."""
        raise Rejected(message)

    def wait_until(self, awaited: Callable[[], str], seconds: float | None = None, every: float = 0.5) -> None:
        """Ask `awaited()` until it answers "" and so verifies the action; its text says what is still missing.

        At most `seconds` (by default what the deadline leaves), then the step is refused with the last text. In the dry run
        nothing has changed, so there is nothing to wait for.
        """
        if self.dry_run:
            return
        until = self._report.started + self.deadline_seconds - _LEFT_FOR_THE_END_SECONDS
        until = until if seconds is None else min(until, time.time() + seconds)
        told = ""
        while missing := awaited():
            if missing != told:
                self.progress(f"waiting: {missing}")
                told = missing
            if time.time() + every > until:
                self.reject(f"the change was made, but did not take effect in time: {missing}")
            time.sleep(every)
        self._report.verified = True
