"""Each ServiceAccount has the declared permissions and no others: as the API server reports them, and by trying."""

import asyncio

import pytest

from kubernaut.install.rbac import ENGINE_NAMESPACE, ENGINE_RULES, LEADER_RULES
from kubernaut.plugins.registry import Registry
from tests.security.rights import allowed, declared, everything, own

SHIPPED = Registry.discover()
BASIC = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews"}
"""What Kubernetes allows every user: reviews of their own access."""


@pytest.fixture
async def stranger(ground):
    """Return a client with a ServiceAccount without any grant."""
    await ground.admin.made(f"/api/v1/namespaces/{ground.other}/serviceaccounts", {"metadata": {"name": "stranger"}})
    return await ground.account(ground.other, "stranger")


async def test_rbac_compliance_of_each_action_is_complete(ground, stranger, registry, capsys):
    differences = {}
    with capsys.disabled():
        print(f"\n{'action':<22}{'declared':>9}{'held':>6}{'elsewhere':>11}{'difference':>12}")
        for name, action in sorted(registry.actions.items()):
            client = await ground.account(ground.granted, action.spec.service_account)
            wanted, holds = declared(action.spec.rules), await own(client, stranger, ground.granted)
            elsewhere = {
                (place, right)
                for place in (ground.other, "default", "kube-system", ENGINE_NAMESPACE)
                for right in await own(client, stranger, place)
            }
            differences[name] = (wanted ^ holds) | elsewhere
            print(f"{name:<22}{len(wanted):>9}{len(holds):>6}{len(elsewhere):>11}{len(differences[name]):>12}")
    assert differences == {name: set() for name in registry.actions}


@pytest.mark.parametrize("name", sorted(SHIPPED.actions))
async def test_an_action_is_allowed_only_the_declared_verbs_of_all_verbs_on_all_resources(ground, registry, name):
    spec = registry.actions[name].spec
    client = await ground.account(ground.granted, spec.service_account)
    every = sorted(right for right in await everything(ground.admin) if right.resource not in BASIC)
    limit = asyncio.Semaphore(8)

    async def may(right, namespace):
        async with limit:
            return right if await allowed(client, right, namespace) else None

    for namespace, wanted in ((ground.granted, declared(spec.rules)), (ground.other, set()), ("", set())):
        found = set(await asyncio.gather(*(may(right, namespace) for right in every))) - {None}
        assert found == wanted, namespace or "cluster-wide"


async def test_the_engine_has_the_declared_permissions_and_those_on_its_lease_only_in_its_own_namespace(
    ground, stranger
):
    engine = await ground.engine()
    assert await own(engine, stranger, ground.granted) == declared(ENGINE_RULES)
    assert await own(engine, stranger, "kube-system") == declared(ENGINE_RULES), "it serves every namespace"
    assert await own(engine, stranger, ENGINE_NAMESPACE) == declared((*ENGINE_RULES, *LEADER_RULES))


PLACE = "/api/v1/namespaces/{0}"
EXECUTION = "/apis/kubernaut.io/v1alpha1/namespaces/{0}/kubernetesexecutions"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{ENGINE_NAMESPACE}/leases"
RBAC = "/apis/rbac.authorization.k8s.io/v1"
NAMED = {"metadata": {"name": "x"}}
BINDING = {
    **NAMED,
    "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        pytest.param("GET", f"{PLACE}/secrets", None, id="read secrets"),
        pytest.param("GET", f"{PLACE}/secrets/x", None, id="read a secret"),
        pytest.param("GET", f"{PLACE}/configmaps/kube-root-ca.crt", None, id="read a configmap"),
        pytest.param("PATCH", f"{PLACE}/configmaps/kube-root-ca.crt?dryRun=All", {}, id="patch a configmap"),
        pytest.param("GET", "/apis/apps/v1/namespaces/{0}/deployments", None, id="read deployments"),
        pytest.param("PATCH", "/apis/apps/v1/namespaces/{0}/deployments/x/scale?dryRun=All", {}, id="scale a deployment"),
        pytest.param("POST", EXECUTION, {"metadata": {"name": "x"}, "spec": {"action": "scale"}}, id="create an execution"),
        pytest.param("PATCH", f"{EXECUTION}/x", {"spec": {"suspend": False}}, id="patch an execution's spec"),
        pytest.param("GET", f"{EXECUTION}/x", None, id="get an execution"),
        pytest.param("POST", f"{PLACE}/pods", {"metadata": {"name": "x"}, "spec": {"containers": []}}, id="create a pod"),
        pytest.param("DELETE", f"{PLACE}/pods/x", None, id="delete a pod"),
        pytest.param("GET", f"{PLACE}/pods/x/log", None, id="read a pod's log"),
        pytest.param("POST", f"{PLACE}/pods/x/exec?command=sh", None, id="exec into a pod"),
        pytest.param("POST", f"{PLACE}/serviceaccounts/deployment-scaler/token", {"spec": {}}, id="make a token"),
        pytest.param("POST", f"{PLACE}/serviceaccounts", NAMED, id="create an account"),
        pytest.param("GET", f"{PLACE}/serviceaccounts", None, id="list accounts"),
        pytest.param("POST", f"{RBAC}/namespaces/{{0}}/roles", {**NAMED, "rules": []}, id="create a role"),
        pytest.param("POST", f"{RBAC}/namespaces/{{0}}/rolebindings", BINDING, id="bind a role"),
        pytest.param("POST", f"{RBAC}/clusterrolebindings", BINDING, id="bind a cluster role"),
        pytest.param("GET", f"{LEASES}/another", None, id="read a lease beside its own"),
        pytest.param("PATCH", f"{LEASES}/another", {"spec": {"holderIdentity": "me"}}, id="take a lease beside its own"),
        pytest.param("GET", LEASES, None, id="list leases"),
        pytest.param("DELETE", f"{LEASES}/kubernaut-engine", None, id="delete its own lease"),
        pytest.param("POST", "/apis/coordination.k8s.io/v1/namespaces/{0}/leases", NAMED, id="make a lease elsewhere"),
        pytest.param("GET", "/api/v1/namespaces", None, id="list namespaces"),
        pytest.param("GET", "/api/v1/nodes", None, id="list nodes"),
    ],
)  # fmt: skip
async def test_the_engines_token_does_not_permit_to(ground, method, path, body):
    engine = await ground.engine()
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    answer = await engine.call(method, path.format(ground.granted), body, kind)
    if answer.code == 501 and "exec" in path:
        pytest.skip("the sandbox does not implement exec")
    assert answer.code == 403, answer.body
    assert "cannot" in answer.message


def job(account, **pod):
    container = {"name": "c", "image": "none", "command": ["true"]}
    spec = {"restartPolicy": "Never", "serviceAccountName": account, "containers": [container], **pod}
    return {"metadata": {"name": "x"}, "spec": {"template": {"spec": spec}}}


async def test_without_admission_policies_the_engines_token_creates_a_job_under_any_account_with_any_secret(ground):
    policies = (await ground.admin.get("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies")).body.get(
        "items", []
    )
    if any(policy["metadata"]["name"] == "kubernaut-engine-jobs" for policy in policies):
        pytest.skip("the admission policies are installed here, and deny it")
    secret = [{"name": "s", "secret": {"secretName": "any"}}]
    for place in (ground.granted, ground.other, "kube-system"):
        made = await (await ground.engine()).post(
            f"/apis/batch/v1/namespaces/{place}/jobs", job("default", volumes=secret), dryRun="All"
        )
        assert made.code == 201, made.body


async def test_without_admission_policies_a_user_who_can_create_jobs_uses_an_actions_account(ground):
    policies = (await ground.admin.get("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies")).body.get(
        "items", []
    )
    if any(policy["metadata"]["name"] == "kubernaut-action-accounts" for policy in policies):
        pytest.skip("the admission policies are installed here, and deny it")
    rule = {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["create"]}
    user = await user_with(ground, rule)
    made = await user.post(
        f"/apis/batch/v1/namespaces/{ground.granted}/jobs", job("deployment-restarter"), dryRun="All"
    )
    assert made.code == 201, made.body


async def user_with(ground, *rules):
    """Return a client with only these permissions in the granted namespace."""
    rbac, space = (f"{root}/namespaces/{ground.granted}" for root in ("/apis/rbac.authorization.k8s.io/v1", "/api/v1"))
    await ground.admin.made(f"{space}/serviceaccounts", {"metadata": {"name": "person"}})
    await ground.admin.made(f"{rbac}/roles", {"metadata": {"name": "person"}, "rules": list(rules)})
    binding = {
        "metadata": {"name": "person"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "person"},
        "subjects": [{"kind": "ServiceAccount", "name": "person", "namespace": ground.granted}],
    }
    await ground.admin.made(f"{rbac}/rolebindings", binding)
    return await ground.account(ground.granted, "person")


async def test_a_user_who_can_only_create_executions_cannot_write_a_status_or_act_elsewhere(ground):
    user = await user_with(
        ground, {"apiGroups": ["kubernaut.io"], "resources": ["kubernetesexecutions"], "verbs": ["create"]}
    )
    path = EXECUTION.format(ground.granted)
    forged = {
        "phase": "Succeeded",
        "message": "I did it",
        "result": {"rollback": {"action": "scale", "parameters": {}}},
    }
    wish = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": "x"},
        "spec": {"action": "scale", "parameters": {"name": "web", "replicas": 1}, "suspend": True},
        "status": forged,
    }
    made = await user.made(path, wish)
    assert made["status"] == {"phase": "Pending", "reason": "Queued", "message": "No engine has picked it up yet."}
    for target, body in ((f"{path}/x/status", {"status": forged}), (f"{path}/x", {"spec": {"suspend": False}})):
        assert (await user.patch(target, body)).code == 403
    assert (await user.post(EXECUTION.format(ground.other), wish)).code == 403
    assert (await user.get(f"{path}/x")).code == 403


async def test_a_user_who_can_patch_executions_cannot_patch_their_status(ground):
    user = await user_with(
        ground, {"apiGroups": ["kubernaut.io"], "resources": ["kubernetesexecutions"], "verbs": ["create", "patch"]}
    )
    path = EXECUTION.format(ground.granted)
    wish = {
        "metadata": {"name": "x"},
        "spec": {"action": "scale", "suspend": True},
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
    }
    await user.made(path, wish)
    patched = await user.patch(f"{path}/x", {"status": {"phase": "Succeeded"}})
    assert (patched.code, patched.body["status"]["phase"]) == (200, "Pending")
    assert (await user.patch(f"{path}/x", {"spec": {"action": "patch-configmap"}})).code == 422
    assert (await user.patch(f"{path}/x/status", {"status": {"phase": "Succeeded"}})).code == 403


async def test_an_action_cannot_read_other_objects_of_its_namespace(ground, registry):
    space = PLACE.format(ground.granted)
    await ground.admin.made(f"{space}/secrets", {"metadata": {"name": "s"}, "stringData": {"a": "b"}})
    paths = (
        f"{space}/secrets/s",
        f"{space}/secrets",
        f"{space}/pods",
        f"{space}/pods/x/log",
        EXECUTION.format(ground.granted),
    )
    codes = {}
    for name, action in registry.actions.items():
        client = await ground.account(ground.granted, action.spec.service_account)
        codes |= {(name, path): (await client.get(path)).code for path in paths}
    declared = {
        name
        for name, action in registry.actions.items()
        if any("pods" in rule.resources and "list" in rule.verbs for rule in action.spec.rules)
    }
    assert {"scale", "restart-deployment", "clean-pods"} <= declared < set(registry.actions)
    assert {call for call, code in codes.items() if code != 403} == {(name, f"{space}/pods") for name in declared}
