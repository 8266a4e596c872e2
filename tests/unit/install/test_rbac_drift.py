"""Granted permissions against declared ones: what is missing, and what goes beyond."""

import pytest

from kubernaut.api.rules import Permission, Rule
from kubernaut.install.guards import guard_manifests
from kubernaut.install.rbac_drift import (
    Finding,
    FindingKind,
    Held,
    bound_namespaces,
    check_action,
    check_guard,
    check_uninstalled,
    compare,
    is_subject,
    permissions_of,
)
from kubernaut.kube.access import Account
from kubernaut.kube.objects import SERVICE_ACCOUNTS, resource_of
from tests.support.fake_client import FakeClient

GET = Permission("apps", "deployments", "get")
PATCH = Permission("apps", "deployments", "patch")
ACCOUNT = Account("prod", "deployment-scaler")
API = "rbac.authorization.k8s.io/v1"
ROLES, CLUSTER_ROLES, BINDINGS, CLUSTER_BINDINGS = (
    resource_of(f"{API}/{plural}") for plural in ("roles", "clusterroles", "rolebindings", "clusterrolebindings")
)
GUARDS, GUARD_BINDINGS = (
    resource_of(f"admissionregistration.k8s.io/v1/validatingadmissionpolic{rest}") for rest in ("ies", "ybindings")
)


@pytest.mark.parametrize(
    ("held", "missing", "beyond"),
    [
        pytest.param([Held(GET, "prod", "a"), Held(PATCH, "prod", "a")], [], [], id="as declared"),
        pytest.param([Held(GET, "prod", "a")], [PATCH], [], id="too little"),
        pytest.param([Held(GET, "other", "a"), Held(PATCH, "prod", "a")], [GET], [(str(GET), "a")], id="elsewhere"),
        pytest.param(
            [Held(GET, "", "wide"), Held(PATCH, "prod", "a")], [], [(str(GET), "wide")], id="declared, but everywhere"
        ),
        pytest.param([Held(Permission("*", "*", "*"), "prod", "admin")], [], [("* * (*)", "admin")], id="all"),
        pytest.param(
            [Held(GET, "prod", "a"), Held(PATCH, "prod", "a"), Held(Permission("", "secrets", "get"), "prod", "b")],
            [],
            [("get secrets", "b")],
            id="too much",
        ),
    ],
)
def test_missing_and_over_granted_permissions_are_told_apart(held, missing, beyond):
    assert compare([GET, PATCH], held, "prod") == (missing, beyond)


@pytest.mark.parametrize(
    ("subject", "matches"),
    [
        ({"kind": "ServiceAccount", "name": "deployment-scaler", "namespace": "prod"}, True),
        ({"kind": "ServiceAccount", "name": "deployment-scaler", "namespace": "other"}, False),
        ({"kind": "ServiceAccount", "name": "other", "namespace": "prod"}, False),
        ({"kind": "User", "name": "system:serviceaccount:prod:deployment-scaler"}, True),
        ({"kind": "User", "name": "deployment-scaler"}, False),
        ({"kind": "Group", "name": "system:serviceaccounts:prod"}, True),
        ({"kind": "Group", "name": "system:serviceaccounts"}, True),
        ({"kind": "Group", "name": "system:authenticated"}, True),
        ({"kind": "Group", "name": "system:serviceaccounts:other"}, False),
        ({"kind": "Group", "name": "system:serviceaccount:prod:deployment-scaler"}, False),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else str(value),
)
def test_an_account_is_bound_by_name_user_or_group(subject, matches):
    assert is_subject(subject, ACCOUNT) is matches


def test_a_role_is_expanded_to_its_single_permissions():
    rules = [
        {"apiGroups": ["", "apps"], "resources": ["a", "b"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["c"], "resourceNames": ["one", "two"], "verbs": ["get"]},
        {"nonResourceURLs": ["/healthz"], "verbs": ["get"]},
    ]
    assert set(permissions_of({"rules": rules})) == {
        Permission("", "a", "get"),
        Permission("", "b", "get"),
        Permission("apps", "a", "get"),
        Permission("apps", "b", "get"),
        Permission("", "c", "get", "one"),
        Permission("", "c", "get", "two"),
        Permission("", "/healthz", "get"),
    }
    assert list(permissions_of({"rules": None})) == list(permissions_of({})) == []


def role(name, *verbs, namespace=""):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": list(verbs)}
    return (ROLES if namespace else CLUSTER_ROLES), {"metadata": metadata, "rules": [rule]}


def binding(name, kind, role_name, namespace="", **labels):
    metadata = {"name": name, "labels": labels, **({"namespace": namespace} if namespace else {})}
    subject = {"kind": "ServiceAccount", "name": ACCOUNT.name, "namespace": ACCOUNT.namespace}
    obj = {"metadata": metadata, "roleRef": {"kind": kind, "name": role_name}, "subjects": [subject]}
    return (BINDINGS if namespace else CLUSTER_BINDINGS), obj


ACCOUNT_OBJECT = (SERVICE_ACCOUNTS, {"metadata": {"name": ACCOUNT.name, "namespace": ACCOUNT.namespace}})


@pytest.fixture
def spec(registry):
    rule = Rule(api_group="apps", resources=("deployments",), verbs=("get", "patch"))
    return registry.actions["scale"].spec.model_copy(update={"rules": (rule,)})


REMEDY = "kubernaut rbac render scale -n prod | kubectl apply -f -"


async def test_an_action_without_its_account_lacks_that_alone(spec):
    findings = await check_action(FakeClient(), "scale", spec, "prod")
    assert findings == [Finding("scale", "prod", FindingKind.MISSING, "ServiceAccount deployment-scaler", REMEDY)]


async def test_permissions_are_found_through_every_kind_of_role_and_binding(spec):
    cluster = FakeClient(
        ACCOUNT_OBJECT,
        role("shared", "get"),
        role("local", "list", namespace="prod"),
        role("local", "watch", namespace="other"),
        binding("a", "ClusterRole", "shared", "prod"),
        binding("b", "Role", "local", "prod"),
        binding("c", "Role", "local", "other"),
        binding("d", "ClusterRole", "shared"),
    )
    findings = [(f.kind, f.permission, f.source) for f in await check_action(cluster, "scale", spec, "prod")]
    assert findings == [
        ("missing", "patch deployments (apps)", REMEDY),
        ("over-grant", "get deployments (apps)", "ClusterRoleBinding d, in every namespace"),
        ("over-grant", "list deployments (apps)", "RoleBinding prod/b"),
        ("over-grant", "watch deployments (apps)", "RoleBinding other/c"),
    ]


async def test_what_kubernetes_itself_grants_to_everyone_is_left_out(spec):
    default = binding("basic", "ClusterRole", "shared", **{"kubernetes.io/bootstrapping": "rbac-defaults"})
    cluster = FakeClient(ACCOUNT_OBJECT, role("shared", "delete"), default)
    kinds = {finding.kind for finding in await check_action(cluster, "scale", spec, "prod")}
    assert kinds == {FindingKind.MISSING}


async def test_an_action_is_checked_where_its_account_exists_or_its_role_is_bound(spec):
    account = (SERVICE_ACCOUNTS, {"metadata": {"name": "deployment-scaler", "namespace": "a"}})
    other = (SERVICE_ACCOUNTS, {"metadata": {"name": "default", "namespace": "b"}})
    bound = binding("x", "ClusterRole", "kubernaut-scale", "c")
    unrelated = binding("y", "ClusterRole", "view", "d")
    assert await bound_namespaces(FakeClient(account, other, bound, unrelated), "scale", spec) == ["a", "c"]


@pytest.mark.parametrize(
    ("namespaces", "found"), [((), 2), (("prod",), 1), (("other",), 0)], ids=["all", "prod", "other"]
)
async def test_what_is_left_of_actions_that_are_not_installed_is_found(namespaces, found):
    def bound(name, namespace=None, **labels):
        return {"metadata": {"name": name, **({"namespace": namespace} if namespace else {}), "labels": labels}}

    cluster = FakeClient(
        (BINDINGS, bound("kubernaut-scale", "prod", **{"kubernaut.io/action": "scale"})),
        (BINDINGS, bound("kubernaut-old", "prod", **{"kubernaut.io/action": "old"})),
        (BINDINGS, bound("foreign", "prod")),
        (CLUSTER_BINDINGS, bound("wide", **{"kubernaut.io/action": "old"})),
    )
    left = await check_uninstalled(cluster, {"scale"}, namespaces)
    expected = [
        Finding(
            "old",
            "prod",
            "not installed",
            "RoleBinding kubernaut-old",
            "kubectl delete rolebinding kubernaut-old -n prod",
        ),
        Finding("old", "", "not installed", "ClusterRoleBinding wide", "kubectl delete clusterrolebinding wide"),
    ]
    assert left == expected[:found]


@pytest.fixture
def guarded(registry):
    spec = registry.actions["scale"].spec
    policy, binding = guard_manifests("scale", spec)
    return spec, policy, binding


async def test_a_guard_as_rendered_has_no_finding(guarded):
    spec, policy, binding = guarded
    assert await check_guard(FakeClient((GUARDS, policy), (GUARD_BINDINGS, binding)), "scale", spec) == []


@pytest.mark.parametrize("absent", ["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"])
async def test_a_guard_that_is_missing_or_not_bound_is_found(guarded, absent):
    spec, policy, binding = guarded
    present = [one for one in ((GUARDS, policy), (GUARD_BINDINGS, binding)) if one[1]["kind"] != absent]
    remedy = "kubernaut rbac render scale --guard | kubectl apply -f -"
    expected = Finding("scale", "", FindingKind.NO_GUARD, f"{absent} kubernaut-guard-scale", remedy)
    assert await check_guard(FakeClient(*present), "scale", spec) == [expected]


@pytest.mark.parametrize(
    ("part", "change"),
    [
        (0, {"failurePolicy": "Ignore"}),
        (0, {"validations": []}),
        (0, {"matchConditions": [{"name": "x", "expression": "false"}]}),
        (1, {"validationActions": ["Warn"]}),
        (1, {"matchResources": {"namespaceSelector": {"matchLabels": {"a": "b"}}}}),
    ],
)
async def test_a_guard_that_somebody_weakened_differs(guarded, part, change):
    spec, *manifests = guarded
    manifests[part] = {**manifests[part], "spec": {**manifests[part]["spec"], **change}}
    client = FakeClient((GUARDS, manifests[0]), (GUARD_BINDINGS, manifests[1]))
    assert [finding.kind for finding in await check_guard(client, "scale", spec)] == [FindingKind.GUARD_DIFFERS]


async def test_an_action_without_guard_needs_none(registry):
    assert await check_guard(FakeClient(), "gitops-pr", registry.actions["gitops-pr"].spec) == []
