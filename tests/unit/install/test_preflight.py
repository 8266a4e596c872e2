"""The preflight check on a fake cluster: each component is found, missing, left out or not to be seen."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kubernaut.api.crd import crd
from kubernaut.api.runbook_crd import runbook_crd
from kubernaut.errors import DeniedError, PluginLoadError
from kubernaut.install.checks import State
from kubernaut.install.manifests import installation
from kubernaut.install.preflight import POLICIES, Preflight
from kubernaut.kube.objects import LEASES, SERVICE_ACCOUNTS, resource_of
from kubernaut.plugins.registry import Registry
from tests.support.fake_client import FakeClient

NOW = datetime(2026, 1, 1, 12, 0, 20, tzinfo=UTC)
ACCOUNT = "ServiceAccount kubernaut-system/kubernetes-executor"
RESOURCES = {
    "CustomResourceDefinition": resource_of("apiextensions.k8s.io/v1/customresourcedefinitions"),
    "Namespace": resource_of("v1/namespaces"),
    "ServiceAccount": SERVICE_ACCOUNTS,
    "ClusterRole": resource_of("rbac.authorization.k8s.io/v1/clusterroles"),
    "ClusterRoleBinding": resource_of("rbac.authorization.k8s.io/v1/clusterrolebindings"),
    "Role": resource_of("rbac.authorization.k8s.io/v1/roles"),
    "RoleBinding": resource_of("rbac.authorization.k8s.io/v1/rolebindings"),
}
VALIDATING = resource_of("admissionregistration.k8s.io/v1/validatingadmissionpolicies")
QUOTAS = resource_of("v1/resourcequotas")


class Cluster(FakeClient):
    """A cluster with a version; access reviews deny these verbs."""

    def __init__(self, *objects, denied=()):
        super().__init__(*objects)
        self.denied = set(denied)

    async def version(self):
        return {"major": "1", "minor": "36", "gitVersion": "v1.36.0"}

    async def create(self, resource, namespace, manifest, **more):
        attributes = manifest["spec"]["resourceAttributes"]
        self.allowed = attributes["verb"] not in self.denied
        return await super().create(resource, namespace, manifest, **more)


@pytest.fixture
def scale(registry):
    """The one action that the tests install."""
    return Registry({"scale": registry.actions["scale"]})


@pytest.fixture
def objects(scale):
    """A complete installation, granted in `prod`."""
    found = [(RESOURCES[manifest["kind"]], manifest) for manifest in installation(scale, ["prod"])]
    established = {"status": {"conditions": [{"type": "Established", "status": "True"}]}}
    return [(resource, {**obj, **established} if obj["kind"].startswith("Custom") else obj) for resource, obj in found]


def without(objects, kind, namespace=None):
    return [
        (resource, obj)
        for resource, obj in objects
        if obj["kind"] != kind or namespace not in {None, obj["metadata"].get("namespace")}
    ]


async def run(cluster, registry, *namespaces):
    return {result.component: result for result in await Preflight(cluster, registry, namespaces).run(NOW)}


def states(results, state):
    return {component for component, result in results.items() if result.state is state}


async def test_a_complete_installation_has_no_failed_check(objects, scale):
    results = await run(Cluster(*objects), scale)
    assert [result for result in results.values() if result.failed] == []
    assert states(results, State.OPTIONAL) == {
        "running engine",
        "admission policies",
        *(
            f"{kind} in {place}"
            for kind in ("ResourceQuota", "NetworkPolicy")
            for place in ("kubernaut-system", "prod")
        ),
    }
    assert results["action scale in prod"].detail == "deployment-scaler has the permissions that the action declares"


@pytest.mark.parametrize(
    ("kind", "namespace", "missing"),
    [
        ("CustomResourceDefinition", None, {"CRD"}),
        ("Namespace", None, {"namespace kubernaut-system", ACCOUNT}),
        ("ServiceAccount", "kubernaut-system", {ACCOUNT}),
        ("RoleBinding", "prod", {"action scale in prod"}),
    ],
)
async def test_a_missing_component_is_reported_with_a_remedy(objects, scale, kind, namespace, missing):
    results = await run(Cluster(*without(objects, kind, namespace)), scale)
    assert states(results, State.MISSING) == missing
    assert all(results[component].remedy for component in missing)


async def test_the_crd_of_runbooks_is_optional_but_must_be_that_of_this_version(objects, scale):
    others = [one for one in objects if one[1]["metadata"]["name"] != "runbooks.kubernaut.io"]
    found = (await run(Cluster(*others), scale))["CRD of runbooks"]
    assert (found.state, "kubernaut crd | kubectl apply -f -" in found.remedy) == (State.OPTIONAL, True)
    stale = {**runbook_crd(), "spec": {"versions": [{"name": "v1alpha1", "schema": {}}]}}
    found = (await run(Cluster(*others, (RESOURCES["CustomResourceDefinition"], stale)), scale))["CRD of runbooks"]
    assert (found.state, "another version of the engine" in found.detail) == (State.MISSING, True)


async def test_each_permission_that_the_engine_lacks_is_named(objects, scale):
    results = await run(Cluster(*objects, denied={"watch"}), scale)
    details = {results[component].detail for component in states(results, State.MISSING)}
    assert details == {
        f"it is not allowed to watch {resource}"
        for resource in ("kubernetesexecutions (kubernaut.io)", "jobs (batch)", "pods")
    }


async def test_the_engines_permissions_are_checked_in_the_given_namespaces(objects, scale):
    everywhere, named = await run(Cluster(*objects), scale), await run(Cluster(*objects), scale, "prod", "stage")
    assert "engine's permission: create jobs in every namespace" in everywhere
    assert {f"engine's permission: create jobs in {place}" for place in ("prod", "stage")} <= named.keys()
    assert "engine's permission: create jobs in every namespace" not in named
    assert "engine's permission: create leases in kubernaut-system" in named


async def test_an_action_that_is_not_granted_is_left_out(objects, scale):
    results = await run(Cluster(*objects), scale, "stage")
    assert (results["action scale in stage"].state, results["action scale in stage"].detail) == (
        State.OPTIONAL,
        "it is not granted there",
    )
    nowhere = await run(Cluster(*without(without(objects, "RoleBinding"), "ServiceAccount", "prod")), scale)
    assert nowhere["action scale"].detail == "it is granted in no namespace"


async def test_a_grant_beyond_the_declaration_is_ok_with_the_command_that_shows_it(objects, scale):
    (binding,) = [obj for _, obj in objects if obj["kind"] == "RoleBinding" and obj["metadata"]["namespace"] == "prod"]
    wide = {**binding, "kind": "ClusterRoleBinding", "metadata": {"name": "wide"}}
    result = (await run(Cluster(*objects, (RESOURCES["ClusterRoleBinding"], wide)), scale))["action scale in prod"]
    assert (result.state, result.remedy) == (State.OK, "kubernaut rbac check scale -n prod")
    assert result.detail.endswith(", and more")


async def test_a_broken_plugin_is_missing(objects, scale):
    broken = replace(scale, broken={"bad": PluginLoadError("plugin bad: no")})
    results = await run(Cluster(*objects), broken)
    assert (results["plugin bad"].state, results["plugin bad"].detail) == (State.MISSING, "plugin bad: no")


async def test_components_that_this_user_cannot_see_are_unknown(scale):
    cluster = Cluster()
    for request in (
        ("get", "customresourcedefinitions"),
        ("get", "namespaces"),
        ("get", "leases"),
        ("create", "subjectaccessreviews"),
        ("list", "serviceaccounts"),
    ):
        cluster.failures[request] = [DeniedError("RBAC: no")] * 50
    results = await run(cluster, scale)
    unknown = states(results, State.UNKNOWN)
    assert unknown == {
        "CRD",
        "namespace kubernaut-system",
        ACCOUNT,
        "engine's permissions",
        "running engine",
        "action scale",
    }
    assert {results[component].detail for component in unknown} == {"you are not allowed to see it: RBAC: no"}


async def test_a_running_engine_is_found_by_its_lease(objects, scale):
    spec = {"holderIdentity": "e-1", "leaseDurationSeconds": 15, "renewTime": "2026-01-01T12:00:10.000000Z"}
    lease = (LEASES, {"metadata": {"name": "kubernaut-engine", "namespace": "kubernaut-system"}, "spec": spec})
    result = (await run(Cluster(*objects, lease), scale))["running engine"]
    assert (result.state, result.detail.split()[0]) == (State.OK, "e-1")


async def test_admission_policies_that_are_missing_are_named(objects, scale):
    all_policies = [(VALIDATING, {"metadata": {"name": f"kubernaut-{name}"}}) for name in (*POLICIES, "guard-scale")]
    assert (await run(Cluster(*objects, *all_policies), scale))["admission policies"].state is State.OK
    result = (await run(Cluster(*objects, *all_policies[1:]), scale))["admission policies"]
    assert (result.state, result.remedy) == (State.OPTIONAL, "kubectl apply -k deploy/admission")
    assert result.detail.startswith(f"{POLICIES[0]} missing: ")
    without_guard = (await run(Cluster(*objects, *all_policies[:-1]), scale))["admission policies"]
    assert without_guard.detail.startswith("guard-scale missing: ")
    cluster = Cluster(*objects)
    cluster.failures["get", "validatingadmissionpolicies"] = [DeniedError("no")]
    assert (await run(cluster, scale))["admission policies"].detail == "they cannot be read: no"


async def test_a_quota_is_found_or_offered_and_one_that_cannot_be_read_is_left_out(objects, scale):
    quota = (QUOTAS, {"metadata": {"name": "bounds", "namespace": "prod"}})
    results = await run(Cluster(*objects, quota), scale)
    assert (results["ResourceQuota in prod"].state, results["ResourceQuota in prod"].detail) == (State.OK, "bounds")
    assert results["NetworkPolicy in prod"].remedy == "kubectl apply -k deploy/target-namespace -n prod"
    assert results["NetworkPolicy in kubernaut-system"].remedy == "kubectl apply -k deploy/"
    cluster = Cluster(*objects)
    cluster.failures["list", "resourcequotas"] = [DeniedError("no")] * 2
    assert (await run(cluster, scale))["ResourceQuota in prod"].detail == "it cannot be read: no"


async def test_a_crd_of_another_version_is_missing(objects, scale):
    other = crd()
    del other["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    cluster = Cluster(*without(objects, "CustomResourceDefinition"), (RESOURCES["CustomResourceDefinition"], other))
    result = (await run(cluster, scale))["CRD"]
    assert (result.state, "another version" in result.detail) == (State.MISSING, True)
