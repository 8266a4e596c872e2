"""What the engine counts and measures, for Prometheus at `/metrics`. docs/observability.md tells of each.

Counters and histograms are told as things happen; whatever follows from state that somebody else holds, `scrape` reads.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
    generate_latest,
)

from kubernaut.api.execution import Phase, Reason, Stage
from kubernaut.telemetry.collector import Scrape, State

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0)
_LOOK_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)


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
        self._stages = self._histogram(
            "kubernaut_stage_duration_seconds",
            "How long each stage of ended executions took.",
            ("action", "stage"),
            _STAGE_BUCKETS,
        )
        self._durations = self._histogram(
            "kubernaut_execution_duration_seconds",
            "How long ended executions took from their creation, by action and phase.",
            ("action", "phase"),
            _STAGE_BUCKETS,
        )
        self._looks = self._histogram(
            "kubernaut_reconcile_duration_seconds",
            "How long one look at one execution took, by how it came out: done, retry or fault.",
            ("outcome",),
            _LOOK_BUCKETS,
        )
        self._requests = Counter(
            "kubernaut_api_requests",
            "Requests to the API server, by verb, resource and HTTP code (0: no answer).",
            ("verb", "resource", "code"),
            registry=self.registry,
        )
        self._hooks = self._histogram(
            "kubernaut_hook_duration_seconds",
            "How long hooks of plugins took, by plugin and hook.",
            ("plugin", "hook"),
            _LOOK_BUCKETS,
        )

    def _histogram(self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

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
        self.registry.register(Scrape(state))

    def exposition(self) -> bytes:
        """All of it, in Prometheus' text format."""
        return generate_latest(self.registry)
