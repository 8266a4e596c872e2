"""What waits for a decision: single proposals, and runs as one."""

from types import SimpleNamespace

from kubernaut.api.view import ExecutionView
from kubernaut.telemetry.audit import audit_record
from kubernaut.ui.proposals import Proposal, open_proposals
from kubernaut.ui.rendering import environment, macro

PLAN = f"sha256:{'0' * 64}"


def proposal(name, created, run="", position="", namespace="prod", requester=""):
    metadata = {"name": name, "namespace": namespace, "uid": name, "creationTimestamp": f"2026-05-01T12:00:0{created}Z"}
    metadata |= {"labels": {"kubernaut.io/run": run}} if run else {}
    metadata |= {"annotations": {"kubernaut.io/run-position": position}} if position else {}
    if requester:
        metadata.setdefault("annotations", {})["kubernaut.io/requested-by"] = requester
    status = {"phase": "Succeeded", "planDigest": PLAN}
    return ExecutionView({"metadata": metadata, "spec": {"action": "scale", "dryRun": True}, "status": status})


def found(*executions):
    def newest_first(wanted):
        return sorted(
            filter(wanted, executions), key=lambda one: one.json["metadata"]["creationTimestamp"], reverse=True
        )

    there = open_proposals(SimpleNamespace(newest_first=newest_first))
    return [(one.namespace, one.run, [step.name for step in one.steps]) for one in there]


def test_the_steps_of_a_run_are_one_proposal_in_their_order_and_the_newest_is_first():
    assert found(
        proposal("old", 1),
        proposal("fix-check", 3, "fix", "2/2"),
        proposal("fix-act", 2, "fix", "1/2"),
        proposal("new", 4),
    ) == [("prod", "", ["new"]), ("prod", "fix", ["fix-act", "fix-check"]), ("prod", "", ["old"])]


def test_runs_of_the_same_name_in_two_namespaces_are_two_proposals():
    assert len(found(proposal("a", 1, "fix"), proposal("b", 1, "fix", namespace="other"))) == 2


def test_what_somebody_else_put_into_a_run_is_not_shown_as_proposed_by_the_first():
    """Whoever creates an execution chooses the run that it claims to belong to, and its place there."""
    steps = [
        proposal("fix-act", 1, "fix", "1/2", requester="paula"),
        proposal("odd", 2, "fix", "2/2", requester="<mallory>"),
    ]
    with_records = [(audit_record(one), one) for one in steps]
    env = environment("")
    card = str(macro(env, "proposals.html", "card")("c", Proposal("prod", "fix", steps), steps[0], with_records))
    page = str(macro(env, "run.html", "operations")("o", "fix", "prod", steps, ""))
    for shown in (card, page):
        assert shown.count("&lt;mallory&gt;") == 1
        assert shown.index("fix-act: scale") < shown.index("odd: scale") < shown.index("&lt;mallory&gt;")
