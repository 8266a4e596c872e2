"""Permissions: tokens, the exact words of RBAC's denials, and access reviews."""

from __future__ import annotations

import pytest

from tests.conformance.client import Client
from tests.conformance.manifests import binding, configmap, role

_AUTHZ = "/apis/authorization.k8s.io/v1"


@pytest.fixture
def space(namespace: str) -> str:
    """The namespace's path."""
    return f"/api/v1/namespaces/{namespace}"


async def account(cluster: Client, namespace: str, name: str, *rules: tuple[str, str, str]) -> Client:
    """A client that is a ServiceAccount with a Role of these rules."""
    space, rbac = f"/api/v1/namespaces/{namespace}", f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    await cluster.made(f"{space}/serviceaccounts", {"metadata": {"name": name}})
    if rules:
        await cluster.made(f"{rbac}/roles", role(name, *rules))
        await cluster.made(f"{rbac}/rolebindings", binding(name, name, namespace))
    token = await cluster.made(f"{space}/serviceaccounts/{name}/token", {"spec": {"expirationSeconds": 600}})
    return cluster.with_token(token["status"]["token"])


async def test_a_request_without_a_valid_token_is_unauthorized(cluster: Client, space: str) -> None:
    answer = await cluster.with_token("nonsense").get(f"{space}/configmaps")
    assert (answer.code, answer.reason, answer.message) == (401, "Unauthorized", "Unauthorized")


async def test_a_denial_names_the_user_verb_resource_and_namespace(cluster: Client, namespace: str, space: str) -> None:
    reader = await account(cluster, namespace, "reader", ("get", "", "configmaps"))
    who = f'User "system:serviceaccount:{namespace}:reader"'
    assert (await reader.get(f"{space}/configmaps/kube-root-ca.crt")).code == 200
    patch = await reader.patch(f"{space}/configmaps/app", {})
    assert (patch.code, patch.reason) == (403, "Forbidden")
    where = f'resource "configmaps" in API group "" in the namespace "{namespace}"'
    assert patch.message == f'configmaps "app" is forbidden: {who} cannot patch {where}'
    assert (await reader.get(f"{space}/configmaps")).message == f"configmaps is forbidden: {who} cannot list {where}"
    scale = await reader.patch(f"/apis/apps/v1/namespaces/{namespace}/deployments/web/scale", {})
    expected = f'{who} cannot patch resource "deployments/scale" in API group "apps" in the namespace "{namespace}"'
    assert scale.message == f'deployments.apps "web" is forbidden: {expected}'
    nodes = await reader.get("/api/v1/nodes")
    assert (
        nodes.message == f'nodes is forbidden: {who} cannot list resource "nodes" in API group "" at the cluster scope'
    )


async def test_the_right_to_patch_is_enough_to_read_by_an_empty_dry_run(
    cluster: Client, namespace: str, space: str
) -> None:
    await cluster.made(f"{space}/configmaps", configmap("app", {"k": "v"}))
    patcher = await account(cluster, namespace, "patcher", ("patch", "", "configmaps"))
    assert (await patcher.get(f"{space}/configmaps/app")).code == 403
    seen = await patcher.patch(f"{space}/configmaps/app", {}, dryRun="All")
    assert (seen.code, seen.body["data"]) == (200, {"k": "v"})


async def test_a_subresource_needs_its_own_permission(cluster: Client, namespace: str) -> None:
    scaler = await account(cluster, namespace, "scaler", ("get,patch", "apps", "deployments/scale"))
    path = f"/apis/apps/v1/namespaces/{namespace}/deployments/web"
    assert (await scaler.get(f"{path}/scale")).code == 404
    assert (await scaler.get(path)).code == 403


async def test_a_permission_can_be_limited_to_a_name(cluster: Client, namespace: str, space: str) -> None:
    only = await account(cluster, namespace, "only")
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    rule = {"verbs": ["get", "list"], "apiGroups": [""], "resources": ["configmaps"], "resourceNames": ["mine"]}
    await cluster.made(f"{rbac}/roles", {"metadata": {"name": "only"}, "rules": [rule]})
    await cluster.made(f"{rbac}/rolebindings", binding("only", "only", namespace))
    assert (await only.get(f"{space}/configmaps/mine")).code == 404
    assert (await only.get(f"{space}/configmaps/other")).code == 403
    assert (await only.get(f"{space}/configmaps")).code == 403
    assert (await only.get(f"{space}/configmaps", fieldSelector="metadata.name=mine")).code == 200


async def test_an_access_review_agrees_with_the_authorizer(cluster: Client, namespace: str) -> None:
    reader = await account(cluster, namespace, "reader", ("get", "", "configmaps"))
    user = f"system:serviceaccount:{namespace}:reader"
    for verb, allowed in (("get", True), ("patch", False)):
        asked = {"namespace": namespace, "verb": verb, "resource": "configmaps"}
        review = await cluster.made(
            f"{_AUTHZ}/subjectaccessreviews", {"spec": {"user": user, "resourceAttributes": asked}}
        )
        assert review["status"]["allowed"] is allowed
        own = await reader.made(f"{_AUTHZ}/selfsubjectaccessreviews", {"spec": {"resourceAttributes": asked}})
        assert own["status"]["allowed"] is allowed
    reason = (
        f'RBAC: allowed by RoleBinding "reader/{namespace}" of Role "reader" to ServiceAccount "reader/{namespace}"'
    )
    asked = {"namespace": namespace, "verb": "get", "resource": "configmaps"}
    review = await cluster.made(f"{_AUTHZ}/subjectaccessreviews", {"spec": {"user": user, "resourceAttributes": asked}})
    assert review["status"] == {"allowed": True, "reason": reason}


async def test_a_local_access_review_is_only_about_its_own_namespace(cluster: Client, namespace: str) -> None:
    user = f"system:serviceaccount:{namespace}:reader"
    await account(cluster, namespace, "reader", ("get", "", "configmaps"))
    path = f"{_AUTHZ}/namespaces/{namespace}/localsubjectaccessreviews"
    asked = {"namespace": namespace, "verb": "get", "resource": "configmaps"}
    for verb, allowed in (("get", True), ("patch", False)):
        spec = {"user": user, "resourceAttributes": {**asked, "verb": verb}}
        assert (await cluster.made(path, {"spec": spec}))["status"]["allowed"] is allowed
    elsewhere = await cluster.post(
        path, {"spec": {"user": user, "resourceAttributes": {**asked, "namespace": "other"}}}
    )
    assert (elsewhere.code, elsewhere.reason) == (422, "Invalid")
    assert (
        'spec.resourceAttributes.namespace: Invalid value: "other": must match metadata.namespace' in elsewhere.message
    )
    pathless = await cluster.post(
        path, {"spec": {"user": user, "nonResourceAttributes": {"path": "/x", "verb": "get"}}}
    )
    assert (pathless.code, "disallowed on this kind of request" in pathless.message) == (422, True)
    wrong = await cluster.post(path, {"spec": {"user": user, "resourceAttributes": "configmaps"}})
    assert (wrong.code, wrong.reason) == (400, "BadRequest")


async def test_reviewing_the_access_of_others_needs_a_permission(cluster: Client, namespace: str) -> None:
    asker = await account(cluster, namespace, "asker", ("create", "authorization.k8s.io", "localsubjectaccessreviews"))
    attributes = {"namespace": namespace, "verb": "get", "resource": "configmaps"}
    body = {"spec": {"user": "somebody", "resourceAttributes": attributes}}
    local = f"{_AUTHZ}/namespaces/{namespace}/localsubjectaccessreviews"
    assert (await asker.made(local, body))["status"]["allowed"] is False
    assert (await asker.post(f"{_AUTHZ}/namespaces/default/localsubjectaccessreviews", body)).code == 403
    assert (await asker.post(f"{_AUTHZ}/subjectaccessreviews", body)).code == 403


async def test_a_token_identifies_its_service_account(cluster: Client, namespace: str) -> None:
    me = await account(cluster, namespace, "me")
    review = await me.made("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    info = review["status"]["userInfo"]
    assert info["username"] == f"system:serviceaccount:{namespace}:me"
    assert set(info["groups"]) == {
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    }


async def test_a_token_is_invalid_after_its_service_account_is_deleted(
    cluster: Client, namespace: str, space: str
) -> None:
    await cluster.made(f"{space}/serviceaccounts", {"metadata": {"name": "me"}})
    issued = [await cluster.made(f"{space}/serviceaccounts/me/token", {"spec": {}}) for _ in range(2)]
    first, second = ({"spec": {"token": one["status"]["token"]}} for one in issued)
    review = await cluster.made("/apis/authentication.k8s.io/v1/tokenreviews", first)
    assert review["status"]["authenticated"] is True
    await cluster.delete(f"{space}/serviceaccounts/me")
    await cluster.made(f"{space}/serviceaccounts", {"metadata": {"name": "me"}})  # the same name, another uid
    review = await cluster.made("/apis/authentication.k8s.io/v1/tokenreviews", second)
    assert not review["status"].get("authenticated")


async def test_a_user_cannot_grant_permissions_that_they_do_not_hold(cluster: Client, namespace: str) -> None:
    rules = (("create", "rbac.authorization.k8s.io", "roles,rolebindings"), ("get", "", "configmaps"))
    granter = await account(cluster, namespace, "granter", *rules)
    rbac = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}"
    assert (await granter.post(f"{rbac}/roles", role("same", ("get", "", "configmaps")))).code == 201
    answer = await granter.post(f"{rbac}/roles", role("more", ("get", "", "secrets")))
    assert answer.code == 403
    assert 'roles.rbac.authorization.k8s.io "more" is forbidden: user "system:serviceaccount:' in answer.message
    assert "is attempting to grant RBAC permissions not currently held:" in answer.message
    assert answer.message.endswith('{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}')
