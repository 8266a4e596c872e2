"""`install --check` on a sandbox with a complete installation, and then without one component after the other."""

import asyncio
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import yaml

from kubernaut.embedded.running_engine import ENGINE_USER
from kubernaut.install.checks import State
from kubernaut.install.manifests import installation
from kubernaut.install.preflight import Preflight
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import SERVICE_ACCOUNTS, resource_of
from kubernaut.plugins.registry import Registry
from kubernaut_sandbox import Sandbox
from tests.support.site import _BY_KIND, ROLE_BINDINGS, objects_in

SHIPPED = Registry.discover()
ACCOUNT = "ServiceAccount kubernaut-system/kubernetes-executor"
LEASES = {f"engine's permission: {verbs} leases in kubernaut-system" for verbs in ("create", "get, patch")}
SCALE = "kubernaut rbac render scale -n production"
ENGINE = "kubernaut rbac render --engine | kubectl apply -f -"


@pytest.fixture
async def sandbox(request):
    """Everything installed, nothing at work."""
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("takes an installation apart, which others may use")
    async with Sandbox() as running:
        await running.apply([*objects_in("production"), *installation(SHIPPED, ["production"])])
        yield running


@pytest.fixture
async def cluster(sandbox):
    async with await Cluster.connect(sandbox.kubeconfig()) as admin:
        yield admin


async def preflight(cluster, *namespaces):
    results = await Preflight(cluster, SHIPPED, namespaces).run(datetime.now(UTC))
    assert all(result.remedy for result in results if result.failed), "every failed check has a remedy"
    return {result.component: result for result in results}


async def test_a_complete_installation_has_no_failed_check(cluster):
    found = await preflight(cluster)
    assert [result for result in found.values() if result.failed] == []
    assert found["action scale in production"].state is State.OK
    left_out = {component for component, result in found.items() if result.state is State.OPTIONAL}
    bounds = {
        f"{kind} in {place}"
        for kind in ("ResourceQuota", "NetworkPolicy")
        for place in ("production", "kubernaut-system")
    }
    assert left_out == {"admission policies", "running engine", *bounds}
    assert "no engine holds a Lease" in found["running engine"].detail


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "components", "remedy"),
    [
        (
            "CustomResourceDefinition",
            "",
            "kubernetesexecutions.kubernaut.io",
            {"CRD"},
            "kubernaut crd | kubectl apply -f -",
        ),
        ("ServiceAccount", "kubernaut-system", "kubernetes-executor", {ACCOUNT}, "kubectl apply -k deploy/"),
        ("ServiceAccount", "production", "git-operator", set(), ""),
        ("ServiceAccount", "production", "deployment-scaler", {"action scale in production"}, SCALE),
        ("RoleBinding", "production", "kubernaut-scale", {"action scale in production"}, SCALE),
        ("RoleBinding", "kubernaut-system", "kubernaut-engine-leader", LEASES, ENGINE),
    ],
    ids=[
        "CRD",
        "engine's account",
        "an action that is not granted",
        "action's account",
        "action's binding",
        "leader's binding",
    ],
)
async def test_a_removed_component_is_reported_with_its_remedy_and_no_other_is(
    cluster, kind, namespace, name, components, remedy
):
    resource = _BY_KIND[kind]
    uid = (await cluster.get(resource, namespace, name))["metadata"]["uid"]
    await cluster.delete(resource, namespace, name, uid=uid)
    missing = {result.component: result for result in (await preflight(cluster)).values() if result.failed}
    assert set(missing) == components
    assert all(remedy in result.remedy for result in missing.values())


async def test_a_cluster_without_the_engines_namespace_lacks_the_whole_engine(sandbox):
    async with Sandbox() as bare, await Cluster.connect(bare.kubeconfig()) as cluster:
        found = await preflight(cluster)
        assert found["namespace kubernaut-system"].remedy == "kubectl apply -k deploy/"
        assert (
            found["engine's permission: create jobs in every namespace"].detail
            == "it is not allowed to create jobs (batch)"
        )
        assert {found[f"action {name}"].state for name in SHIPPED.actions} == {State.OPTIONAL}


async def test_each_removed_permission_of_the_engine_is_named(cluster):
    roles = resource_of("rbac.authorization.k8s.io/v1/clusterroles")
    rules = (await cluster.get(roles, None, "kubernaut-engine"))["rules"]
    lesser = [{**rule, "verbs": [verb for verb in rule["verbs"] if verb != "list"]} for rule in rules]
    await cluster.patch(roles, "", "kubernaut-engine", {"rules": lesser})
    details = {result.detail for result in (await preflight(cluster)).values() if result.failed}
    assert details == {
        f"it is not allowed to list {r}"
        for r in ("kubernetesexecutions (kubernaut.io)", "jobs (batch)", "pods", "events")
    }


async def test_an_engine_of_one_namespace_needs_its_permissions_only_there(cluster):
    wide = resource_of("rbac.authorization.k8s.io/v1/clusterrolebindings")
    binding = await cluster.get(wide, None, "kubernaut-engine")
    await cluster.delete(wide, "", "kubernaut-engine", uid=binding["metadata"]["uid"])
    narrow = {key: binding[key] for key in ("apiVersion", "roleRef", "subjects")}
    await cluster.create(ROLE_BINDINGS, "production", {**narrow, "kind": "RoleBinding", "metadata": {"name": "engine"}})
    assert [result.component for result in (await preflight(cluster, "production")).values() if result.failed] == []
    elsewhere = await preflight(cluster, "elsewhere")
    assert elsewhere["engine's permission: create jobs in elsewhere"].state is State.MISSING
    assert elsewhere["action scale in elsewhere"].state is State.OPTIONAL


async def test_components_that_this_user_cannot_see_are_unknown_and_never_ok(sandbox):
    async with await Cluster.connect(sandbox.kubeconfig(user=ENGINE_USER)) as cluster:
        found = await preflight(cluster)
    unseen = {component for component, result in found.items() if result.state is State.UNKNOWN}
    actions = {f"action {name}" for name in SHIPPED.actions}
    assert unseen == {
        "CRD",
        "namespace kubernaut-system",
        ACCOUNT,
        "engine's permissions",
        *actions,
    }
    assert "you are not allowed to see it" in found["engine's permissions"].detail


async def test_the_exit_code_of_the_command_reports_whether_anything_is_missing(sandbox, cluster, tmp_path):
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(sandbox.kubeconfig()), "utf-8")

    async def run(*options):
        return await _run("install", *options, "--kubeconfig", str(file))

    ok = await run("--check")
    assert (ok.returncode, ok.stderr) == (0, "")
    account = await cluster.get(SERVICE_ACCOUNTS, "kubernaut-system", "kubernetes-executor")
    await cluster.delete(SERVICE_ACCOUNTS, "kubernaut-system", "kubernetes-executor", uid=account["metadata"]["uid"])
    lacking = await run("--check", "-o", "json")
    assert lacking.returncode == 1
    assert '"state": "missing"' in lacking.stdout
    without = await run()
    assert (without.returncode, "kubectl apply -k deploy/" in without.stderr) == (2, True)
    document = sandbox.kubeconfig()
    document["clusters"][0]["cluster"]["server"] = "https://127.0.0.1:9"
    file.write_text(yaml.safe_dump(document), "utf-8")
    assert (await run("--check")).returncode == 3


async def _run(*arguments):
    command = [sys.executable, "-m", "kubernaut.cli", *arguments]
    return await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=False)
