"""Metrics that are read when they are scraped, from state that other modules hold."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import TypeVar

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kubernaut.api.execution import Phase
from kubernaut.api.timestamps import parse_time
from kubernaut.api.view import ExecutionView


@dataclass(frozen=True, slots=True)
class EngineState:
    """What is read at each scrape."""

    executions: Callable[[], Iterable[ExecutionView]]
    running: Callable[[], int]
    queued: Callable[[], int]
    longest_running: Callable[[], float]
    """Seconds that the longest reconcile in progress has taken so far."""
    longest_queued: Callable[[], float]
    """Seconds that the oldest key has waited in the work queue."""
    leading: Callable[[], bool]
    watch_restarts: Callable[[], Mapping[str, int]]
    """By resource."""
    lost: Callable[[], Mapping[str, int]]
    """Events and spans that could not be sent, by kind."""
    now: Callable[[], datetime]
    plan_max_age: float
    """Seconds after which a plan can no longer be approved."""


class StateCollector(Collector):
    """Reads the engine's state at the moment of the scrape."""

    def __init__(self, state: EngineState) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        state = self._state
        yield InfoMetricFamily("kubernaut_build", "The engine's version.", {"version": version("kubernaut-engine")})
        yield _gauge("kubernaut_leader", "1 on the engine that leads, 0 on one that waits.", float(state.leading()))
        yield _gauge("kubernaut_running", "Executions whose Job is running.", state.running())
        yield _gauge("kubernaut_workqueue_depth", "Keys in the work queue.", state.queued())
        yield _gauge(
            "kubernaut_workqueue_longest_running_processor_seconds",
            "How long the longest reconcile in progress has taken so far.",
            state.longest_running(),
        )
        yield _gauge(
            "kubernaut_workqueue_longest_queued_seconds",
            "How long the oldest key has waited in the work queue.",
            state.longest_queued(),
        )
        yield from self._executions()
        text = "How often a watch was restarted, by resource."
        yield _family(
            CounterMetricFamily("kubernaut_watch_restarts", text, labels=["resource"]), state.watch_restarts()
        )
        text = "What could not be sent: events to the API server, spans to the collector."
        yield _family(CounterMetricFamily("kubernaut_lost", text, labels=["what"]), state.lost())

    def _executions(self) -> Iterable[Metric]:
        present, number, longest = 0, Tally[str](), dict[str, float]()
        now, proposals = self._state.now(), list[float]()
        for execution in self._state.executions():
            present += 1
            if execution.is_open_proposal and (age := _plan_age(execution, now)) <= self._state.plan_max_age:
                proposals.append(age)
            if execution.phase is Phase.PENDING:
                reason = execution.status.reason or ""
                number[reason] += 1
                longest[reason] = max(longest.get(reason, 0.0), (now - _waiting_since(execution)).total_seconds())
        text = "Waiting executions, by reason."
        yield _family(GaugeMetricFamily("kubernaut_waiting", text, labels=["reason"]), number)
        text = "How long the longest waiting execution has waited, by reason."
        yield _family(GaugeMetricFamily("kubernaut_waiting_longest_seconds", text, labels=["reason"]), longest)
        yield _gauge("kubernaut_open_proposals", "Dry runs whose plan can be approved and was not yet.", len(proposals))
        oldest = "Seconds since the oldest plan that can be approved was made."
        yield _gauge("kubernaut_open_proposals_oldest_seconds", oldest, max(proposals, default=0.0))
        yield _gauge("kubernaut_executions_present", "Executions in the cluster, ended ones included.", present)


def _waiting_since(execution: ExecutionView) -> datetime:
    stages = execution.status.stages
    return stages[-1].start_time if stages else execution.created


def _plan_age(execution: ExecutionView, now: datetime) -> float:
    made = parse_time((execution.json.get("status") or {}).get("completionTime")) or execution.created
    return (now - made).total_seconds()


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


F = TypeVar("F", GaugeMetricFamily, CounterMetricFamily)


def _family(family: F, values: Mapping[str, float]) -> F:
    for label, value in values.items():
        family.add_metric([label], value)
    return family
