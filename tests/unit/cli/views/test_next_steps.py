"""What to type next: known for every reason, and each command one that can be typed as it stands."""

import shlex
from collections.abc import Iterator

import pytest
import typer.main

from kubernaut.api.execution import Reason
from kubernaut.api.view import ExecutionView
from kubernaut.cli.app import app
from kubernaut.cli.views.next_steps import BY_REASON, next_steps

CHANGE = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 3}
ROLLBACK = {"action": "scale", "parameters": {"name": "web", "replicas": 2}}


def execution(phase, reason=None, *, dry_run=False, **status):
    obj = {
        "metadata": {"name": "more", "namespace": "prod", "uid": "u-1"},
        "spec": {"action": "scale", "parameters": {"name": "web", "replicas": 3}, "dryRun": dry_run},
        "status": {"phase": phase, "reason": reason, "jobName": "more-1", **status},
    }
    return ExecutionView(obj)


def commands(*args, has_pods=True, **kwargs):
    return [step.command for step in next_steps(execution(*args, **kwargs), has_pods=has_pods)]


def test_every_reason_leads_somewhere():
    assert set(BY_REASON) == set(Reason)
    for reason in Reason:
        assert next_steps(execution("Failed", reason)), reason


@pytest.mark.parametrize(
    ("stands", "first"),
    [
        (("Failed", "Forbidden"), "kubernaut rbac render scale -n prod | kubectl apply -f -"),
        (("Failed", "ImagePullFailed"), "kubectl describe pod -n prod -l kubernaut.io/execution-uid=u-1"),
        (("Failed", "DryRunRejected"), "kubernaut logs more -n prod"),
        (("Failed", "ActionFailed"), "kubernaut logs more -n prod"),
        (("Failed", "InvalidParameters"), "kubernaut actions scale"),
        (("Pending", "BudgetExceeded"), "kubernaut resume more -n prod"),
        (("Pending", "CoolingDown"), "kubernaut resume more -n prod"),
        (("Pending", "Suspended"), "kubernaut resume more -n prod"),
        (("Running",), "kubernaut logs more -n prod -f"),
    ],
)
def test_the_first_command_fits_how_it_stands(stands, first):
    assert commands(*stands)[0] == first


def test_an_execution_that_waits_for_another_one_leads_to_that_one():
    assert commands("Pending", "TargetBusy", blockedBy="other-1")[0] == "kubernaut describe other-1 -n prod"


def test_an_execution_that_no_engine_has_picked_up_leads_to_the_installation():
    assert commands("Pending", "Queued") == ["kubernaut install --check"]
    assert commands("Pending", "Queued", observedGeneration=1) == ["kubernaut get -A --phase Running"]


def test_a_permission_that_the_engine_itself_lacks_leads_to_the_installation():
    validated = {
        "type": "Validated",
        "status": "True",
        "reason": "ChecksPassed",
        "lastTransitionTime": "2026-11-01T10:00:00Z",
    }
    lacking = commands("Failed", "Forbidden", jobName=None, conditions=[validated])
    assert lacking[0] == "kubernaut install --check"
    assert commands("Failed", "Forbidden", conditions=[validated])[0].startswith("kubernaut rbac render"), (
        "a step was denied"
    )


def test_success_is_undone_and_a_dry_run_carried_out():
    assert commands("Succeeded", result={"changes": [CHANGE], "rollback": ROLLBACK}) == [
        "kubernaut rollback more -n prod"
    ]
    assert commands("Succeeded", dry_run=True) == ["kubernaut execute scale -n prod -p name=web -p replicas=3"]
    assert commands("Succeeded", result={"changes": []}) == []


def test_a_failure_that_changed_something_can_be_undone_too():
    found = commands("Failed", "ActionFailed", result={"changes": [CHANGE], "rollback": ROLLBACK})
    assert found == ["kubernaut logs more -n prod", "kubernaut rollback more -n prod"]


def test_logs_that_are_gone_are_not_pointed_at():
    assert commands("Failed", "ActionFailed", has_pods=False) == [
        "kubernaut execute scale -n prod -p name=web -p replicas=3"
    ]
    assert commands("Failed", "ActionFailed", has_pods=False, logTail="x") == ["kubernaut logs more -n prod"]


def test_an_image_is_looked_for_at_the_pods_while_they_are_there_and_in_what_was_told_of_them_later():
    assert commands("Running", "ImagePullFailed")[0].startswith("kubectl describe pod -n prod -l")
    gone = commands("Failed", "ImagePullFailed", has_pods=False)
    assert gone[0] == "kubectl get events -n prod --field-selector reason=Failed,involvedObject.kind=Pod"


def test_a_reason_that_this_version_does_not_know_is_no_trouble():
    assert commands("Failed", "FromTheFuture") == []


def every_command() -> Iterator[str]:
    for phase in ("Pending", "Running", "Succeeded", "Failed", "Cancelled"):
        for reason in (None, *Reason):
            yield from commands(phase, reason, result={"changes": [CHANGE], "rollback": ROLLBACK})


def test_each_command_of_ours_exists():
    known = typer.main.get_command(app).commands
    for command in every_command():
        words = shlex.split(command)
        assert words[0] == "kubectl" or words[1] in known, command
