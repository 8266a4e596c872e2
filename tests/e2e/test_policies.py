"""The policies that ship: what each denies, and that it denies by labels only if the engine is allowed to read them."""

import secrets

import pytest

from kubernaut.embedded.running_engine import ENGINE_USER
from kubernaut.settings import Settings
from tests.support.site import DEPLOYMENTS, site_on

API = "rbac.authorization.k8s.io/v1"


@pytest.fixture
def with_policies(registry, request):
    options = request.config.option

    def made(**policies):
        return site_on(options.cluster, options.image, registry, Settings(policies=policies))

    return made


async def test_a_protected_target_is_denied_with_its_reason_and_others_are_not(with_policies):
    entry = {"kind": "Deployment", "name": "w*", "reason": "ask the platform team"}
    async with with_policies(**{"protected-targets": {"targets": [entry]}}) as site:
        status = await site.run("scale", {"name": "web", "replicas": 3})
        assert (status["phase"], status["reason"]) == ("Failed", "PolicyDenied")
        assert status["message"] == (
            f"policy protected-targets: Deployment/web in {site.namespace} is protected: ask the platform team; "
            "to allow it, change the configuration"
        )
        assert (await site.run("scale", {"kind": "StatefulSet", "name": "db", "replicas": 1}))["phase"] == "Succeeded"


async def test_a_policy_on_labels_denies_every_execution_until_the_engine_is_allowed_to_read_them(with_policies):
    async with with_policies(
        **{"protected-targets": {"targets": [{"kind": "Deployment", "labels": {"tier": "critical"}}]}}
    ) as site:
        denied = await site.run("scale", {"name": "web", "replicas": 3})
        assert denied["reason"] == "PolicyDenied"
        assert (
            "the engine is not allowed to read those of Deployment/web; grant the engine `get` on deployments there"
            in denied["message"]
        )
        name = f"reader-{secrets.token_hex(3)}"
        role = {"apiVersion": API, "kind": "Role", "metadata": {"name": name, "namespace": site.namespace}}
        await site.apply({**role, "rules": [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}]})
        reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
        subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": ENGINE_USER}]
        await site.apply({**role, "kind": "RoleBinding", "roleRef": reference, "subjects": subjects})
        assert (await site.run("scale", {"name": "web", "replicas": 3}))["phase"] == "Succeeded"
        await site.patch(DEPLOYMENTS, "web", {"metadata": {"labels": {"tier": "critical"}}})
        assert (await site.run("scale", {"name": "web", "replicas": 2}))["reason"] == "PolicyDenied"


async def test_an_open_freeze_window_denies_real_runs_but_not_dry_runs(with_policies):
    window = {"name": "always", "starts": "* * * * *", "hours": 1, "reason": "holidays"}
    async with with_policies(**{"freeze-windows": {"windows": [window]}}) as site:
        status = await site.run("scale", {"name": "web", "replicas": 3})
        assert status["reason"] == "PolicyDenied"
        assert status["message"].startswith("policy freeze-windows: window always is open until 20")
        assert status["message"].endswith("UTC: holidays")
        assert (await site.run("scale", {"name": "web", "replicas": 3}, dryRun=True))["phase"] == "Succeeded"
