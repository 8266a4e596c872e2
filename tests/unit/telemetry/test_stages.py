"""Where the time went, from pods that tell whole seconds, reports that may lie, and clocks that disagree."""

from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.api.execution import Reason
from kubernaut.controller.image_pulls import pull_told
from kubernaut.jobs.attempts import read_attempts
from kubernaut.jobs.stages import Pull, attempt_stages
from kubernaut.telemetry.first_seen import SIGHTINGS, carry, sharpened
from kubernaut.telemetry.stages import began_at, recorded, waited, waiting

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def text(seconds):
    return at(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


def report(step, started, finished, calls=()):
    import json  # noqa: PLC0415

    told = {"kubernaut": 1, "step": step, "state": "done", "started": at(started).timestamp()}
    return json.dumps({**told, "finished": at(finished).timestamp(), "calls": list(calls)})


def container(name, started, finished, message="", code=0):
    ended = {"exitCode": code, "startedAt": text(started), "finishedAt": text(finished), "message": message}
    return {"name": name, "state": {"terminated": ended}}


def pod(name="p1", created=1, steps=(), scheduled=1, **more):
    conditions = [{"type": "PodScheduled", "status": "True", "lastTransitionTime": text(scheduled)}]
    status = {"phase": "Succeeded", "conditions": conditions, "initContainerStatuses": list(steps)}
    return {
        "metadata": {"name": name, "creationTimestamp": text(created)},
        "spec": {"nodeName": "n1"},
        "status": status,
        **more,
    }


def told(stages):
    return [(s.name, (s.start_time - NOON).total_seconds(), (s.end_time - NOON).total_seconds()) for s in stages]


def test_parts_follow_each_other_and_the_runner_is_exact():
    calls = [{"call": "PATCH v1/configmaps a", "at": 100, "ms": 50, "code": 200, "times": 1}]
    steps = [
        container("dry-run", 2, 2, report("dry-run", 2.4, 2.5)),
        container("execute", 3, 3, report("execute", 3.6, 3.9, calls)),
    ]
    stages = attempt_stages(read_attempts([pod(steps=steps)]), at(1.25), at(5), {})
    assert told(stages) == [
        ("attempt", 1.25, 3.9),
        ("schedule", 1.25, 1.25),
        ("start", 1.25, 2.4),
        ("dry-run", 2.4, 2.5),
        ("start", 2.5, 3.6),
        ("execute", 3.6, 3.9),
        ("request", 3.7, 3.75),
    ]
    assert stages[-1].detail == "PATCH v1/configmaps a 200"
    assert [s.within for s in stages] == [None, *["attempt"] * 5, "execute"]


@pytest.mark.parametrize(("started", "finished"), [(-1000, -900), (2.0e9, 2.1e9), (3, 1)])
def test_whatever_a_pod_says_it_stays_within_its_time(started, finished):
    calls = [{"call": "GET x y", "at": 86_400_000, "ms": 86_400_000, "code": 0, "times": 9}]
    steps = [container("dry-run", 2, 2, report("dry-run", started, finished, calls))]
    for stage in attempt_stages(read_attempts([pod(steps=steps)]), at(1), at(5), {}):
        assert at(1) <= stage.start_time <= stage.end_time <= at(5)


def test_between_attempts_the_job_controller_waits():
    first = pod("a", 1, [container("dry-run", 2, 3, code=1)])
    second = pod("b", 13, [container("dry-run", 14, 15)], scheduled=13)
    stages = attempt_stages(read_attempts([first, second]), at(1), at(16), {})
    assert ("backoff", 3.0, 13.0) in told(stages)
    whole = [s for s in stages if s.name == "attempt"]
    assert [(s.attempt, s.error) for s in whole] == [(1, "dry-run failed"), (2, None)]
    assert next(s for s in stages if s.name == "dry-run").error.startswith("exit code 1")


def test_a_pull_lies_between_the_node_and_the_start():
    steps = [container("dry-run", 9, 9)]
    pull = Pull(at(2), at(8))
    stages = attempt_stages(read_attempts([pod(steps=steps)]), at(1), at(12), {"p1": pull})
    assert told(stages)[1:4] == [("schedule", 1.0, 1.0), ("pull-image", 2.0, 8.0), ("start", 8.0, 9.0)]


def test_a_pull_is_told_by_events_and_none_where_the_image_was_there():
    pulling = {"reason": "Pulling", "firstTimestamp": text(2)}
    pulled = {"reason": "Pulled", "firstTimestamp": text(8), "message": "Successfully pulled image"}
    assert pull_told([pulled, pulling]) == Pull(at(2), at(8))
    assert pull_told([{**pulled, "message": "already present on machine"}]) is None


def execution(stages=(), created=0):
    status = {"stages": list(stages)} if stages else {}
    return {"metadata": {"creationTimestamp": text(created)}, "status": status}


def test_a_wait_is_open_until_it_is_over_and_recorded_once():
    first = waiting(execution(), Reason.TARGET_BUSY, at(3))
    assert [(s.name, s.detail, s.start_time, s.end_time) for s in first] == [("wait", "TargetBusy", NOON, None)]
    kept = execution([s.model_dump(mode="json", by_alias=True, exclude_none=True) for s in first])
    assert waiting(kept, Reason.TARGET_BUSY, at(5)) is None
    second = waiting(kept, Reason.COOLING_DOWN, at(6))
    assert [(s.detail, s.end_time) for s in second] == [("TargetBusy", at(6)), ("CoolingDown", None)]
    assert [s.end_time for s in waited(kept, at(9))] == [at(9)]


def test_one_that_was_not_looked_at_at_once_has_waited_for_its_turn():
    assert [(s.detail, s.end_time) for s in waited(execution(), at(4))] == [("Queued", at(4))]
    assert waited(execution(), at(0.01)) == []


def test_the_story_begins_with_its_first_stage_or_with_the_second_it_was_created_in():
    stage = {"name": "validate", "startTime": "2026-05-01T12:00:00.400000Z", "endTime": "2026-05-01T12:00:01Z"}
    assert began_at(execution([stage])) == at(0.4)
    assert began_at(execution([{**stage, "startTime": "2026-05-01T12:00:07Z"}])) == NOON
    assert recorded(execution()) == []


def test_a_time_in_whole_seconds_is_sharpened_only_within_its_second():
    assert sharpened(text(1), at(1.3)) == at(1.3)
    assert sharpened(text(1), at(2.3)) == sharpened(text(1), at(0.9)) == sharpened(text(1), None) == at(1)


def test_what_was_seen_first_is_carried_on():
    first, second = {}, {}
    carry(None, first, {"created": True, "scheduled": False})
    carry(first, second, {"created": False, "scheduled": True})
    assert second[SIGHTINGS]["created"] == first[SIGHTINGS]["created"] <= second[SIGHTINGS]["scheduled"]
