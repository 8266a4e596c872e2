"""A cooldown per target and a budget per namespace, by a clock that the test moves."""

from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.admission.rate_limits import Pace
from kubernaut.api.labels import ANNOTATION_RESUMED
from kubernaut.api.timestamps import timestamp
from kubernaut.settings import BudgetSettings

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
TARGET = "Deployment/web"


class Clock:
    def __init__(self):
        self.time = NOON

    def __call__(self):
        return self.time

    def go(self, seconds):
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


def execution(name, *, namespace="ns", action="scale", dry_run=False, annotations=None, **status):
    metadata = {"name": name, "namespace": namespace, "uid": f"uid-{name}", "annotations": annotations or {}}
    return {"metadata": metadata, "spec": {"action": action, "dryRun": dry_run}, "status": status}


def ended(name, time, **more):
    times = {"startTime": timestamp(time), "completionTime": timestamp(time)}
    return execution(name, jobName="j", target=TARGET, **times, **more)


def budget(clock, executions=2, seconds=600):
    return Pace(BudgetSettings(executions=executions, window_seconds=seconds), clock)


def test_without_a_cooldown_or_a_budget_nothing_is_held(clock):
    pace = Pace(None, clock)
    pace.note(ended("before", NOON))
    assert [pace.hold(execution(f"e{n}"), TARGET, 0) for n in range(100)] == [None] * 100


def test_the_same_target_is_left_alone_until_the_cooldown_is_over(clock):
    pace = Pace(None, clock)
    pace.note(ended("before", NOON))
    clock.go(40)
    hold = pace.hold(execution("next"), TARGET, 60)
    assert (hold.reason, hold.seconds) == ("CoolingDown", 20)
    assert hold.message.startswith(
        "before acted on Deployment/web just before; scale waits 60 s between two on one target"
    )
    assert "it starts at 12:01:00 UTC" in hold.message
    clock.go(20)
    assert pace.hold(execution("next"), TARGET, 60) is None


@pytest.mark.parametrize(
    ("other", "target"),
    [
        pytest.param({}, "Deployment/api", id="another target"),
        pytest.param({"action": "restart-deployment"}, TARGET, id="another action"),
        pytest.param({"namespace": "other"}, TARGET, id="another namespace"),
        pytest.param({"dry_run": True}, TARGET, id="a rehearsal"),
    ],
)
def test_a_cooldown_holds_nothing_else(clock, other, target):
    pace = Pace(None, clock)
    pace.note(ended("before", NOON))
    assert pace.hold(execution("next", **other), target, 60) is None


def test_a_rehearsal_starts_no_cooldown_and_costs_no_budget(clock):
    pace = budget(clock, executions=1)
    pace.note(ended("rehearsal", NOON, dry_run=True))
    assert pace.hold(execution("first"), TARGET, 60) is None


def test_a_clock_set_back_does_not_prolong_a_cooldown(clock):
    pace = Pace(None, clock)
    pace.note(ended("before", NOON))
    clock.go(-3600)
    assert pace.hold(execution("next"), TARGET, 60).seconds == 60


def test_what_goes_beyond_the_budget_waits_until_a_person_lets_it_go(clock):
    pace = budget(clock)
    assert [pace.hold(execution(name), TARGET, 0) for name in ("a", "b")] == [None, None]
    hold = pace.hold(execution("c"), TARGET, 0)
    assert (hold.reason, hold.seconds) == ("BudgetExceeded", None)
    assert "2 executions started in ns within 600 s" in hold.message
    assert "kubernaut resume c -n ns" in hold.message
    held = {"reason": "BudgetExceeded", "heldSince": "T"}
    clock.go(10_000)
    assert pace.hold(execution("c", **held), TARGET, 0).reason == "BudgetExceeded", "it went by itself"
    assert pace.hold(execution("d"), TARGET, 0) is None, "the window has passed"
    assert pace.hold(execution("c", annotations={ANNOTATION_RESUMED: "T"}, **held), TARGET, 0) is None


@pytest.mark.parametrize(
    "status",
    [pytest.param({}, id="before there is a hold"), pytest.param({"heldSince": "later"}, id="of an earlier hold")],
)
def test_a_hold_cannot_be_lifted_in_advance(clock, status):
    pace = budget(clock, executions=1)
    pace.hold(execution("a"), TARGET, 0)
    assert pace.hold(execution("b", annotations={ANNOTATION_RESUMED: "T"}, **status), TARGET, 0) is not None


def test_a_budget_counts_each_execution_once_and_gives_back_what_did_not_start(clock):
    pace = budget(clock, executions=1)
    assert pace.hold(execution("a"), TARGET, 0) is None
    assert pace.hold(execution("a"), TARGET, 0) is None, "the same one, looked at again"
    pace.withdraw("ns", "uid-a")
    assert pace.hold(execution("b"), TARGET, 0) is None
    assert pace.hold(execution("a", namespace="other"), TARGET, 0) is None, "each namespace has its own"


def test_it_is_rebuilt_from_what_exists_and_remembers_what_was_deleted(clock):
    pace = budget(clock, executions=2)
    for name in ("a", "b"):
        pace.note(ended(name, NOON - timedelta(seconds=100)))
    assert pace.hold(execution("c"), TARGET, 0).reason == "BudgetExceeded"
    clock.go(501)
    assert pace.hold(execution("d"), TARGET, 0) is None
