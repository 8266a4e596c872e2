"""The live view: what is drawn at a moment, and what is printed where nothing is redrawn."""

import asyncio
import copy
import io

import pytest
from rich.console import Console

from kubernaut.cli.views import live
from kubernaut.cli.views.live import Follower, View
from kubernaut.errors import DeniedError
from kubernaut.kube.answers import WatchEvent
from kubernaut.kube.objects import EXECUTIONS, PODS, Key, key_of
from tests.support.executions import (
    CHANGE,
    ROLLBACK,
    RUNNING,
    WAITING,
    ended_step,
    make_execution,
    make_pod,
    make_stage,
)
from tests.support.fake_client import FakeClient
from tests.support.shown import shown

KEY = Key("prod", "more")
RESULT = {"changes": [CHANGE], "rollback": ROLLBACK}
DRY_RUN_PASSED = make_pod(dry_run=ended_step("dry-run", changes=[CHANGE]), execute=RUNNING)
RUNNING_EXECUTION = make_execution(phase="Running", jobName="more-1", observedGeneration=1, message="It runs.")


class Clock:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def view(clock):
    return View(KEY, clock)


def drawn(view):
    return [line.rstrip() for line in shown(view.draw()).splitlines()]


def by_key(*pods):
    return {key_of(pod): pod for pod in pods}


def test_before_the_first_answer_only_the_heading_is_drawn(view, clock):
    clock.now += 0.25
    assert drawn(view) == ["prod/more  created  250 ms", ""]


def test_the_current_stage_shows_how_long_it_has_lasted_by_our_own_clock(view, clock):
    view.update(make_execution(phase="Pending", reason="Queued", message="Waiting."))
    clock.now += 3
    view.update(make_execution(phase="Pending", reason="Queued", message="Still waiting."))
    clock.now += 1
    assert drawn(view) == ["prod/more  Pending  4.0 s", "  ·  Queued  4.0 s  Still waiting."]


def test_the_time_of_a_stage_starts_anew_with_the_next_stage(view, clock):
    view.update(make_execution(phase="Pending", reason="Queued", message="Waiting."))
    clock.now += 3
    view.update(RUNNING_EXECUTION)
    clock.now += 1
    (_, line) = drawn(view)
    assert line.split()[-4:] == ["1.0", "s", "It", "runs."]


def test_pods_show_stages_and_the_planned_changes(view):
    view.update(RUNNING_EXECUTION)
    view.update_pods(by_key(DRY_RUN_PASSED))
    lines = drawn(view)
    assert [line.split()[1] for line in lines[1:4]] == ["schedule", "start", "dry-run"]
    assert lines[-2:] == ["  would change", "    Deployment/web spec.replicas: 2 → 3"]


def test_deleted_pods_are_remembered_but_do_not_count_as_existing(view):
    view.update(RUNNING_EXECUTION)
    assert view.has_pods
    view.update_pods(by_key(DRY_RUN_PASSED))
    view.update_pods({})
    assert not view.has_pods
    assert view.plan != []
    going = make_pod("q", dry_run=WAITING)
    going["metadata"]["deletionTimestamp"] = "2026-11-01T10:00:09Z"
    view.update_pods(by_key(going))
    assert not view.has_pods
    view.update_pods(by_key(going, make_pod("r")))
    assert view.has_pods


class Followed(FakeClient):
    """A cluster where an execution goes through these states, and its pods through those."""

    def __init__(self, *states, pods=()):
        super().__init__((EXECUTIONS, dict(states[0].json)))
        self.states, self.pod_states = states[1:], pods
        self.pods_read = asyncio.Event()

    async def watch(self, resource, _version, **_):
        if resource is PODS:
            for pod in self.pod_states:
                yield WatchEvent(
                    "MODIFIED", copy.deepcopy({**pod, "metadata": {**pod["metadata"], "resourceVersion": "2"}})
                )
            self.pods_read.set()
            await asyncio.sleep(60)
        if self.pod_states:
            await self.pods_read.wait()
        for state in self.states:
            yield WatchEvent("MODIFIED", dict(state.json))


async def followed(cluster, *, quiet=False):
    out = Console(file=io.StringIO(), width=200, highlight=False)
    execution = await Follower(out, quiet=quiet).follow(cluster, KEY)
    return execution, out.file.getvalue().splitlines()


SUCCEEDED = make_execution(
    phase="Succeeded", jobName="more-1", observedGeneration=1, result=RESULT, stages=[make_stage("validate")]
)


async def test_progress_is_printed_line_by_line_and_nothing_twice():
    pending = make_execution(phase="Pending", reason="Queued", message="Waiting.")
    execution, lines = await followed(Followed(pending, RUNNING_EXECUTION, RUNNING_EXECUTION, SUCCEEDED))
    assert execution.phase == "Succeeded"
    assert lines == [
        "prod/more  Pending (Queued)  Waiting.",
        "prod/more  Running  It runs.",
        "Succeeded",
        "  Deployment/web spec.replicas: 2 → 3",
        "  undo: kubernaut rollback more -n prod",
        "  time: validate 1.0 s",
    ]


async def test_stages_and_the_plan_of_its_pods_are_printed():
    _, lines = await followed(Followed(RUNNING_EXECUTION, SUCCEEDED, pods=[DRY_RUN_PASSED, DRY_RUN_PASSED]))
    assert lines[:6] == [
        "prod/more  Running  It runs.",
        "prod/more  ✓ schedule 1.0 s",
        "prod/more  ✓ start 1.5 s",
        "prod/more  ✓ dry-run 500 ms",
        "prod/more  would change Deployment/web spec.replicas: 2 → 3",
        "Succeeded",
    ]


async def test_pods_that_cannot_be_read_are_not_complained_about(capsys):
    cluster = Followed(RUNNING_EXECUTION, SUCCEEDED)
    cluster.failures["list", "pods"] = [DeniedError("no")]
    _, lines = await followed(cluster)
    assert lines[0] == "prod/more  Running  It runs."
    assert "Succeeded" in lines
    assert capsys.readouterr().err == ""


async def test_a_failure_ends_with_the_next_steps():
    failed = make_execution(phase="Failed", reason="ActionFailed", message="No.", jobName="more-1")
    _, lines = await followed(Followed(failed))
    assert lines == ["Failed (ActionFailed)  No.", "  next: kubernaut logs more -n prod  # what its pods wrote"]


async def test_a_quiet_follower_prints_nothing():
    execution, lines = await followed(Followed(RUNNING_EXECUTION, SUCCEEDED), quiet=True)
    assert (execution.phase, lines) == ("Succeeded", [])


async def test_an_execution_that_no_engine_picks_up_is_warned_about_once(monkeypatch, capsys):
    monkeypatch.setattr(live, "UNOBSERVED_SECONDS", 0.01)

    class Slow(Followed):
        async def watch(self, resource, version, **more):
            await asyncio.sleep(0.05)
            async for event in super().watch(resource, version, **more):
                yield event

    pending = make_execution(phase="Pending", reason="Queued")
    await followed(Slow(pending, SUCCEEDED), quiet=True)
    assert capsys.readouterr().err == (
        "prod/more has not been picked up for 0 s. "
        "Is `kubernaut controller` running and allowed to act in this namespace? Still waiting.\n"
    )
    observed = make_execution(phase="Pending", reason="TargetBusy", observedGeneration=1)
    await followed(Slow(observed, SUCCEEDED), quiet=True)
    assert capsys.readouterr().err == ""
