"""The pod side of `check-workload`: it needs only `get` on workloads."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, NotFound, run
from kubernaut.runner.checks import Finding, wait_until_it_holds
from kubernaut_cel.environment import EvaluationError
from kubernaut_check_workload.condition import VARIABLE, compile_condition
from kubernaut_check_workload.mentions import described, mentioned, value_at, written
from kubernaut_check_workload.workloads import RESOURCES, stale, summary

_MAX_EXPRESSION_LENGTH = 200
_MAX_REASON_LENGTH = 300


def perform(action: Action) -> None:
    """Wait until the expression is true of the workload."""
    parameters = action.parameters
    look = Looking(action, parameters["kind"], parameters["name"], parameters["expression"])
    times = (parameters["timeoutSeconds"], parameters["settleSeconds"])
    wait_until_it_holds(action, look, *times, hold_seconds=parameters["holdSeconds"])


class Looking:
    """Looks at one workload, and ends the step when that is gone."""

    def __init__(self, action: Action, kind: str, name: str, source: str) -> None:
        self._action, self._kind, self._name = action, kind, name
        self._expression = compile_condition(source)
        self._paths = mentioned(source, VARIABLE)
        self._shown = f"`{_one_line(source, _MAX_EXPRESSION_LENGTH)}`"
        self._uid = ""

    def __call__(self) -> Finding:
        """Return whether the expression is true now, with the values of the fields that it mentions."""
        workload = self._workload()
        subject, values = f"{self._kind} {self._name}", self._values(workload)
        if behind := stale(workload):
            return Finding(False, f"{subject}: {behind}")
        try:
            holds = self._expression.evaluate({VARIABLE: workload})
        except EvaluationError as error:
            reason = _one_line(str(error), _MAX_REASON_LENGTH)
            return Finding(
                False, f"{self._shown} cannot be evaluated for {subject}: {reason}{values} ({summary(workload)})"
            )
        if holds:
            return Finding(True, f"{self._shown} is true of {subject}{values}")
        return Finding(False, f"{self._shown} is false of {subject}{values} ({summary(workload)})")

    def _workload(self) -> dict[str, Any]:
        """Return the workload. Rejects one that does not exist, is being deleted, or is another one than before."""
        subject = f"{self._kind} {self._name}"
        try:
            workload = self._action.api.get(RESOURCES[self._kind], self._name)
        except NotFound:
            gone = "was deleted while this waited" if self._uid else "does not exist"
            self._action.reject(f"{subject} {gone}, so there is nothing to check")
        metadata = workload["metadata"]
        if metadata.get("deletionTimestamp"):
            self._action.reject(f"{subject} is being deleted, so there is nothing to check")
        if self._uid and metadata["uid"] != self._uid:
            self._action.reject(
                f"{subject} was deleted while this waited, and there is another one of that name: check that"
            )
        self._uid = metadata["uid"]
        return workload

    def _values(self, workload: dict[str, Any]) -> str:
        values = [f"{written(VARIABLE, path)} is {described(value_at(workload, path))}" for path in self._paths]
        return f": {', '.join(values)}" if values else ""


def _one_line(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[:limit]}…"


if __name__ == "__main__":
    run(perform)
