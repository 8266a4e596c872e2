"""Kinds that the sandbox serves for dry runs only."""

from __future__ import annotations

import pytest

from kubernaut_sandbox import Sandbox
from kubernaut_sandbox.model.kinds import BUILT_IN
from tests.conformance.client import connected

_RULE = {"apiGroups": [""], "apiVersions": ["v1"], "resources": ["configmaps"], "operations": ["CREATE"]}
_CONSTRAINTS = {"matchConstraints": {"resourceRules": [_RULE]}}
_SPECS = {
    "validatingadmissionpolicies": {**_CONSTRAINTS, "validations": [{"expression": "true"}]},
    "mutatingadmissionpolicies": {
        **_CONSTRAINTS,
        "reinvocationPolicy": "Never",
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": "[]"}}],
    },
    "validatingadmissionpolicybindings": {"policyName": "one", "validationActions": ["Deny"]},
    "mutatingadmissionpolicybindings": {"policyName": "one"},
}


def test_only_admission_policies_are_served_for_dry_runs_only() -> None:
    assert {kind.plural for kind in BUILT_IN if kind.dry_run_only} == set(_SPECS)


@pytest.mark.parametrize("plural", _SPECS)
async def test_an_admission_policy_is_accepted_only_in_a_dry_run(plural: str) -> None:
    path = f"/apis/admissionregistration.k8s.io/v1/{plural}"
    body = {"metadata": {"name": "one"}, "spec": _SPECS[plural]}
    async with Sandbox() as sandbox, connected(sandbox.kubeconfig()) as client:
        assert (await client.post(path, body, dryRun="All")).code == 201
        refused = await client.post(path, body)
        assert (refused.code, refused.reason) == (501, "NotImplemented")
        assert refused.message.startswith("the sandbox does not implement admission policies: it evaluates none")
        assert (await client.get(path)).body["items"] == []
