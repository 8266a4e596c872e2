"""`kubernaut trace`: the waterfall of one execution's spans."""

from datetime import datetime, timedelta

import pytest

from kubernaut.api.stored_stages import pack
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.cli.commands.trace import bar, headline, waterfall
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.telemetry.spans import Span, spans_of
from tests.support.executions import T, make_execution, make_stage
from tests.support.fake_client import FakeClient
from tests.support.shown import shown

START = datetime.fromisoformat(T.format(0))
REQUEST = {"verb": "PATCH", "resource": "v1/configmaps", "name": "web", "code": 200, "count": 2}
EXECUTION = make_execution(
    phase="Failed",
    reason="ActionFailed",
    target="Deployment/web",
    requestedBy="anna",
    completionTime=T.format(8),
    stages=[
        make_stage("wait", 0, 2, detail="TargetBusy"),
        make_stage("validate", 2, 3),
        make_stage("policy", 2, 3, within="validate", detail="freeze-windows"),
        make_stage("hook", 2, 3, within="policy", detail="freeze-windows.validate"),
        make_stage("attempt", 4, 8, attempt=1, detail="pod-1", error="execute failed"),
        make_stage("execute", 5, 8, within="attempt", attempt=1, error="exit code 1: [no]"),
        make_stage("request", 6, 7, within="execute", attempt=1, request=REQUEST),
    ],
)
SPANS = spans_of(EXECUTION, now())


def span(begin, end):
    return Span("x", "1", "", START + timedelta(seconds=begin), START + timedelta(seconds=end), {})


@pytest.mark.parametrize(
    ("begin", "end", "drawn"),
    [
        (0, 8, "████████"),
        (4, 8, "    ████"),
        (0, 0, "▏"),
        (8, 8, "        ▏"),
        (2.5, 5, "  ▐██"),
        (2, 3.5, "  █▌"),
        (2, 2.5, "  ▌"),
    ],
)
def test_a_bar_is_drawn_in_eighths_of_a_character(begin, end, drawn):
    assert bar(span(begin, end), START, START + timedelta(seconds=8), 8) == drawn


def test_the_headline_has_state_duration_and_trace():
    first, second = headline(EXECUTION, SPANS[0]).splitlines()
    assert first == "prod/more: scale on Deployment/web, requested by anna"
    assert shown(second).startswith("Failed (ActionFailed) in 8.0 s, trace ")


def test_the_stages_of_an_earlier_engine_are_drawn_like_those_of_this_one():
    status = EXECUTION.json["status"]
    stored = ExecutionView({**EXECUTION.json, "status": {**status, "stages": pack(EXECUTION.status.stages)}})
    assert stored.json["status"]["stages"][1] == {"name": "validate", "at": 2_000_000, "took": 1_000_000}
    spans = spans_of(stored, now())
    assert shown(waterfall(spans, 60, 20)) == shown(waterfall(SPANS, 60, 20))
    assert spans[1:] == SPANS[1:]


def test_an_execution_that_has_not_ended_has_a_duration_so_far():
    pending = make_execution(phase="Pending", reason="Queued")
    spans = spans_of(pending, START + timedelta(seconds=3))
    assert "Pending (Queued) so far 3.0 s" in shown(headline(pending, spans[0]))


def test_each_span_is_indented_below_its_parent_with_its_duration():
    lines = shown(waterfall(SPANS, 60, 20)).splitlines()
    assert lines[0].split() == ["STAGE", "TOOK"]
    assert [line[:60].rstrip() for line in lines[1:]] == [
        "execute scale",
        "  wait TargetBusy",
        "  validate",
        "    policy freeze-windows",
        "      hook freeze-windows.validate",
        "  attempt 1 pod-1",
        "    execute",
        "      PATCH v1/configmaps web 200 (2 times)",
    ]
    assert lines[2].split()[2:4] == ["2.0", "s"]


def test_the_command_leaves_out_the_hooks_of_policies_and_lists_errors(kubernaut_on):
    ran = kubernaut_on(FakeClient((EXECUTIONS, dict(EXECUTION.json))), "trace", "more", "-n", "prod")
    assert ran.code == 0
    assert "policy freeze-windows" in ran.out
    assert "hook freeze-windows" not in ran.out
    assert "execute: exit code 1: [no]\n" in ran.out
