"""Kinds that installers create: their fields and defaults are checked, whether or not the cluster acts on them."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.conformance.client import Client

_ADMISSION = "/apis/admissionregistration.k8s.io/v1"
_POD = {"containers": [{"name": "main", "image": "example.invalid/a"}]}
_RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}
_POLICY = {
    "metadata": {"name": "conformance.example.com"},
    "spec": {"matchConstraints": {"resourceRules": [_RULE]}, "validations": [{"expression": "true"}]},
}


async def test_a_network_policy_gets_its_defaults(cluster: Client, namespace: str) -> None:
    path = f"/apis/networking.k8s.io/v1/namespaces/{namespace}/networkpolicies"
    spec = {"podSelector": {}, "egress": [{"ports": [{"port": 443}]}]}
    made = await cluster.made(path, {"metadata": {"name": "one"}, "spec": spec})
    assert made["spec"] == {
        "podSelector": {},
        "egress": [{"ports": [{"port": 443, "protocol": "TCP"}]}],
        "policyTypes": ["Ingress", "Egress"],
    }
    wrong = {"podSelector": {}, "ingress": [{"ports": [{"protocol": "HTTP"}], "from": [{"ipBlock": {"cidr": "x"}}]}]}
    answer = await cluster.post(path, {"metadata": {"name": "two"}, "spec": wrong})
    assert answer.code == 422
    assert (
        'spec.ingress[0].ports[0].protocol: Unsupported value: "HTTP": supported values: "TCP", "UDP", "SCTP"'
        in answer.message
    )
    assert 'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "x"' in answer.message
    strict = await cluster.post(
        path, {"metadata": {"name": "two"}, "spec": {"podSelecto": {}}}, fieldValidation="Strict"
    )
    assert (strict.code, 'unknown field "spec.podSelecto"' in strict.message) == (400, True)


async def test_a_disruption_budget_with_two_amounts_is_invalid(cluster: Client, namespace: str) -> None:
    path = f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"
    both = {"minAvailable": 1, "maxUnavailable": "50%", "selector": {}}
    answer = await cluster.post(path, {"metadata": {"name": "one"}, "spec": both})
    assert (answer.code, answer.message.endswith("minAvailable and maxUnavailable cannot be both set")) == (422, True)
    made = await cluster.made(path, {"metadata": {"name": "one"}, "spec": {"minAvailable": "50%"}})
    amounts = ("currentHealthy", "desiredHealthy", "disruptionsAllowed", "expectedPods")
    assert {made["status"][amount] for amount in amounts} == {0}


async def test_the_value_of_a_priority_class_is_immutable_and_limited(cluster: Client) -> None:
    path, name = "/apis/scheduling.k8s.io/v1/priorityclasses", f"conformance-{secrets.token_hex(4)}"
    made = await cluster.made(path, {"metadata": {"name": name}, "value": 7, "description": "for tests"})
    try:
        assert (made["value"], made["preemptionPolicy"]) == (7, "PreemptLowerPriority")
        answer = await cluster.patch(f"{path}/{name}", {"value": 8})
        assert (answer.code, "value: Forbidden: may not be changed in an update" in answer.message) == (422, True)
        much = await cluster.post(path, {"metadata": {"name": f"{name}-much"}, "value": 1_000_000_001}, dryRun="All")
        assert "maximum allowed value of a user defined priority is 1000000000" in much.message
    finally:
        await cluster.delete(f"{path}/{name}")


async def test_a_daemon_set_gets_its_defaults(cluster: Client, namespace: str) -> None:
    path = f"/apis/apps/v1/namespaces/{namespace}/daemonsets"
    template = {"metadata": {"labels": {"app": "one"}}, "spec": _POD}
    spec = {"selector": {"matchLabels": {"app": "one"}}, "template": template}
    made = (await cluster.post(path, {"metadata": {"name": "one"}, "spec": spec}, dryRun="All")).body
    assert made["spec"]["updateStrategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": 1, "maxSurge": 0},
    }
    assert "replicas" not in made["spec"]
    other = {"selector": {"matchLabels": {"app": "two"}}, "template": template}
    answer = await cluster.post(path, {"metadata": {"name": "one"}, "spec": other})
    assert (answer.code, "`selector` does not match template `labels`" in answer.message) == (422, True)


async def test_an_admission_policy_can_be_created_in_a_dry_run(cluster: Client) -> None:
    path = f"{_ADMISSION}/validatingadmissionpolicies"
    rehearsed = await cluster.post(path, _POLICY, dryRun="All")
    assert (rehearsed.code, rehearsed.body["spec"]["failurePolicy"]) == (201, "Fail")
    assert (await cluster.get(f"{path}/conformance.example.com")).code == 404
    binding = {"metadata": {"name": "one"}, "spec": {"policyName": "p", "validationActions": ["Deny"]}}
    bindings = f"{_ADMISSION}/validatingadmissionpolicybindings"
    assert (await cluster.post(bindings, binding, dryRun="All")).code == 201


@pytest.mark.parametrize(
    ("plural", "spec", "field"),
    [
        ("validatingadmissionpolicies", {"validations": [{"expression": "true"}]}, "spec.matchConstraints"),
        ("validatingadmissionpolicybindings", {"policyName": "p"}, "spec.validationActions"),
        ("validatingadmissionpolicybindings", {"validationActions": ["Deny"]}, "spec.policyName"),
    ],
    ids=["a policy that matches nothing", "a binding without actions", "a binding of nothing"],
)
async def test_an_incomplete_admission_policy_is_invalid(
    cluster: Client, plural: str, spec: dict[str, Any], field: str
) -> None:
    answer = await cluster.post(f"{_ADMISSION}/{plural}", {"metadata": {"name": "one"}, "spec": spec}, dryRun="All")
    assert (answer.code, [cause["field"] for cause in answer.body["details"]["causes"]]) == (422, [field])
