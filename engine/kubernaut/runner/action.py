"""The argument of `perform`: the parameters, the API client, and methods that record what happened."""

from __future__ import annotations

import json
import os
import time

from kubernaut.printable import printable
from kubernaut.runner import pod
from kubernaut.runner.api import Api
from kubernaut.runner.exceptions import Rejected, StepFailure, TryAgain
from kubernaut.runner.report import Report

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
        """The execution's name."""
        self.namespace: str = payload["namespace"]
        """Its namespace, the only one that `api` reaches."""
        self.uid: str = payload["uid"]
        """Its uid: the same in both steps and in every attempt, and never that of another execution. Give it to systems that want an
        idempotency key."""
        self.action_name: str = payload.get("action", "")
        """The action that is executed, such as `scale`."""
        self.requested_by: str = payload["requestedBy"]
        """Who asked for the execution; "" where that is not known."""
        self.traceparent: str = os.environ.get("TRACEPARENT", "")
        """The W3C trace context to pass on to other systems; "" where the execution is not traced."""
        self.pod_name: str = os.environ.get("HOSTNAME", "")
        """The pod's name, which differs from attempt to attempt: Kubernetes makes it the host name."""
        self.parameters: dict[str, Any] = payload["parameters"]
        """As the plugin's model validated them, with defaults filled in."""
        self.settings: dict[str, Any] = payload["settings"]
        self.deadline_seconds: float = payload["deadlineSeconds"]
        self._approved_digest: str = payload.get("approvedPlan", "")
        self._undone: dict[str, Any] | None = payload.get("undoes")
        self.api = Api(self.namespace, self.dry_run, report, connection)
        self._shares_file = "KUBERNAUT_STEPS" not in os.environ
        if self.dry_run and self._shares_file:
            _forget()

    @property
    def handed(self) -> dict[str, Any]:
        """What the dry run of this attempt handed over with `hand_over`; {} where that is nothing, and in the dry run itself.

        Where the dry run is a container of its own, a container of another system that mounts the pod's volume at /tmp could alter it.
        """
        if self.dry_run:
            return {}
        if self._report.received is None:
            from kubernaut.runner.handover import read  # noqa: PLC0415 - few steps need it

            self._report.received = read()
        return self._report.received

    def hand_over(self, key: str, value: Any) -> None:
        """Leave a JSON value for this attempt's `execute`, which finds it in `handed`; in `execute` itself it does nothing.

        All values together are at most 64 KiB of JSON; beyond that the step is refused.
        """
        if self.dry_run:
            from kubernaut.runner.handover import add  # noqa: PLC0415 - few steps need it

            add(self._report.handed, key, value, to_file=self._shares_file)

    def changed(self, kind: str, name: str, field: str, before: Any, after: Any, *, volatile: bool = False) -> None:
        """Record that a field changed from `before` to `after` (None for absent).

        A change is `volatile` if its values depend on when it is made, such as a time: a plan that was approved then counts as unchanged
        as long as it changes this field, whatever the values.

        Equal values are no change. Record them too: they tell that the field is as wanted, so that what an earlier attempt may have
        changed before it died is known.
        """
        change = {"kind": kind, "name": name, "field": field, "before": before, "after": after}
        self._report.record_change({**change, "volatile": True} if volatile else change)
        if before == after:
            self._report.write()
            return
        self.progress(f"{'would change' if self.dry_run else 'changed'} {kind}/{name} {field}: {before!r} -> {after!r}")

    def changed_between(
        self, kind: str, name: str, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> None:
        """Record every field in which two states of an object differ; None or {} is an object that does not exist.

        Paths are as in `spec.template.spec.containers[web].image`: items of a list by their `name` where each has one, any other list as
        one value. Left out are `status`, and what the API server writes in `metadata`: resourceVersion, generation, managedFields, uid and
        times.
        """
        from kubernaut.runner.differences import differences  # noqa: PLC0415 - not every step compares objects

        self._report.record_object(name)
        for field, old, new in differences(before, after):
            self.changed(kind, name, field, old, new)
        self._report.write()

    def check_plan(self) -> None:
        """Refuse, at the end of the dry run, what would undo more than it may, or is not what was approved; the runner calls it."""
        if not self.dry_run:
            return
        if self._undone:
            from kubernaut.runner.undoing import check_undone  # noqa: PLC0415 - few executions undo another one

            target = self._undone["target"]
            check_undone(self._undone, self._report.changes, lambda: self._read(target["resource"], target["name"]))
        if not self._approved_digest:
            return
        from kubernaut.plan_digest import plan_digest  # noqa: PLC0415 - only an approved plan needs it

        asked = json.loads(os.environ["KUBERNAUT_EXECUTION"])  # and not what a plugin may have made of it since
        if plan_digest(asked["action"], asked["parameters"], self._report.changes) != self._approved_digest:
            raise Rejected("what it would do now is not what was approved", "PlanChanged")

    def _read(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object, with the permission to get or to patch it; {} where there is neither."""
        for read in (self.api.get, self.api.peek) if kind else ():
            try:
                return read(kind, name)
            except StepFailure:
                continue
        return {}

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

    @property
    def waits_until(self) -> float:
        """The time, in seconds since 1970, after which a step no longer waits, as the deadline is near."""
        return self._report.started + self.deadline_seconds - _RESERVED_SECONDS

    def verified(self) -> None:
        """Record that what was to be achieved is the case; every wait that ends well does so by itself."""
        self._report.verified = True

    def wait_until(self, awaited: Callable[[], str], seconds: float | None = None, every: float = 0.5) -> None:
        """Call `awaited()` until it returns "", which verifies the action; any other text says what is still missing.

        After `seconds` (by default as long as the deadline allows) the step is refused with the last text. `every` is the pause in seconds
        between calls. An API server that does not answer is waited for, too. In the dry run nothing has changed, so it returns at once.
        """
        if self.dry_run:
            return
        until = self.waits_until if seconds is None else min(self.waits_until, time.time() + seconds)
        logged = ""
        while missing := _answered(awaited):
            if missing != logged:
                self.progress(f"waiting: {missing}")
                logged = missing
            if time.time() + every > until:
                self.reject(f"the change was made, but did not take effect in time: {missing}")
            time.sleep(every)
        self.verified()

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
        from kubernaut.runner.written import reverted  # noqa: PLC0415 - not every step waits

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

    def wait_for_replicas(self, kind: str, name: str, written: dict[str, Any], replicas: int | None = None) -> None:
        """Wait until exactly this many pods of an `apps/v1/deployments`, `statefulsets` or `daemonsets` are ready, as `wait_for` does.

        Without `replicas`, as many as its spec asks for; for a DaemonSet, one on each of its nodes. Needs `get` on the workload and `list`
        on pods.
        """
        from kubernaut.runner.workloads import wait_for_replicas  # noqa: PLC0415 - not every step waits

        wait_for_replicas(self, kind, name, written, replicas)

    def wait_for_rollout(
        self,
        kind: str,
        name: str,
        written: dict[str, Any],
        is_new: Callable[[dict[str, Any]], bool] | None = None,
    ) -> None:
        """Wait until every pod of a Deployment, StatefulSet or DaemonSet has its template and is available, as `wait_for` does.

        The step is refused at once if no pod will be replaced, because of the strategy `OnDelete`, a partition or a pause. `is_new(pod)`
        returns whether a pod has the new template; other pods are ignored. By default the revision in a pod's labels decides, and for a
        Deployment the labels and annotations of the template that are in `written`. Needs `get` on the workload and `list` on pods.
        """
        from kubernaut.runner.workloads import wait_for_rollout  # noqa: PLC0415 - not every step waits

        wait_for_rollout(self, kind, name, written, is_new)


def _answered(awaited: Callable[[], str]) -> str:
    """Call it; a failure that may pass is something that is still missing."""
    try:
        return awaited()
    except TryAgain as failure:
        was_answered = 0 < failure.status < 500
        return str(failure) if was_answered else f"the API server does not answer: {failure}"


def _forget() -> None:
    """Remove what an earlier run of this container handed over: the kubelet runs it again where it lost the pod's sandbox."""
    try:
        os.unlink(pod.handed_file())  # noqa: PTH108 - pathlib costs a container's start 5 ms
    except OSError:
        return
