"""podFailurePolicy: which rule matches a failed pod."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.controllers.pod_failure_policy import match_failure_policy

_DISRUPTED = {"type": "DisruptionTarget", "status": "True"}


def action(*rules: dict[str, Any]) -> str:
    """The action for a pod whose container `main` exited with 3 after a disruption."""
    statuses = [{"name": "main", "state": {"terminated": {"exitCode": 3}}}, {"name": "side", "state": {"running": {}}}]
    pod = {
        "metadata": {"name": "one", "namespace": "a"},
        "status": {"containerStatuses": statuses, "conditions": [_DISRUPTED]},
    }
    return match_failure_policy({"spec": {"podFailurePolicy": {"rules": list(rules)}}}, pod).action


def codes(operator: str, *values: int, name: str | None = None) -> dict[str, Any]:
    """A rule about exit codes."""
    return {"action": "FailJob", "onExitCodes": {"operator": operator, "values": list(values), "containerName": name}}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        pytest.param(codes("In", 2, 3), "FailJob", id="a listed code"),
        pytest.param(codes("In", 4), "Count", id="a code that is not listed"),
        pytest.param(codes("NotIn", 4), "FailJob", id="any code but"),
        pytest.param(codes("In", 3, name="side"), "Count", id="of another container"),
        pytest.param({"action": "Ignore", "onPodConditions": [_DISRUPTED]}, "Ignore", id="a condition"),
        pytest.param(
            {"action": "Ignore", "onPodConditions": [{**_DISRUPTED, "status": "False"}]}, "Count", id="its opposite"
        ),
    ],
)
def test_a_rule_matches_exit_codes_or_conditions(rule: dict[str, Any], expected: str) -> None:
    assert action(rule) == expected


def test_the_first_matching_rule_decides() -> None:
    ignore = {"action": "Ignore", "onPodConditions": [_DISRUPTED]}
    assert action(ignore, codes("In", 3)) == "Ignore"
    assert action(codes("In", 3), ignore) == "FailJob"


def test_the_message_names_container_pod_code_and_rule() -> None:
    pod = {"metadata": {"name": "one", "namespace": "a"}}
    pod |= {"status": {"containerStatuses": [{"name": "main", "state": {"terminated": {"exitCode": 3}}}]}}
    match = match_failure_policy({"spec": {"podFailurePolicy": {"rules": [codes("In", 3)]}}}, pod)
    assert match.message == "Container main for pod a/one failed with exit code 3 matching FailJob rule at index 0"
