"""What the receiver counts is documented, starts at 0, and names nothing that a sender chose."""

import re
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from kubernaut.receiver.decisions import POSSIBLE, Decision, Outcome, Reason
from kubernaut.receiver.metrics import ReceiverMetrics
from kubernaut.receiver.webhook import Alert, Unreadable, Webhook
from tests.unit.receiver.conftest import slow

DOCS = (Path(__file__).parents[3] / "docs" / "observability.md").read_text("utf-8")
GUIDE = (Path(__file__).parents[3] / "docs" / "alerts.md").read_text("utf-8")


def families(metrics):
    return {family.name: family for family in text_string_to_metric_families(metrics.exposition()[0].decode())}


def test_every_metric_is_documented_with_its_type_and_labels():
    rows = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(r"^\| `(kubernaut_receiver_\w+)` \| (\w+) \|([^|]*)\|", DOCS, re.MULTILINE)
    }
    exported = {
        f"{name}_total" if family.type == "counter" else name: (
            family.type,
            {label for sample in family.samples for label in sample.labels} - {"le"},
        )
        for name, family in families(ReceiverMetrics()).items()
    }
    assert exported == rows


def test_every_decision_starts_at_zero():
    decided = families(ReceiverMetrics())["kubernaut_receiver_decisions"]
    found = {(sample.labels["outcome"], sample.labels["reason"]): sample.value for sample in decided.samples}
    assert found == {(outcome, reason): 0 for outcome, reasons in POSSIBLE for reason in reasons}


def test_the_guide_explains_every_outcome_and_reason():
    assert [word for word in (*Outcome, *Reason) if word and f"`{word}`" not in GUIDE] == []


def test_what_is_observed_is_counted():
    metrics = ReceiverMetrics()
    alert = Alert.model_validate(slow())
    metrics.observe_webhook(Webhook((alert, alert, Unreadable("x")), 7))
    metrics.observe_decision(Decision(alert, Outcome.CREATED, created=3))
    metrics.observe_decision(Decision(alert, Outcome.CANCELLED, cancelled=2))
    metrics.observe_request(503, 0.2, 12.0)
    value = metrics.registry.get_sample_value
    assert value("kubernaut_receiver_alerts_total", {"status": "firing"}) == 2
    assert value("kubernaut_receiver_alerts_total", {"status": "unreadable"}) == 1
    assert value("kubernaut_receiver_truncated_alerts_total") == 7
    assert value("kubernaut_receiver_created_executions_total") == 3
    assert value("kubernaut_receiver_cancelled_executions_total") == 2
    assert value("kubernaut_receiver_decisions_total", {"outcome": "created", "reason": ""}) == 1
    assert value("kubernaut_receiver_request_duration_seconds_count", {"code": "503"}) == 1
    assert value("kubernaut_receiver_retry_after_seconds") == 12
