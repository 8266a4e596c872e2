"""An engine for some namespaces acts in these alone, and needs no permission in any other."""

import asyncio

import pytest

from kubernaut.embedded.running_engine import ENGINE_USER
from kubernaut.install.manifests import installation
from kubernaut.install.rbac import action_manifests
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.settings import Settings
from kubernaut_sandbox import Sandbox
from tests.support.site import Site, at_work, objects_in


@pytest.mark.parametrize("namespaces", [("production",), ("production", "staging")], ids=["one", "two"])
async def test_an_engine_for_one_namespace_serves_it_without_permissions_elsewhere(registry, request, namespaces):
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("needs an engine without the cluster-wide permissions that the cluster's own engine has")
    async with Sandbox() as sandbox:
        for namespace in ("production", "staging", "elsewhere"):
            await sandbox.apply(objects_in(namespace))
        await sandbox.apply(
            [_narrowed(m, n) for m in installation(registry, []) for n in namespaces if _narrowed(m, n)]
        )
        spec = registry.actions["patch-configmap"].spec
        await sandbox.apply(action_manifests("patch-configmap", spec, ["production", "staging", "elsewhere"]))
        engine = await Cluster.connect(sandbox.kubeconfig(user=ENGINE_USER))
        async with (
            await Cluster.connect(sandbox.kubeconfig()) as admin,
            engine,
            at_work(engine, registry, Settings(namespaces=namespaces)),
        ):
            sites = {name: Site(admin, name, sandbox) for name in ("production", "staging", "elsewhere")}
            wish = ("patch-configmap", {"name": "app-config", "set": {"A": "1"}})
            keys = {name: await site.create(*wish) for name, site in sites.items()}
            for name in namespaces:
                assert (await sites[name].end(keys[name]))["status"]["phase"] == "Succeeded"
            await asyncio.sleep(0.5)
            left = await admin.get(EXECUTIONS, "elsewhere", keys["elsewhere"].name)
            assert left["status"]["message"] == "No engine has picked it up yet."


def _narrowed(manifest, namespace):
    """Return the manifests with the engine's cluster-wide grant replaced by one in one namespace."""
    if manifest["kind"] != "ClusterRoleBinding":
        return manifest
    metadata = {"name": manifest["metadata"]["name"], "namespace": namespace}
    return {**manifest, "kind": "RoleBinding", "metadata": metadata}
