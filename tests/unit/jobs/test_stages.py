"""The stages of attempts, from pods with times in whole seconds, reports that may be wrong, and clocks that differ."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.jobs.attempts import read_attempts
from kubernaut.jobs.stages import Pull, attempt_stages
from kubernaut.kube.objects import CachedObject

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def text(seconds):
    return at(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def report(step, started, finished, calls=()):
    payload = {"kubernaut": 1, "step": step, "state": "done", "started": at(started).timestamp()}
    return json.dumps({**payload, "finished": at(finished).timestamp(), "calls": list(calls)})


def container(name, started, finished, message="", code=0):
    ended = {"exitCode": code, "startedAt": text(started), "finishedAt": text(finished), "message": message}
    return {"name": name, "state": {"terminated": ended}}


def pod(name="p1", created=1, steps=(), scheduled=1):
    conditions = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": text(scheduled)}]
    first, last = ([s for s in steps if (s["name"] == "execute") == main] for main in (False, True))
    status = {"phase": "Succeeded", "conditions": conditions, "initContainerStatuses": first, "containerStatuses": last}
    metadata = {"name": name, "creationTimestamp": text(created)}
    return CachedObject({"metadata": metadata, "spec": {"nodeName": "n1"}, "status": status})


def times(stages):
    return [(s.name, (s.start_time - NOON).total_seconds(), (s.end_time - NOON).total_seconds()) for s in stages]


def test_stages_follow_each_other_and_have_the_runners_times():
    calls = [{"verb": "PATCH", "resource": "v1/configmaps", "name": "a", "at": 100, "ms": 50, "code": 200, "times": 1}]
    steps = [
        container("dry-run", 2, 2, report("dry-run", 2.4, 2.5)),
        container("execute", 3, 3, report("execute", 3.6, 3.9, calls)),
    ]
    stages = attempt_stages(read_attempts([pod(steps=steps)]), at(1.25), at(5), {})
    assert times(stages) == [
        ("attempt", 1.25, 3.9),
        ("schedule", 1.25, 1.25),
        ("start", 1.25, 2.4),
        ("dry-run", 2.4, 2.5),
        ("start", 2.5, 3.6),
        ("execute", 3.6, 3.9),
        ("request", 3.7, 3.75),
    ]
    assert str(stages[-1].request) == "PATCH v1/configmaps a 200"
    assert [s.within for s in stages] == [None, *["attempt"] * 5, "execute"]


@pytest.mark.parametrize(("started", "finished"), [(-1000, -900), (2.0e9, 2.1e9), (3, 1)])
def test_no_stage_is_outside_its_parent_no_matter_what_a_pod_reports(started, finished):
    calls = [{"verb": "GET", "resource": "x", "name": "y", "at": 86_400_000, "ms": 86_400_000, "code": 0, "times": 9}]
    steps = [container("dry-run", 2, 2, report("dry-run", started, finished, calls))]
    stages = attempt_stages(read_attempts([pod(steps=steps)]), at(1), at(5), {})
    assert {stage.name for stage in stages} >= {"attempt", "dry-run", "request"}
    assert all(at(1) <= stage.start_time <= stage.end_time <= at(5) for stage in stages)


def test_the_time_between_two_attempts_is_backoff():
    first = pod("a", 1, [container("dry-run", 2, 3, code=1)])
    second = pod("b", 13, [container("dry-run", 14, 15)], scheduled=13)
    stages = attempt_stages(read_attempts([first, second]), at(1), at(16), {})
    assert ("backoff", 3.0, 13.0) in times(stages)
    whole = [s for s in stages if s.name == "attempt"]
    assert [(s.attempt, s.error) for s in whole] == [(1, "dry-run failed"), (2, None)]
    assert next(s for s in stages if s.name == "dry-run").error.startswith("exit code 1")


def test_an_image_pull_is_between_scheduling_and_start():
    steps = [container("dry-run", 9, 9)]
    pull = Pull(at(2), at(8))
    stages = attempt_stages(read_attempts([pod(steps=steps)]), at(1), at(12), {"p1": pull})
    assert times(stages)[1:4] == [("schedule", 1.0, 1.0), ("pull-image", 2.0, 8.0), ("start", 8.0, 9.0)]
