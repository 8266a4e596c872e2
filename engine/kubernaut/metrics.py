"""What the engine counts and measures, for Prometheus at `/metrics`. One place that names a metric; docs/observability.md tells of each.

Counters and histograms are told as things happen; whatever follows from state that somebody else holds is read when it is scraped.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any, TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from kubernaut.execution import Phase, Reason, Stage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0)
_LOOK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)


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


class Metrics:
    """Every metric of one engine."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # a series more for each, which nothing asks for
        self.registry = CollectorRegistry()
        self._ended = Counter(
            "kubernaut_executions",
            "Executions that ended, by action, phase and reason.",
            ("action", "phase", "reason"),
            registry=self.registry,
        )
        self._stages = Histogram(
            "kubernaut_stage_duration_seconds",
            "How long each stage of ended executions took.",
            ("action", "stage"),
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )
        self._durations = Histogram(
            "kubernaut_execution_duration_seconds",
            "How long ended executions took from their creation, by action and phase.",
            ("action", "phase"),
            buckets=_STAGE_BUCKETS,
            registry=self.registry,
        )
        self._looks = Histogram(
            "kubernaut_reconcile_duration_seconds",
            "How long one look at one execution took, by how it came out: done, retry or fault.",
            ("outcome",),
            buckets=_LOOK_BUCKETS,
            registry=self.registry,
        )
        self._requests = Counter(
            "kubernaut_api_requests",
            "Requests to the API server, by verb, resource and HTTP code (0: no answer).",
            ("verb", "resource", "code"),
            registry=self.registry,
        )
        Info("kubernaut_build", "The engine's version.", registry=self.registry).info(
            {"version": version("kubernaut-engine")}
        )
        self._hooks = Histogram(
            "kubernaut_hook_duration_seconds",
            "How long hooks of plugins took, by plugin and hook.",
            ("plugin", "hook"),
            buckets=_LOOK_BUCKETS,
            registry=self.registry,
        )
        self._leader = Gauge(
            "kubernaut_leader", "1 on the engine that leads, 0 on one that waits.", registry=self.registry
        )

    def expect(self, actions: Iterable[str]) -> None:
        """Begin every count at 0: of a series that appears with its first event, no rate and no alert ever tells that event."""
        for action in actions:
            self._ended.labels(action, Phase.SUCCEEDED, "")
            for reason in Reason:
                if reason.phase is not Phase.PENDING:
                    self._ended.labels(action, reason.phase, reason)
        for outcome in ("done", "retry", "fault"):
            self._looks.labels(outcome)

    def ended(self, action: str, phase: Phase, reason: str | None, seconds: float, stages: Iterable[Stage]) -> None:
        """An execution's end was recorded. Only actions that are installed make series: a name is anybody's to choose."""
        self._ended.labels(action, phase, reason or "").inc()
        self._durations.labels(action, phase).observe(max(0.0, seconds))
        for stage in stages:
            if stage.within in {None, "attempt"}:
                self._stages.labels(action, stage.name).observe(max(0.0, stage.seconds))

    def looked(self, outcome: str, seconds: float) -> None:
        """One look at one execution."""
        self._looks.labels(outcome).observe(seconds)

    def requested(self, verb: str, resource: str, code: int) -> None:
        """One request, answered or not."""
        self._requests.labels(verb, resource, str(code)).inc()

    def hook(self, plugin: str, hook: str, seconds: float) -> None:
        """One call of a plugin's hook."""
        self._hooks.labels(plugin, hook).observe(seconds)

    def watch(self, state: State) -> None:
        """Read this state at each scrape."""
        self._leader.set_function(lambda: float(state.leading()))
        self.registry.register(_Read(state))

    def exposition(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)


class _Read(Collector):
    """What others hold, at the moment of the scrape."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterable[Metric]:
        state = self._state
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
