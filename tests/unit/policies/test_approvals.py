"""`approvals`: what takes an approved plan, and whose."""

from datetime import UTC, datetime

import pytest

from kubernaut.api.plugin import ApprovedPlan, Execution, NoSettings, UndoneExecution
from kubernaut.policies import approvals
from kubernaut.policies.approvals import ApprovalRule, Approvals


def problems(*rules, plan_by=None, requested_by="ben", **changed):
    plan = None if plan_by is None else ApprovedPlan("more", "u", "sha256:1", plan_by, datetime.now(UTC))
    given = {
        "name": "x",
        "namespace": "production",
        "uid": "u",
        "action": "scale",
        "parameters": NoSettings(),
        "image": "i",
    }
    execution = Execution(
        **{**given, **changed}, settings=Approvals(rules=rules), requested_by=requested_by, approved_plan=plan
    )
    return [str(problem) for problem in approvals.validate(execution)]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "scale in production takes an approved plan: rehearse it with kubernaut propose"),
        ({"plan_by": "ben"}, "takes two people: ben proposed the plan, so somebody else has to approve it"),
        ({"plan_by": ""}, "it is not known who proposed the plan"),
        ({"plan_by": "anna", "requested_by": ""}, "it is not known who approved it"),
        ({"plan_by": "anna"}, None),
        ({"dry_run": True}, None),
    ],
)
def test_two_people_are_asked_for(given, message):
    found = problems(ApprovalRule(), **given)
    assert [message in one for one in found] == ([True] if message else [])


def test_one_person_is_enough_where_a_rule_says_so():
    rule = ApprovalRule(two_people=False)
    assert len(problems(rule)) == 1
    assert problems(rule, plan_by="ben") == []
    assert problems(rule, plan_by="", requested_by="") == []
    assert len(problems(rule, ApprovalRule(), plan_by="ben")) == 1, "the stricter rule decides"


def test_a_rule_applies_by_patterns():
    rule = ApprovalRule(namespaces=("prod*",), actions=("scale", "set-*"))
    assert len(problems(rule)) == 1
    assert len(problems(rule, action="set-resources")) == 1
    assert problems(rule, action="restart-deployment") == []
    assert problems(rule, namespace="staging") == []
    assert problems() == []


@pytest.mark.parametrize("bad", [{"actions": ()}, {"actions": ("",)}, {"people": 2}, {"two_people": "maybe"}])
def test_a_rule_that_means_nothing_is_refused(bad):
    with pytest.raises(ValueError, match="validation error"):
        ApprovalRule(**bad)


def test_undoing_takes_no_plan_where_all_rules_say_so_and_redoing_does():
    free = ApprovalRule(undo_freely=True)
    assert len(problems(ApprovalRule(), undone=UndoneExecution("act", ()))) == 1
    assert problems(free, undone=UndoneExecution("act", ())) == []
    assert len(problems(free, ApprovalRule(), undone=UndoneExecution("act", ()))) == 1
    assert len(problems(free, undone=UndoneExecution("back", (), undoes="act"))) == 1
