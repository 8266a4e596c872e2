"""`rbac check`: grants that are too small or too large are found, with the command or binding to look at."""

from dataclasses import replace

import pytest

from kubernaut.admission.access_review import AccessReviewer
from kubernaut.api.rules import Rule
from kubernaut.install.rbac import action_manifests
from kubernaut.install.rbac_drift import Finding, bound_namespaces, check_action
from tests.support.site import ROLE_BINDINGS

REHEARSALS = ["initContainer"]

API = "rbac.authorization.k8s.io/v1"
GROUP = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group"}


@pytest.fixture
def check(site, registry):
    async def findings(action="scale"):
        return await check_action(site.cluster, action, registry.actions[action].spec, site.namespace)

    return findings


async def test_rendered_grants_have_no_finding(check, registry):
    for action in registry.actions:
        assert await check(action) == []


async def test_a_removed_binding_is_missing_with_the_command_that_restores_it(site, check):
    binding = await site.get(ROLE_BINDINGS, "kubernaut-scale")
    await site.cluster.delete(ROLE_BINDINGS, site.namespace, "kubernaut-scale", uid=binding["metadata"]["uid"])
    found = await check()
    assert [(f.kind, f.permission) for f in found] == [
        ("missing", "list pods"),
        ("missing", "get deployments (apps)"),
        ("missing", "patch deployments/scale (apps)"),
        ("missing", "get statefulsets (apps)"),
        ("missing", "patch statefulsets/scale (apps)"),
    ]
    assert found[0].source == f"kubernaut rbac render scale -n {site.namespace} | kubectl apply -f -"


def subject(kind, namespace):
    return {
        "account": {"kind": "ServiceAccount", "name": "deployment-scaler", "namespace": namespace},
        "user": {**GROUP, "kind": "User", "name": f"system:serviceaccount:{namespace}:deployment-scaler"},
        "accounts of the namespace": {**GROUP, "name": f"system:serviceaccounts:{namespace}"},
    }[kind]


@pytest.mark.parametrize("kind", ["account", "user", "accounts of the namespace"])
async def test_a_permission_beyond_the_declaration_is_an_over_grant_however_it_is_bound(site, check, kind):
    role = {"apiVersion": API, "kind": "Role", "metadata": {"name": "more", "namespace": site.namespace}}
    await site.apply(
        {**role, "rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["get"]}]}
    )
    binding = {"apiVersion": API, "kind": "RoleBinding", "metadata": {"name": "more", "namespace": site.namespace}}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "more"}
    await site.apply({**binding, "roleRef": reference, "subjects": [subject(kind, site.namespace)]})
    source = f"RoleBinding {site.namespace}/more"
    assert await check() == [Finding("scale", site.namespace, "over-grant", "get secrets/one", source)]


async def test_a_declared_permission_in_every_namespace_is_an_over_grant(site, check):
    binding = {"apiVersion": API, "kind": "ClusterRoleBinding", "metadata": {"name": f"wide-{site.namespace}"}}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "kubernaut-scale"}
    await site.apply({**binding, "roleRef": reference, "subjects": [subject("account", site.namespace)]})
    found = await check()
    assert {f.source for f in found} == {f"ClusterRoleBinding wide-{site.namespace}, in every namespace"}
    assert len(found) == 5


async def test_the_namespaces_where_an_action_is_granted_are_found(site, registry):
    assert site.namespace in await bound_namespaces(site.cluster, "scale", registry.actions["scale"].spec)


async def test_a_permission_on_named_objects_is_checked_by_those_names(site, registry):
    rule = Rule(resources=("configmaps",), verbs=("get", "patch"), names=("app-config",))
    spec = registry.actions["scale"].spec.model_copy(update={"rules": (rule,), "service_account": "named"})
    named = replace(registry.actions["scale"], name="named", spec=spec)
    for manifest in action_manifests("named", spec, [site.namespace]):
        await site.apply(manifest)
    assert await check_action(site.cluster, "named", spec, site.namespace) == []
    assert await AccessReviewer(site.cluster, 0).missing(named, site.namespace) == ""
    other = spec.model_copy(update={"rules": (rule.model_copy(update={"names": ("other",)}),)})
    missing = await AccessReviewer(site.cluster, 0).missing(replace(named, spec=other), site.namespace)
    assert "is not allowed to get configmaps/other, patch configmaps/other in namespace" in missing
    found = await check_action(site.cluster, "named", other, site.namespace)
    assert [(f.kind, f.permission) for f in found][::2] == [
        ("missing", "get configmaps/other"),
        ("over-grant", "get configmaps/app-config"),
    ]
