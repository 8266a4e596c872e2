"""What the engine counts and measures, for Prometheus at `/metrics`. docs/observability.md lists every metric.

Counters and histograms are updated as things happen; what follows from state that other modules hold, `collector` reads at each scrape.
"""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.stages import Stage
from kubernaut.telemetry.collector import EngineState, StateCollector

_STAGE_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 180.0, 600.0, 1800.0)
_RECONCILE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0)

_MAX_NAME = 30
"""Characters of a user's name in an exemplar, whose labels and values may have 128 in all (OpenMetrics 1.0)."""

RECONCILE_RESULTS = ("success", "requeue_after", "error", "panic")


class Metrics:
    """Every metric of one engine."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each metric, which nothing reads
        self.registry = CollectorRegistry()
        self._ended = self._counter(
            "kubernaut_executions", "Executions that ended, by action, phase and reason.", ("action", "phase", "reason")
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
        self._reconciles = self._histogram(
            "kubernaut_reconcile_duration_seconds",
            "How long one reconcile took, by result: success, requeue_after, error or panic.",
            ("result",),
            _RECONCILE_BUCKETS,
        )
        self._requests = self._counter(
            "kubernaut_api_requests",
            "Requests to the API server, by verb, resource and HTTP code (0: no answer).",
            ("verb", "resource", "code"),
        )
        self._hooks = self._histogram(
            "kubernaut_hook_duration_seconds",
            "How long hooks of plugins took, by plugin and hook.",
            ("plugin", "hook"),
            _RECONCILE_BUCKETS,
        )
        self._disbelieved = self._counter(
            "kubernaut_disbelieved_changes",
            "Changes that pods reported and that their executions were not asked for, by action; none of them is recorded.",
            ("action",),
        )

        self._approved = self._counter(
            "kubernaut_approved_plans",
            "Executions that carried out an approved plan and ended, by action and phase; the exemplar has who proposed and who approved.",
            ("action", "phase"),
        )

    def _counter(self, name: str, text: str, labels: tuple[str, ...]) -> Counter:
        return Counter(name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, labels: tuple[str, ...], buckets: tuple[float, ...]) -> Histogram:
        return Histogram(name, text, labels, buckets=buckets, registry=self.registry)

    def initialise_series(self, actions: Iterable[str]) -> None:
        """Start every count at 0: a series that appears with its first event never shows that event in a rate or an alert."""
        for action in actions:
            self._ended.labels(action, Phase.SUCCEEDED, "")
            self._disbelieved.labels(action)
            for phase in (Phase.SUCCEEDED, Phase.FAILED):
                self._approved.labels(action, phase)
            for reason in Reason:
                if reason.phase is not Phase.PENDING:
                    self._ended.labels(action, reason.phase, reason)
        for result in RECONCILE_RESULTS:
            self._reconciles.labels(result)

    def observe_end(
        self, action: str, phase: Phase, reason: str | None, seconds: float, stages: Iterable[Stage]
    ) -> None:
        """Count an execution whose end was recorded, `seconds` after its creation. `action` is an installed one or `unknown`."""
        self._ended.labels(action, phase, reason or "").inc()
        self._durations.labels(action, phase).observe(max(0.0, seconds))
        for stage in stages:
            if stage.within in {None, "attempt"}:
                self._stages.labels(action, stage.name).observe(max(0.0, stage.seconds))

    def observe_approved(self, action: str, phase: Phase, proposer: str, approver: str, trace_id: str) -> None:
        """Count an execution that carried out an approved plan.

        The names are an exemplar, which is not a series of its own: as labels, each pair of people would be one for ever.
        """
        names = {"proposed_by": proposer, "approved_by": approver}
        exemplar = {key: _cut(name) for key, name in names.items()}
        self._approved.labels(action, phase).inc(exemplar={**exemplar, "trace_id": trace_id})

    def observe_disbelieved(self, action: str, changes: int) -> None:
        """Count changes that a pod reported and that are not believed."""
        self._disbelieved.labels(action).inc(changes)

    def observe_reconcile(self, result: str, seconds: float) -> None:
        """Count one reconcile; `result` is one of RECONCILE_RESULTS."""
        self._reconciles.labels(result).observe(seconds)

    def observe_request(self, verb: str, resource: str, code: int) -> None:
        """Count one request to the API server; `code` is its HTTP status code, or 0 where no answer came."""
        self._requests.labels(verb, resource, str(code)).inc()

    def observe_hook(self, plugin: str, hook: str, seconds: float) -> None:
        """Count one call of a plugin's hook."""
        self._hooks.labels(plugin, hook).observe(seconds)

    def register_state(self, state: EngineState) -> None:
        """Read this state at each scrape."""
        self.registry.register(StateCollector(state))

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Return all metrics and their content type: OpenMetrics, with exemplars, where `accept` asks for it, else Prometheus' text format.

        `accept` is the header of the request.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


def _cut(name: str) -> str:
    return name if len(name) <= _MAX_NAME else f"{name[: _MAX_NAME - 1]}…"
