"""What the receiver counts, for Prometheus at `/metrics`. docs/observability.md lists every metric."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.exposition import choose_encoder

from kubernaut.receiver.decisions import POSSIBLE, Decision
from kubernaut.receiver.webhook import Webhook

_CODES = (200, 400, 401, 403, 413, 415, 503)
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0, 25.0)


class ReceiverMetrics:
    """Every metric of one receiver. Nothing that a sender names becomes a label."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # one more series for each metric, which nothing reads
        self.registry = CollectorRegistry()
        self._requests = Histogram(
            "kubernaut_receiver_request_duration_seconds",
            "How long webhooks took, by HTTP status code of the answer.",
            ("code",),
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._alerts = self._counter("alerts", "Alerts that arrived, by status, repeats included.", "status")
        self._truncated = self._counter("truncated_alerts", "Alerts that Alertmanager left out of a webhook.")
        self._decisions = self._counter(
            "decisions", "Decisions about an alert and a runbook, by outcome and reason.", "outcome", "reason"
        )
        self._created = self._counter("created_executions", "Executions that were created.")
        self._cancelled = self._counter(
            "cancelled_executions", "Executions that were cancelled or rejected because their alert was resolved."
        )
        self._waiting = Gauge(
            "kubernaut_receiver_retry_after_seconds",
            "What the latest answer told Alertmanager to wait before it tries again; 0 if there was nothing to try again.",
            registry=self.registry,
        )
        for code in _CODES:
            self._requests.labels(str(code))
        for status in ("firing", "resolved", "unreadable"):
            self._alerts.labels(status)
        for outcome, reasons in POSSIBLE:
            for reason in reasons:
                self._decisions.labels(outcome, reason)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"kubernaut_receiver_{name}", text, labels, registry=self.registry)

    def observe_request(self, code: int, seconds: float, retry_after: float) -> None:
        """Count an answer."""
        self._requests.labels(str(code)).observe(seconds)
        self._waiting.set(retry_after)

    def observe_webhook(self, webhook: Webhook) -> None:
        """Count the alerts of a webhook whose sender is known."""
        for alert in webhook.alerts:
            self._alerts.labels(getattr(alert, "status", "unreadable")).inc()
        self._truncated.inc(webhook.truncated)

    def observe_decision(self, decision: Decision) -> None:
        """Count a decision, and what it created and cancelled."""
        self._decisions.labels(decision.outcome, decision.reason).inc()
        self._created.inc(decision.created)
        self._cancelled.inc(decision.cancelled)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Return all metrics and their content type, as `accept`, the header of the request, asks for them."""
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type
