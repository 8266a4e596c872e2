"""The demo's scenarios, and when each has ended as expected."""

import pytest

from kubernaut.api.execution import Reason
from kubernaut.cli.demo_scenarios import Scenario, scenarios
from kubernaut.kube.objects import Key
from kubernaut.plugins.registry import Registry
from tests.support.executions import make_execution


def test_every_action_runs_once_beside_a_dry_run_and_two_rejections(registry):
    planned = scenarios(registry)
    expected = ["rehearsed", *sorted(registry.actions), "forbidden", "bad-parameter"]
    assert [scenario.key.name for scenario in planned] == expected
    assert [s.key.name for s in planned if s.spec.get("dryRun")] == ["rehearsed"]
    assert {s.key.name: s.reason for s in planned if s.reason} == {
        "forbidden": Reason.FORBIDDEN,
        "bad-parameter": Reason.INVALID_PARAMETERS,
    }
    assert {s.key.namespace for s in planned if s.reason is Reason.FORBIDDEN} == {"staging"}


def test_the_bad_parameter_is_not_one_of_the_action(registry):
    (bad,) = [scenario for scenario in scenarios(registry) if scenario.key.name == "bad-parameter"]
    fields = registry.actions[bad.spec["action"]].spec.parameters.model_fields
    assert set(bad.spec["parameters"]) - set(fields) == {"namespace"}


def test_a_scenario_becomes_an_execution_of_its_action(registry):
    rehearsed, *_ = scenarios(registry)
    assert rehearsed.manifest() == {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": "rehearsed", "namespace": "production"},
        "spec": {
            "action": "patch-configmap",
            "parameters": registry.actions["patch-configmap"].spec.examples[0],
            "dryRun": True,
        },
    }
    assert rehearsed.account == "configmap-patcher"


def test_without_actions_there_is_nothing_to_run():
    assert scenarios(Registry()) == []


@pytest.mark.parametrize(
    ("reason", "status", "expected"),
    [
        (None, {"phase": "Succeeded"}, True),
        (None, {"phase": "Failed", "reason": "Forbidden"}, False),
        (Reason.FORBIDDEN, {"phase": "Failed", "reason": "Forbidden"}, True),
        (Reason.FORBIDDEN, {"phase": "Failed", "reason": "ActionFailed"}, False),
        (Reason.FORBIDDEN, {"phase": "Succeeded"}, False),
    ],
)
def test_a_scenario_is_as_expected_if_phase_and_reason_are(reason, status, expected):
    scenario = Scenario("title", Key("prod", "more"), "account", {}, reason)
    assert scenario.is_as_expected(make_execution(**status)) is expected
