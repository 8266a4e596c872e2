"""What an execution comes after: it waits, starts, or is skipped, whatever becomes of those before it."""

from datetime import UTC, datetime, timedelta

import pytest

from kubernaut.admission.decisions import Deferred, Rejected
from kubernaut.admission.predecessors import Predecessors
from kubernaut.api.execution import PredecessorEnd, Reason
from kubernaut.api.view import ExecutionView
from kubernaut.kube.objects import Key

CREATED = datetime(2026, 11, 1, 10, tzinfo=UTC)


class World:
    """The executions that exist, and the time."""

    def __init__(self):
        self.executions, self.now = {}, CREATED
        self.predecessors = Predecessors(self.executions.get, lambda: self.now)

    def put(self, name, *after, phase="Pending", uid="", predecessors=()):
        """Add an execution, or replace it; each of `after` is `NAME` or `NAME=WHEN`."""
        edges = [dict(zip(("execution", "when"), one.split("="), strict=False)) for one in after]
        metadata = {
            "name": name,
            "namespace": "ns",
            "uid": uid or f"u-{name}",
            "creationTimestamp": "2026-11-01T10:00:00Z",
        }
        ends = [one.to_json() for one in predecessors]
        status = {"phase": phase, **({"predecessors": ends} if ends else {})}
        view = ExecutionView({"metadata": metadata, "spec": {"action": "a", "after": edges}, "status": status})
        self.executions[Key("ns", name)] = view
        return view

    def delete(self, name):
        self.predecessors.record_deletion(self.executions.pop(Key("ns", name)))

    def check(self, name):
        return self.predecessors.check(self.executions[Key("ns", name)])


@pytest.fixture
def world():
    return World()


def test_without_predecessors_nothing_is_waited_for(world):
    world.put("a")
    assert world.check("a") is None
    assert world.predecessors.awaiting(Key("ns", "a")) == []


def test_it_is_known_who_waits_for_whom_until_they_may_start(world):
    world.put("a")
    world.put("b", "a")
    world.put("c", "a=Ended", "b")
    assert world.check("b").message == "It comes after a, which has not ended."
    assert isinstance(world.check("c"), Deferred)
    assert world.predecessors.awaiting(Key("ns", "a")) == [Key("ns", "b"), Key("ns", "c")]
    world.put("a", phase="Succeeded")
    assert world.check("b") is None
    assert world.predecessors.awaiting(Key("ns", "a")) == [Key("ns", "c")]


@pytest.mark.parametrize("phase", ["Succeeded", "Failed", "Cancelled", "Skipped"])
@pytest.mark.parametrize("when", ["Succeeded", "Failed", "Ended"])
def test_each_condition_and_each_end(world, when, phase):
    world.put("a", phase=phase)
    world.put("b", f"a={when}")
    decision = world.check("b")
    if when in {"Ended", phase}:
        assert decision is None
    else:
        assert (decision.reason, f"a ended as {phase}" in decision.message) == (Reason.CONDITION_NOT_MET, True)


def test_one_that_cannot_be_met_decides_although_others_are_pending(world):
    world.put("a", phase="Failed")
    world.put("b")
    world.put("c", "b", "a")
    assert world.check("c").reason is Reason.CONDITION_NOT_MET
    assert world.predecessors.awaiting(Key("ns", "b")) == []


def test_a_dry_run_prepares_nothing_for_an_execution_that_is_none_itself(world):
    world.put("a", phase="Succeeded").json["spec"]["dryRun"] = True
    world.put("b", "a")
    assert world.check("b").reason is Reason.CONDITION_NOT_MET
    world.put("b", "a").json["spec"]["dryRun"] = True
    assert world.check("b") is None


def test_one_that_never_appears_is_given_up_after_ten_minutes(world):
    world.put("b", "a")
    world.now += timedelta(seconds=599)
    decision = world.check("b")
    assert (decision.reason, decision.retry_after) == (Reason.WAITING_FOR_PREDECESSOR, 1)
    world.now += timedelta(seconds=1)
    assert world.check("b").reason is Reason.PREDECESSOR_NOT_FOUND
    assert Reason.PREDECESSOR_NOT_FOUND.phase == "Skipped"


def test_one_that_exists_is_waited_for_without_an_end(world):
    world.put("a", phase="Running")
    world.put("b", "a")
    world.now += timedelta(days=1)
    assert world.check("b").retry_after is None


@pytest.mark.parametrize(("phase", "decided"), [("Succeeded", None), ("Failed", Reason.CONDITION_NOT_MET)])
def test_the_end_of_one_that_is_deleted_counts(world, phase, decided):
    world.put("a", phase="Running")
    world.put("b", "a")
    world.check("b")
    world.put("a", phase=phase)
    world.delete("a")
    world.put("a", phase="Pending", uid="another")
    decision = world.check("b")
    assert (decision.reason if decision else None) == decided


def test_one_that_is_deleted_before_its_end_met_no_condition(world):
    world.put("a")
    world.put("b", "a=Ended")
    world.check("b")
    world.delete("a")
    decision = world.check("b")
    assert isinstance(decision, Rejected)
    assert "a was deleted before it ended" in decision.message


def test_what_status_records_counts_whatever_has_become_of_the_name(world):
    end = PredecessorEnd(execution="a", uid="u-a", phase="Succeeded")
    world.put("a", phase="Failed", uid="another")
    world.put("b", "a", "z", predecessors=[end])
    world.put("z", phase="Running")
    decision = world.check("b")
    assert (decision.blocked_by, decision.predecessors) == ("z", (end,))
    assert world.predecessors.awaiting(Key("ns", "a")) == [], "it may be deleted: its end is recorded"


@pytest.mark.parametrize(
    ("edges", "cycle"),
    [
        ({"a": ["b"], "b": ["a"]}, "a comes after b comes after a"),
        (
            {"a": ["x", "b"], "b": ["y", "c"], "c": ["a"], "x": [], "y": ["x"]},
            "a comes after b comes after c comes after a",
        ),
        ({"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": []}, None),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, None),
    ],
    ids=["two", "three", "a diamond", "a cycle of others"],
)
def test_a_cycle_is_told_by_its_names(world, edges, cycle):
    for name, after in edges.items():
        world.put(name, *after)
    decision = world.check("a")
    assert (decision.reason is Reason.PREDECESSOR_CYCLE) == (cycle is not None)
    assert cycle is None or cycle in decision.message


def test_a_spec_that_cannot_be_read_is_left_to_validation(world):
    view = world.put("a", "b")
    view.json["spec"]["after"] = [{"when": 3}]
    assert world.check("a") is None
