"""Whatever a pod writes as its termination message: its execution ends in one way, and status stays small, true and readable."""

import base64
import json
import zlib

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kubernaut.api.execution import ExecutionStatus, Phase
from kubernaut.api.fields import ReportableFields
from kubernaut.jobs.attempts import believe, read_attempts
from kubernaut.jobs.outcome import Finished, observe
from kubernaut.jobs.termination import parse_report
from kubernaut.kube.objects import CachedObject
from kubernaut.printable import is_printable

FIELDS = ReportableFields.declared(["spec.replicas"], "Deployment", "web")
MAX_STATUS_BYTES = 300_000
HOSTILE = st.sampled_from(
    ["\x1b[2J", "\u202e", "\x9b31m", "\x00", "line\nline", "'; rm -rf /", "💥", "\ud83d", "a" * 500]
)
TEXT = st.one_of(st.text(max_size=60), HOSTILE)
VALUE = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXT, inner, max_size=3)),
    max_leaves=8,
)
KINDS = st.sampled_from(["Deployment", "Secret", "ConfigMap", "deployment", ""]) | TEXT
NAMES = st.sampled_from(["web", "db", "*", "web/../db"]) | TEXT
PATHS = st.sampled_from(["spec.replicas", "spec.template", "*", "spec.replicas\x1b[0m", ""]) | TEXT
CHANGES = st.lists(
    st.fixed_dictionaries({"kind": KINDS, "name": NAMES, "field": PATHS}, optional={"before": VALUE, "after": VALUE}),
    max_size=6,
)
VALID = st.fixed_dictionaries(
    {"kubernaut": st.just(1), "step": st.just("execute"), "state": st.sampled_from(["done", "error", "rejected"])},
    optional={
        "message": TEXT,
        "reason": st.sampled_from(["", "Forbidden", "PluginError"]),
        "verified": st.booleans(),
        "changes": CHANGES,
        "outputs": st.dictionaries(TEXT, VALUE, max_size=4),
        "truncated": st.booleans(),
        "unsure": st.booleans(),
        "log": TEXT,
    },
)
SPOILT = st.builds(
    lambda report, field, value: {**report, field: value},
    VALID,
    st.sampled_from(["kubernaut", "step", "state", "reason", "started", "changes", "outputs", "calls", "disbelieved"]),
    VALUE,
)
REPORTS = VALID | SPOILT


BOMB = {"kubernaut": 1, "step": "execute", "state": "done"}


def packed(text):
    return json.dumps({"packed": base64.b85encode(zlib.compress(text.encode(errors="replace"))).decode()})


MESSAGES = st.one_of(
    st.text(max_size=200),
    REPORTS.map(json.dumps),
    REPORTS.map(lambda report: packed(json.dumps(report))),
    REPORTS.map(lambda report: packed(packed(json.dumps(report)))),
    st.integers(1, 4000).map(lambda depth: "[" * depth),
    st.integers(1, 4000).map(lambda depth: '{"kubernaut":' * depth),
    st.integers(1, 2_000_000).map(lambda size: packed("[" * size)),
    st.integers(1, 2_000_000).map(lambda size: packed(json.dumps({**BOMB, "outputs": {"x": "a" * size}}))),
    st.binary(max_size=100).map(lambda raw: json.dumps({"packed": base64.b85encode(raw).decode()})),
)


def pod(message, code):
    state = {"terminated": {"exitCode": code, "reason": "Completed" if not code else "Error", "message": message}}
    status = {
        "phase": "Failed" if code else "Succeeded",
        "containerStatuses": [{"name": "execute", "image": "i", "state": state}],
    }
    return CachedObject({"metadata": {"name": "p", "creationTimestamp": "2026-01-01T00:00:00Z"}, "status": status})


@settings(max_examples=105, deadline=2000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(MESSAGES, st.sampled_from([0, 1, 42, 137]))
def test_any_termination_message_ends_its_execution_once_and_tells_only_of_its_own_field(message, code):
    job = {"metadata": {"name": "j"}, "spec": {}, "status": {"conditions": []}}
    if code:
        job["status"]["conditions"] = [{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}]
    attempts = believe(read_attempts([pod(message, code)]), FIELDS)
    found = observe(job, attempts)
    assert isinstance(found, Finished)
    assert (found.phase is Phase.FAILED) or not code
    for change in (*found.result.changes, *found.result.unconfirmed):
        assert (change.kind, change.name, change.field) == ("Deployment", "web", "spec.replicas")
    status = ExecutionStatus(
        phase=found.phase, message=found.message[:2000], result=found.result, log_tail=found.log_tail or None
    )
    shown = status.to_json()
    assert len(json.dumps(shown)) < MAX_STATUS_BYTES
    outputs = json.dumps(shown["result"]["outputs"], ensure_ascii=False)
    for text in (shown["message"], shown.get("logTail", ""), outputs):
        assert is_printable(text.replace("\n", "").replace("\t", ""))
    assert ExecutionStatus.model_validate(json.loads(json.dumps(shown))) == status


@settings(max_examples=70, deadline=2000)
@given(MESSAGES)
def test_a_report_is_read_whole_or_not_at_all(message):
    report = parse_report(message, "execute")
    assert report is None or (report.step == "execute" and len(report.model_dump_json()) < MAX_STATUS_BYTES)
