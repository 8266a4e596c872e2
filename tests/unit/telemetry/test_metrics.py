"""Every metric is documented, every documented metric is exported, and each has the right value."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from kubernaut.api.execution import Phase
from kubernaut.api.stages import Stage
from kubernaut.api.view import ExecutionView
from kubernaut.kube.transport import request_labels
from kubernaut.telemetry.collector import EngineState
from kubernaut.telemetry.metrics import Metrics

DOCS = (Path(__file__).parents[3] / "docs" / "observability.md").read_text("utf-8")
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
CREATED = {"creationTimestamp": "2026-05-01T11:59:30Z"}
EXECUTIONS = [
    {"metadata": CREATED, "status": {"phase": "Pending", "reason": "TargetBusy"}},
    {
        "metadata": CREATED,
        "status": {
            "phase": "Pending",
            "reason": "TargetBusy",
            "stages": [{"name": "wait", "startTime": "2026-05-01T11:59:00Z"}],
        },
    },
    {"metadata": CREATED, "status": {"phase": "Succeeded"}},
    {"metadata": CREATED, "status": {"phase": "Running"}},
]


@pytest.fixture
def metrics():
    made = Metrics()
    made.register_state(
        EngineState(
            executions=lambda: map(ExecutionView, EXECUTIONS),
            running=lambda: 3,
            queued=lambda: 2,
            longest_running=lambda: 1.5,
            leading=lambda: True,
            watch_restarts=lambda: {"jobs": 4},
            longest_queued=lambda: 0.25,
            lost=lambda: {"events": 1, "spans": 0},
            now=lambda: NOON,
            plan_max_age=3600,
        )
    )
    made.observe_end(
        "scale",
        Phase.FAILED,
        "Forbidden",
        4.0,
        [Stage(name="execute", within="attempt", attempt=2, start_time=NOON, end_time=NOON + timedelta(seconds=2))],
    )
    made.observe_reconcile("success", 0.01)
    made.observe_request("POST", "jobs", 201)
    made.observe_disbelieved("scale", 3)
    made.observe_hook("scale", "validate", 0.001)
    made.observe_approved(
        "scale", Phase.SUCCEEDED, "agent", "system:serviceaccount:remediation:on-call-person", "0" * 32
    )
    return made


def samples(metrics):
    families = text_string_to_metric_families(metrics.exposition()[0].decode())
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
        if "le" not in sample.labels
    }


def test_exactly_the_documented_metrics_are_exported(metrics):
    documented = set(re.findall(r"^\| `(kubernaut_(?!receiver_)\w+)` \|", DOCS, re.MULTILINE))
    values = {
        name.removesuffix("_count").removesuffix("_sum")
        for name, *_ in samples(metrics)
        if not name.endswith("_created")
    }
    assert values == documented


def test_each_metric_has_the_value_that_was_observed(metrics):
    values = samples(metrics)
    assert values["kubernaut_executions_total", "Failed", "Forbidden", "scale"] == 1
    assert values["kubernaut_stage_duration_seconds_sum", "execute", "scale"] == 2
    assert values["kubernaut_waiting", "TargetBusy"] == 2
    assert values["kubernaut_executions_present",] == 4
    assert values["kubernaut_running",] == 3
    assert values["kubernaut_watch_restarts_total", "jobs"] == 4
    assert values["kubernaut_waiting_longest_seconds", "TargetBusy"] == 60
    assert values["kubernaut_execution_duration_seconds_sum", "Failed", "scale"] == 4
    assert values["kubernaut_lost_total", "events"] == 1
    assert values["kubernaut_leader",] == 1
    assert values["kubernaut_api_requests_total", "201", "POST", "jobs"] == 1


def test_who_proposed_and_who_approved_is_an_exemplar_and_no_series(metrics):
    body, content_type = metrics.exposition("application/openmetrics-text; version=1.0.0")
    assert content_type.startswith("application/openmetrics-text")
    (sample,) = [
        s for f in open_metrics(body.decode()) for s in f.samples if s.name == "kubernaut_approved_plans_total"
    ]
    assert (sample.labels, sample.value) == ({"action": "scale", "phase": "Succeeded"}, 1)
    assert sample.exemplar.labels == {
        "proposed_by": "agent",
        "approved_by": "system:serviceaccount:remedia…",
        "trace_id": "0" * 32,
    }
    plain, content_type = metrics.exposition()
    assert content_type.startswith("text/plain")
    assert b"agent" not in plain


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/apis/batch/v1/namespaces/secret-project/jobs/name", "jobs"),
        ("/apis/kubernaut.io/v1alpha1/namespaces/n/kubernetesexecutions/e/status", "kubernetesexecutions/status"),
        ("/api/v1/pods", "pods"),
        ("/api/v1/namespaces/n", "namespaces"),
        ("/readyz", "/readyz"),
    ],
)
def test_no_label_contains_a_name_that_users_choose(path, resource):
    assert request_labels("GET", path, None) == ("GET", resource)
    assert request_labels("GET", path, {"watch": "true"}) == ("WATCH", resource)
