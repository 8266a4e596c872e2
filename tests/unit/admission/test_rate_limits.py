"""A cooldown per target and a budget per namespace, by a clock that the test moves."""

from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.admission.rate_limits import RateLimiter
from kubernaut.api.labels import ANNOTATION_RESUMED
from kubernaut.api.timestamps import micro_time
from kubernaut.api.view import ExecutionView
from kubernaut.settings import BudgetSettings

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
TARGET = "Deployment/web"
HELD, LATER = "2026-05-01T12:00:00.000001Z", "2026-05-01T12:00:01Z"


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
    return ExecutionView({"metadata": metadata, "spec": {"action": action, "dryRun": dry_run}, "status": status})


def ended(name, time, **more):
    times = {"startTime": micro_time(time), "completionTime": micro_time(time)}
    return execution(name, jobName="j", target=TARGET, **times, **more)


def budget(clock, executions=2, seconds=600):
    return RateLimiter(BudgetSettings(executions=executions, window_seconds=seconds), clock)


def test_without_a_cooldown_or_a_budget_no_execution_waits(clock):
    limiter = RateLimiter(None, clock)
    limiter.record(ended("before", NOON))
    assert [limiter.check(execution(f"e{n}"), TARGET, 0) for n in range(100)] == [None] * 100


def test_the_same_action_on_the_same_target_waits_for_the_cooldown(clock):
    limiter = RateLimiter(None, clock)
    limiter.record(ended("before", NOON))
    clock.go(40)
    delay = limiter.check(execution("next"), TARGET, 60)
    assert (delay.reason, delay.seconds) == ("CoolingDown", 20)
    assert delay.message.startswith(
        "Cooldown: execution before finished on Deployment/web recently, and scale waits 60 s between executions on a target"
    )
    assert "This one starts at 12:01:00 UTC" in delay.message
    clock.go(20)
    assert limiter.check(execution("next"), TARGET, 60) is None


@pytest.mark.parametrize(
    ("other", "target"),
    [
        pytest.param({}, "Deployment/api", id="another target"),
        pytest.param({"action": "restart-deployment"}, TARGET, id="another action"),
        pytest.param({"namespace": "other"}, TARGET, id="another namespace"),
        pytest.param({"dry_run": True}, TARGET, id="a rehearsal"),
    ],
)
def test_a_cooldown_does_not_delay_other_actions_and_targets(clock, other, target):
    limiter = RateLimiter(None, clock)
    limiter.record(ended("before", NOON))
    assert limiter.check(execution("next", **other), target, 60) is None


def test_a_dry_run_starts_no_cooldown_and_does_not_count_towards_the_budget(clock):
    limiter = budget(clock, executions=1)
    limiter.record(ended("rehearsal", NOON, dry_run=True))
    assert limiter.check(execution("first"), TARGET, 60) is None


def test_a_clock_that_is_set_back_does_not_extend_a_cooldown(clock):
    limiter = RateLimiter(None, clock)
    limiter.record(ended("before", NOON))
    clock.go(-3600)
    assert limiter.check(execution("next"), TARGET, 60).seconds == 60


def test_an_execution_over_the_budget_waits_until_it_is_resumed(clock):
    limiter = budget(clock)
    assert [limiter.check(execution(name), TARGET, 0) for name in ("a", "b")] == [None, None]
    delay = limiter.check(execution("c"), TARGET, 0)
    assert (delay.reason, delay.seconds) == ("BudgetExceeded", None)
    assert "2 executions started in ns within 600 s" in delay.message
    assert "kubernaut resume c -n ns" in delay.message
    held = {"reason": "BudgetExceeded", "heldSince": HELD}
    clock.go(10_000)
    assert limiter.check(execution("c", **held), TARGET, 0).reason == "BudgetExceeded", "it went by itself"
    assert limiter.check(execution("d"), TARGET, 0) is None, "the window has passed"
    assert limiter.check(execution("c", annotations={ANNOTATION_RESUMED: HELD}, **held), TARGET, 0) is None


@pytest.mark.parametrize(
    "status",
    [pytest.param({}, id="before there is a hold"), pytest.param({"heldSince": LATER}, id="of an earlier hold")],
)
def test_a_hold_cannot_be_lifted_in_advance(clock, status):
    limiter = budget(clock, executions=1)
    limiter.check(execution("a"), TARGET, 0)
    assert limiter.check(execution("b", annotations={ANNOTATION_RESUMED: HELD}, **status), TARGET, 0) is not None


def test_a_budget_counts_each_execution_once_and_not_those_that_did_not_start(clock):
    limiter = budget(clock, executions=1)
    assert limiter.check(execution("a"), TARGET, 0) is None
    assert limiter.check(execution("a"), TARGET, 0) is None, "the same one, reconciled again"
    limiter.cancel_start("ns", "uid-a")
    assert limiter.check(execution("b"), TARGET, 0) is None
    assert limiter.check(execution("a", namespace="other"), TARGET, 0) is None, "each namespace has its own"


def test_the_state_is_rebuilt_from_existing_executions_and_keeps_deleted_ones(clock):
    limiter = budget(clock, executions=2)
    for name in ("a", "b"):
        limiter.record(ended(name, NOON - timedelta(seconds=100)))
    assert limiter.check(execution("c"), TARGET, 0).reason == "BudgetExceeded"
    clock.go(501)
    assert limiter.check(execution("d"), TARGET, 0) is None
