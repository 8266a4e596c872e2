"""The commands to run next: known for every reason, and each can be pasted."""

import shlex
from pathlib import Path

import pytest
import typer.main
import yaml

from kubernaut.api.execution import Phase, Reason
from kubernaut.caller.next_steps import BY_REASON, next_steps
from kubernaut.cli.app import app
from kubernaut.cli.views.summary import next_lines
from tests.support.executions import CHANGE, ROLLBACK, T, make_execution

ROOT = Path(__file__).parents[3]
RESULT = {"changes": [CHANGE], "rollback": ROLLBACK}
VALIDATED = {"type": "Validated", "status": "True", "reason": "ChecksPassed", "lastTransitionTime": T.format(0)}
AGAIN = "kubernaut execute scale -n prod -p name=web -p replicas=3"


def commands(phase, reason=None, *, has_pods=True, dry_run=False, **status):
    execution = make_execution(phase=phase, reason=reason, dry_run=dry_run, **{"jobName": "more-1", **status})
    return [step.command for step in next_steps(execution, has_pods=has_pods)]


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_has_a_next_step(reason):
    assert reason in BY_REASON
    assert commands("Failed", reason) != []


@pytest.mark.parametrize(
    ("state", "first"),
    [
        (("Failed", "Forbidden"), "kubernaut rbac render scale -n prod | kubectl apply -f -"),
        (("Failed", "ImagePullFailed"), "kubectl describe pod -n prod -l kubernaut.io/execution-uid=uid-of-more"),
        (("Failed", "DryRunRejected"), "kubernaut logs more -n prod"),
        (("Failed", "ActionFailed"), "kubernaut logs more -n prod"),
        (("Failed", "InvalidParameters"), "kubernaut actions scale"),
        (("Failed", "OutOfMemory"), "kubernaut configuration"),
        (("Failed", "PolicyDenied"), AGAIN),
        (("Failed", "Lost"), "kubectl get events -n prod --field-selector involvedObject.name=more-1"),
        (("Pending", "QuotaExceeded"), "kubectl describe resourcequota -n prod"),
        (("Pending", "BudgetExceeded"), "kubernaut resume more -n prod"),
        (("Pending", "CoolingDown"), "kubernaut resume more -n prod"),
        (("Pending", "Suspended"), "kubernaut resume more -n prod"),
        (("Running",), "kubernaut logs more -n prod -f"),
        (("Cancelled", "CancelRequested"), AGAIN),
    ],
    ids=" ".join,
)
def test_the_first_command_fits_the_state(state, first):
    assert commands(*state)[0] == first


def test_a_defect_of_the_engine_leads_to_the_log_of_the_engines_own_pods():
    words = shlex.split(commands("Failed", "EngineError")[0])
    deployment = yaml.safe_load((ROOT / "deploy" / "base" / "deployment.yaml").read_text())
    key, _, value = words[words.index("-l") + 1].partition("=")
    assert deployment["spec"]["template"]["metadata"]["labels"][key] == value


def test_a_busy_target_leads_to_the_execution_that_is_ahead():
    assert commands("Pending", "TargetBusy", blockedBy="other-1")[0] == "kubernaut describe other-1 -n prod"


def test_an_execution_that_no_engine_has_picked_up_leads_to_the_installation():
    assert commands("Pending", "Queued") == ["kubernaut install --check"]
    assert commands("Pending", "Queued", observedGeneration=1) == ["kubernaut get -A --phase Running"]


def test_a_permission_that_the_engine_lacks_leads_to_the_installation():
    lacking = commands("Failed", "Forbidden", jobName=None, conditions=[VALIDATED])
    assert lacking == ["kubernaut install --check", AGAIN]


def test_a_permission_that_a_step_lacks_leads_to_its_grant():
    assert commands("Failed", "Forbidden", conditions=[VALIDATED])[0].startswith("kubernaut rbac render scale")


def test_who_deleted_a_job_is_asked_only_if_there_was_one():
    assert commands("Failed", "Lost", jobName=None) == [AGAIN]


def test_a_success_can_be_undone():
    assert commands("Succeeded", result=RESULT) == ["kubernaut rollback more -n prod"]
    assert commands("Succeeded", result={"changes": []}) == []


def test_a_dry_run_can_be_carried_out():
    assert commands("Succeeded", dry_run=True) == [AGAIN]


def test_a_failure_that_changed_something_can_be_undone():
    assert commands("Failed", "ActionFailed", result=RESULT) == [
        "kubernaut logs more -n prod",
        "kubernaut rollback more -n prod",
    ]


def test_logs_are_offered_only_if_there_are_any():
    assert commands("Failed", "ActionFailed", has_pods=False) == [AGAIN]
    assert commands("Failed", "ActionFailed", has_pods=False, logTail="x") == ["kubernaut logs more -n prod"]
    assert commands("Failed", "ActionFailed", jobName=None) == ["kubernaut actions"]


def test_pull_errors_are_found_at_the_pods_and_later_in_their_events():
    assert commands("Running", "ImagePullFailed")[0].startswith("kubectl describe pod -n prod -l")
    gone = commands("Failed", "ImagePullFailed", has_pods=False)
    assert gone[0] == "kubectl get events -n prod --field-selector reason=Failed,involvedObject.kind=Pod"


def test_an_unknown_reason_has_no_next_step():
    assert commands("Failed", "FromTheFuture") == []


def test_a_step_is_shown_with_what_it_is_for():
    (line,) = next_lines(make_execution(phase="Succeeded", result=RESULT))
    assert line == "next: [bold]kubernaut rollback more -n prod[/]  [dim]# undo what it changed[/]"


def test_every_command_of_ours_exists():
    known = typer.main.get_command(app).commands
    found = {
        command for phase in Phase for reason in (None, *Reason) for command in commands(phase, reason, result=RESULT)
    }
    ours = [words[1] for words in map(shlex.split, found) if words[0] == "kubernaut"]
    assert len(ours) > 8
    assert [name for name in ours if name not in known] == []
