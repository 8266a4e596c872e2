"""What of the metrics is read when it is scraped, as it follows from state that somebody else holds."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kubernaut.api.execution import Phase


@dataclass(frozen=True, slots=True)
class State:
    """What is read at each scrape."""

    executions: Callable[[], Iterable[Mapping[str, Any]]]
    running: Callable[[], int]
    queued: Callable[[], int]
    longest_held: Callable[[], float]
    """Seconds that the key which a worker has had for longest has been with it."""
    oldest_queued: Callable[[], float]
    """Seconds that the key which waits for longest has waited."""
    leading: Callable[[], bool]
    watch_restarts: Callable[[], Mapping[str, int]]
    """By resource."""
    lost: Callable[[], Mapping[str, int]]
    """By what: Events and spans that could not be sent."""
    now: Callable[[], datetime]


class Scrape(Collector):
    """What others hold, at the moment of the scrape."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        state = self._state
        yield InfoMetricFamily("kubernaut_build", "The engine's version.", {"version": version("kubernaut-engine")})
        yield _gauge("kubernaut_leader", "1 on the engine that leads, 0 on one that waits.", float(state.leading()))
        yield _gauge("kubernaut_running", "Executions whose Job runs.", state.running())
        yield _gauge("kubernaut_queue_depth", "Keys that wait for a worker.", state.queued())
        yield _gauge(
            "kubernaut_queue_longest_held_seconds",
            "How long the key that a worker has had for longest has been with it.",
            state.longest_held(),
        )
        yield _gauge("kubernaut_queue_oldest_seconds", "How long the oldest of them has waited.", state.oldest_queued())
        yield from self._executions()
        text = "How often a watch was begun anew, by resource."
        yield _family(
            CounterMetricFamily("kubernaut_watch_restarts", text, labels=["resource"]), state.watch_restarts()
        )
        text = "What could not be sent: events to the API server, spans to the collector."
        yield _family(CounterMetricFamily("kubernaut_lost", text, labels=["what"]), state.lost())

    def _executions(self) -> Iterable[Metric]:
        present, number, longest = 0, Tally[str](), dict[str, float]()
        now = self._state.now()
        for execution in self._state.executions():
            present += 1
            status = execution.get("status", {})
            if status.get("phase") == Phase.PENDING:
                reason = str(status.get("reason", ""))
                number[reason] += 1
                longest[reason] = max(longest.get(reason, 0.0), (now - _waits_since(execution)).total_seconds())
        text = "Executions that wait, by reason."
        yield _family(GaugeMetricFamily("kubernaut_waiting", text, labels=["reason"]), number)
        text = "How long the one that has waited longest has waited, by reason."
        yield _family(GaugeMetricFamily("kubernaut_waiting_longest_seconds", text, labels=["reason"]), longest)
        yield _gauge("kubernaut_executions_present", "Executions in the cluster, ended ones included.", present)


def _waits_since(execution: Mapping[str, Any]) -> datetime:
    stages = execution.get("status", {}).get("stages") or [{"startTime": execution["metadata"]["creationTimestamp"]}]
    return datetime.fromisoformat(stages[-1]["startTime"])


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


F = TypeVar("F", GaugeMetricFamily, CounterMetricFamily)


def _family(family: F, values: Mapping[str, float]) -> F:
    for label, value in values.items():
        family.add_metric([label], value)
    return family
