"""The API server accepts the pods of the actions that ship under restricted Pod Security; they have no token without declared rules."""

import pytest

from kubernaut.plugins.registry import Registry
from tests.support.rendering import rendered
from tests.support.site import NAMESPACES

SHIPPED = Registry.discover()
RESTRICTED = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}


@pytest.mark.parametrize("action", sorted(SHIPPED.actions))
async def test_restricted_pod_security_accepts_the_pod_and_it_has_a_token_only_if_rules_are_declared(
    ground, tmp_path, action
):
    space = f"/api/v1/namespaces/{ground.granted}"
    assert (await ground.admin.patch(space, RESTRICTED)).code == 200
    for options in ((), ("--dry-run",)):
        job = rendered(tmp_path, action, "-n", ground.granted, *options)
        pod = {"metadata": {"name": "x"}, "spec": job["spec"]["template"]["spec"]}
        made = await ground.admin.post(f"{space}/pods", pod, dryRun="All")
        assert made.code == 201, made.body
        assert made.warnings == ()
        mounted = [mount["mountPath"] for c in made.body["spec"]["containers"] for mount in c["volumeMounts"]]
        tokens = [path for path in mounted if path.startswith("/var/run/secrets/kubernetes.io")]
        assert job["spec"]["template"]["spec"]["automountServiceAccountToken"] == bool(
            SHIPPED.actions[action].spec.rules
        )
        assert len(tokens) <= bool(SHIPPED.actions[action].spec.rules)
        lax = {**pod, "spec": {**pod["spec"], "hostNetwork": True}}
        assert (await ground.admin.post(f"{space}/pods", lax, dryRun="All")).code == 403


async def test_every_action_on_the_cluster_runs_in_a_restricted_namespace(site):
    await site.cluster.patch(NAMESPACES, "", site.namespace, RESTRICTED)
    for action, parameters in (
        ("patch-configmap", {"name": "app-config", "set": {"A": "1"}}),
        ("scale", {"name": "web", "replicas": 1, "wait": False}),
        ("restart-deployment", {"name": "web", "wait": False}),
    ):
        status = await site.run(action, parameters)
        assert status["phase"] == "Succeeded", status
