"""`kubernaut install`: the results as a table, and the command that installs."""

from kubernaut.cli.commands.install import results_table
from kubernaut.install.checks import CheckResult, State
from tests.support.shown import shown


def test_without_check_the_command_that_installs_is_named(kubernaut):
    ran = kubernaut("install")
    assert ran.code == 2
    assert "kubectl installs: kubectl apply -k deploy/." in ran.err


def test_a_result_is_a_row_with_its_state_in_colour():
    results = [CheckResult("CRD", State.OK, "it is [served]"), CheckResult("account", State.MISSING, "none", "fix it")]
    head, first, second = shown(results_table(results)).splitlines()
    assert head.split() == ["STATE", "COMPONENT", "DETAIL", "REMEDY"]
    assert first.split() == ["ok", "CRD", "it", "is", "[served]"]
    assert second.split() == ["missing", "account", "none", "fix", "it"]
    assert "\x1b[31mmissing" in shown(results_table(results), terminal=True)
