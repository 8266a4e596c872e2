"""An execution as spans: parents, names, attributes and links."""

from datetime import UTC, datetime

from kubernaut.api.view import ExecutionView
from kubernaut.telemetry.spans import spans_of

UID = "c1731926-388e-4402-9288-a493b10db6da"
REQUEST = {"verb": "PATCH", "resource": "v1/configmaps", "name": "web", "code": 409, "count": 2}


def stage(name, **more):
    return {"name": name, "startTime": "2026-05-01T12:00:00.1Z", "endTime": "2026-05-01T12:00:00.2Z", **more}


def test_each_span_has_its_parent_its_name_and_its_attributes():
    obj = {
        "metadata": {"name": "a", "namespace": "n", "uid": UID, "creationTimestamp": "2026-05-01T12:00:00Z"},
        "spec": {"action": "scale"},
        "status": {
            "phase": "Failed",
            "reason": "RetriesExhausted",
            "message": "no",
            "requestedBy": "jane",
            "jobName": "a-1",
            "stages": [
                stage("wait", detail="TargetBusy"),
                stage("validate"),
                stage("policy", detail="freeze-windows", within="validate"),
                stage("hook", detail="freeze-windows.validate", within="policy"),
                stage("attempt", detail="p1", attempt=1, error="dry-run failed"),
                stage("dry-run", within="attempt", attempt=1),
                stage("request", within="dry-run", attempt=1, request=REQUEST, error="HTTP 409"),
                stage("attempt", detail="p2", attempt=2),
                stage("execute", within="attempt", attempt=2),
            ],
        },
    }  # fmt: skip
    spans = spans_of(ExecutionView(obj), datetime.now(UTC))
    by_name = {span.name: span for span in spans}
    parents = {span.name: next((p.name for p in spans if p.span_id == span.parent_id), None) for span in spans}
    assert parents == {
        "execute scale": None,
        "wait TargetBusy": "execute scale",
        "validate": "execute scale",
        "policy freeze-windows": "validate",
        "hook freeze-windows.validate": "policy freeze-windows",
        "attempt 1": "execute scale",
        "dry-run": "attempt 1",
        "PATCH v1/configmaps": "dry-run",
        "attempt 2": "execute scale",
        "execute": "attempt 2",
    }
    assert by_name["execute scale"].attributes["enduser.id"] == "jane"
    assert by_name["execute scale"].attributes["error.type"] == "RetriesExhausted"
    request = by_name["PATCH v1/configmaps"]
    assert (request.client, request.error) == (True, "HTTP 409")
    assert request.attributes["http.response.status_code"] == 409
    assert request.attributes["kubernaut.times"] == 2
    assert by_name["execute"].attributes["k8s.pod.name"] == "p2"
    assert [link.span_id for link in by_name["attempt 2"].links] == [by_name["attempt 1"].span_id]
    assert len({span.span_id for span in spans}) == len(spans)


def test_a_step_names_the_container_that_started_for_it():
    def containers(*stages):
        obj = {
            "metadata": {"name": "a", "namespace": "n", "uid": UID, "creationTimestamp": "2026-05-01T12:00:00Z"},
            "spec": {"action": "scale"},
            "status": {"phase": "Succeeded", "stages": [stage("attempt", attempt=1), *stages]},
        }
        spans = spans_of(ExecutionView(obj), datetime.now(UTC))
        return {s.name: s.attributes["k8s.container.name"] for s in spans if s.name in {"dry-run", "execute"}}

    parts = {"within": "attempt", "attempt": 1}
    first, second = stage("start", detail="dry-run", **parts), stage("start", detail="execute", **parts)
    dry_run, execute = stage("dry-run", **parts), stage("execute", **parts)
    assert containers(first, dry_run, second, execute) == {"dry-run": "dry-run", "execute": "execute"}
    assert containers(second, dry_run, execute) == {"dry-run": "execute", "execute": "execute"}
    assert containers(dry_run, execute) == {"dry-run": "dry-run", "execute": "execute"}
