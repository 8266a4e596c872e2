"""`kubernaut describe`: one screen for people, one document for machines."""

import json

from kubernaut.kube.objects import EXECUTIONS, PODS
from tests.support.executions import RUNNING, make_execution, make_pod
from tests.support.fake_client import FakeClient

FAILED = make_execution(phase="Failed", reason="ActionFailed", message="It failed.", jobName="more-1")


def describe(kubernaut_on, *words):
    cluster = FakeClient((EXECUTIONS, dict(FAILED.json)), (PODS, make_pod(dry_run=RUNNING)))
    return kubernaut_on(cluster, "describe", "more", "-n", "prod", *words)


def test_people_get_sections_and_the_next_command_last(kubernaut_on):
    ran = describe(kubernaut_on)
    lines = ran.out.splitlines()
    assert ran.code == 0
    assert lines[0] == "more  Failed (ActionFailed)"
    assert lines[-2:] == ["", "next: kubernaut logs more -n prod  # what its pods wrote"]
    assert [line for line in lines if line.endswith(" ")] == []


def test_machines_get_the_object_its_attempts_events_and_next_steps(kubernaut_on):
    document = json.loads(describe(kubernaut_on, "-o", "json").out)
    assert set(document) == {"execution", "attempts", "events", "notRead", "next"}
    assert document["execution"]["status"] == FAILED.json["status"]
    assert document["attempts"] == [{"pod": "p", "phase": "Running", "node": "node-1"}]
    assert document["next"] == [{"command": "kubernaut logs more -n prod", "why": "what its pods wrote"}]
