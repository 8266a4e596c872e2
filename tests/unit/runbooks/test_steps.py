"""The graph of the steps: its order, and what can never be run."""

import pytest

from kubernaut.runbooks.steps import edges, in_order, step_problems
from tests.support.runbooks import make_spec, make_step

UNDO = make_step("undo", undoes="act")
ACT, CHECK = make_step("act"), make_step("check", "act")


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        pytest.param([make_step("a", "a")], "steps.a.after: a step cannot come after itself", id="after itself"),
        pytest.param(
            [ACT, make_step("b", "acct")], "steps.b.after: there is no step acct; did you mean act?", id="no step"
        ),
        pytest.param(
            [make_step("a", "c"), make_step("b", "a"), make_step("c", "b"), make_step("d", "c")],
            "steps.a.after: the steps wait for each other: a -> c -> b -> a; leave out one of these",
            id="a cycle",
        ),
        pytest.param(
            [make_step("act", "undo"), make_step("undo", undoes="act")],
            "steps.act.after: the steps wait for each other: act -> undo -> act; leave out one of these",
            id="a cycle by undoes",
        ),
        pytest.param([make_step("a", undoes="b")], "steps.a.undoes: there is no step b", id="undoes no step"),
        pytest.param([make_step("a", undoes="a")], "steps.a.undoes: a step cannot undo itself", id="undoes itself"),
        pytest.param(
            [UNDO, ACT], "steps.undo.undoes: act comes later: list the step that undoes it below it", id="later"
        ),
        pytest.param(
            [ACT, UNDO, make_step("redo", undoes="undo")],
            "steps.redo.undoes: undo undoes a step itself; to do it again, write a step of its own",
            id="undoes an undo",
        ),
        pytest.param(
            [ACT, {**UNDO, "parameters": {}}],
            "steps.undo.parameters: a step that undoes another has none: they follow from what the other did",
            id="parameters beside undoes",
        ),
        pytest.param(
            [ACT, UNDO, make_step("again", undoes="act")],
            "steps.again.undoes: undo undoes act, too, and both could run: leave out one of them",
            id="undone twice",
        ),
        pytest.param(
            [ACT, CHECK, make_step("next", "check"), make_step("last", "next", "act=Failed")],
            "steps.last.after: it can never run: act would have to have succeeded and to have failed",
            id="a step that can never run",
        ),
        pytest.param(
            [ACT, make_step("fix", "act=Failed"), make_step("undo", "act", undoes="fix")],
            "steps.undo.after: it can never run: act would have to have succeeded and to have failed",
            id="an undo of what cannot have run",
        ),
        pytest.param(
            [*(make_step(f"s{n}") for n in range(9)), make_step("u", *(f"s{n}" for n in range(8)), undoes="s8")],
            "steps.u.after: with the step that it undoes, it comes after more than 8 others",
            id="one after too many",
        ),
    ],
)
def test_a_graph_that_cannot_be_run_is_refused(steps, problem):
    assert str(step_problems(make_spec(*steps))[0]) == problem


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([ACT, CHECK, make_step("undo", "check=Failed", undoes="act")], id="act, verify, undo"),
        pytest.param(
            [
                ACT,
                CHECK,
                make_step("more", "check"),
                make_step("undo-1", "check=Failed", undoes="act"),
                make_step("undo-2", "more=Failed", undoes="act"),
            ],
            id="two that undo, of which one can run",
        ),
        pytest.param(
            [ACT, make_step("a", "act=Ended"), make_step("b", "a=Ended", "act=Failed")], id="however it ended"
        ),
    ],
)
def test_a_graph_that_can_be_run_has_no_problem(steps):
    assert step_problems(make_spec(*steps)) == []


def test_steps_are_created_after_those_they_wait_for_and_else_as_listed():
    spec = make_spec(make_step("z", "a"), make_step("b"), make_step("a"), make_step("c"))
    assert [step.name for step in in_order(spec)] == ["b", "a", "z", "c"]


def test_a_step_that_undoes_waits_for_the_other_to_end_unless_it_says_how():
    spec = make_spec(
        ACT, CHECK, make_step("undo", "check=Failed", undoes="act"), make_step("u", "act=Failed", undoes="act")
    )
    assert [(edge.step, edge.when) for edge in edges(spec.by_name["undo"])] == [("check", "Failed"), ("act", "Ended")]
    assert [(edge.step, edge.when) for edge in edges(spec.by_name["u"])] == [("act", "Failed")]
