"""Kinds that the sandbox serves only as far as it is honest about them."""

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


@pytest.mark.parametrize("kind", [kind for kind in BUILT_IN if kind.dry_run_only], ids=lambda kind: kind.kind)
async def test_an_admission_policy_is_never_taken_for_good(kind) -> None:
    path, body = f"/apis/{kind.api_version}/{kind.plural}", {"metadata": {"name": "one"}, "spec": _SPECS[kind.plural]}
    async with Sandbox() as sandbox, connected(sandbox.kubeconfig()) as client:
        assert (await client.post(path, body, dryRun="All")).code == 201
        refused = await client.post(path, body)
        assert (refused.code, refused.reason) == (501, "NotImplemented")
        assert refused.message.startswith("the sandbox does not implement admission policies: it evaluates none")
        assert (await client.get(path)).body["items"] == []
