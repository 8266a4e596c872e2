"""The pod side of `check-metric`: it asks Prometheus, and sends no request to the API server."""

from __future__ import annotations

import math

from kubernaut.runner import Action, run
from kubernaut.runner.checks import Finding, wait_until_it_holds
from kubernaut_check_metric.bounds import BOUNDS, is_within, requirement
from kubernaut_check_metric.prometheus import Prometheus, Unavailable, in_words


def perform(action: Action) -> None:
    """Wait until the value of the query is within its bounds. What waiting cannot cure is rejected in the dry run already."""
    parameters = action.parameters
    given = {name: parameters[name] for name in BOUNDS if parameters[name] is not None}
    prometheus, wanted = Prometheus(action.settings), requirement(given)
    warned: set[str] = set()

    def look() -> Finding:
        try:
            sample = prometheus.query(parameters["query"])
        except Unavailable as failure:
            return Finding(False, str(failure))
        action.output("value", _as_json(sample.number))
        for warning in sample.warnings:
            if warning not in warned:
                action.progress(f"Prometheus warns: {warning}")
                warned.add(warning)
        if sample.number is None:
            return Finding(
                False, f"the query returns nothing: no series matches it now, and its value must be {wanted}"
            )
        if not math.isfinite(sample.number):
            number = in_words(sample.number)
            return Finding(
                False, f"the value is {number}, as after a division by zero, which does not count as {wanted}"
            )
        holds = is_within(sample.number, given)
        return Finding(
            holds, f"the value is {in_words(sample.number)}, {'which is' if holds else 'and must be'} {wanted}"
        )

    times = (parameters["timeoutSeconds"], parameters["settleSeconds"], parameters["intervalSeconds"])
    wait_until_it_holds(action, look, *times, hold_seconds=parameters["holdSeconds"])


def _as_json(number: float | None) -> float | str | None:
    """Return the number; as text where JSON has none for it."""
    return number if number is None or math.isfinite(number) else in_words(number)


if __name__ == "__main__":
    run(perform)
