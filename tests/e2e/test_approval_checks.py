"""`kubernaut install --check --config`: whether the rules of the policy `approvals` can be satisfied."""

import json

import pytest
import yaml

from tests.support.shell import command
from tests.support.site import ROLE_BINDINGS

REHEARSALS = ["initContainer"]
_API = "rbac.authorization.k8s.io"


async def bind(site, user, role, kind="User"):
    binding = {
        "apiVersion": f"{_API}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{user}-{role}", "namespace": site.namespace},
        "roleRef": {"apiGroup": _API, "kind": "ClusterRole", "name": f"kubernaut-{role}"},
        "subjects": [{"apiGroup": _API, "kind": kind, "name": user}],
    }
    await site.cluster.create(ROLE_BINDINGS, site.namespace, binding)


@pytest.fixture
def check(site, place, tmp_path, rehearsal):
    async def run(**rule):
        config = tmp_path / "kubernaut.yaml"
        wanted = {"actions": ["set-resources"], "namespaces": [site.namespace], **rule}
        config.write_text(yaml.safe_dump({"policies": {"approvals": {"rules": [wanted]}}}), "utf-8")
        options = ("--config", str(config), "-o", "json", *place[2:])
        _, out, err = await command("install", "--check", *options)
        assert out, err
        return {one["component"]: one for one in json.loads(out) if one["component"].startswith("approvals")}

    return run


async def test_a_rule_needs_somebody_who_approves_and_somebody_else_who_proposes(site, check):
    if site.sandbox is None:
        pytest.skip("a real cluster has administrators who hold every verb")
    found = (await check())["approvals.rules[0]"]
    assert (found["state"], "set-resources in production" in found["detail"]) == ("missing", True)
    await bind(site, "ben", "run-set-resources")
    assert (await check(two_people=False))["approvals.rules[0]"]["state"] == "ok"
    assert (await check())["approvals.rules[0]"]["state"] == "missing"
    await bind(site, "anna", "propose-set-resources")
    results = await check()
    assert {one["state"] for one in results.values()} == {"ok"}
    assert "kubernaut-stamp" in results["approvals: who proposed and approved"]["detail"]


@pytest.mark.without_admission
async def test_two_people_take_the_stamp(site, check):
    if site.sandbox is None:
        pytest.skip("the stamp may be installed there")
    found = await check()
    assert found["approvals: who proposed and approved"]["state"] == "missing"
