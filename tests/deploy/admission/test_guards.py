"""Guards: the account of restart-deployment changes two annotations of a pod template and nothing else, and so on for each action."""

import asyncio
from typing import Any

import pytest

from kubernaut.api.field_paths import field_tree
from kubernaut.testing.other_writes import other_writes
from tests.conformance.client import JSON_PATCH, MERGE, STRATEGIC, Client
from tests.deploy.admission.installation import RBAC
from tests.deploy.admission.requests import DRY, OWNER, RESTART_ANNOTATIONS, SHIPPED, deployments, expect

RESTARTER = "deployment-restarter"


@pytest.fixture
async def restarter(cluster: Client, place: str) -> Client:
    """Return a client with the account of restart-deployment, which RBAC allows to do anything to the Deployment `web`."""
    return await with_account(cluster, place, RESTARTER)


async def with_account(cluster: Client, place: str, account: str) -> Client:
    """Return a client with this account, which RBAC allows to do anything in the namespace, to the Deployment `web` too."""
    binding = {
        "metadata": {"name": account},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": place}],
    }
    await cluster.made(f"{RBAC}/namespaces/{place}/rolebindings", binding)
    await cluster.made(deployments(place), deployment())
    client, web = cluster.impersonating(f"system:serviceaccount:{place}:{account}"), f"{deployments(place)}/web"
    async with asyncio.timeout(30):
        while (await client.patch(web, {"spec": {"replicas": 1}}, **DRY)).code != 403:
            await asyncio.sleep(0.2)
        while (await client.patch(web, {}, **DRY)).code != 200:  # until RBAC has the binding
            await asyncio.sleep(0.2)
    return client


def deployment() -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"a": "b"}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}, "annotations": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "none", "env": [{"name": "A", "value": "b"}]}]},
            },
        },
    }


def template(**metadata: Any) -> dict[str, Any]:
    return {"spec": {"template": {"metadata": metadata}}}


def template_spec(**spec: Any) -> dict[str, Any]:
    return {"spec": {"template": {"spec": spec}}}


async def test_the_account_of_restart_deployment_restarts_a_deployment(cluster: Client, place: str, restarter: Client):
    web = f"{deployments(place)}/web"
    restart = template(annotations=RESTART_ANNOTATIONS)
    again = template(annotations={**RESTART_ANNOTATIONS, "kubernaut.io/restarted-by": "u-2"})
    for patch in ({}, again, restart):
        expect(await restarter.patch(web, patch, **DRY), 200)
        expect(await restarter.patch(web, patch), 200)
    now = (await cluster.get(web)).body
    assert now["spec"]["template"]["metadata"]["annotations"] == {"a": "b", **RESTART_ANNOTATIONS}
    expect(await cluster.patch(web, template(annotations=None)), 200)
    expect(await restarter.patch(web, restart), 200)


async def test_the_account_of_restart_deployment_restarts_by_server_side_apply(place, restarter, on_a_real_cluster):
    if not on_a_real_cluster:
        pytest.skip("the sandbox has no server-side apply")
    restart = template(annotations=RESTART_ANNOTATIONS)
    applied = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, **restart}
    query = {"fieldManager": "k", "force": "true"}
    expect(await restarter.patch(f"{deployments(place)}/web", applied, "application/apply-patch+yaml", **query), 200)


@pytest.mark.parametrize(
    ("patch", "kind", "field"),
    [
        ({"metadata": {"labels": {"x": "y"}}}, MERGE, "metadata.labels"),
        ({"metadata": {"annotations": {"x": "y"}}}, MERGE, "metadata.annotations"),
        ({"metadata": {"annotations": None}}, MERGE, "metadata.annotations"),
        ({"metadata": {"finalizers": ["a.example/b"]}}, MERGE, "metadata.finalizers"),
        ({"metadata": {"ownerReferences": [{**OWNER, "controller": False}]}}, MERGE, "metadata.ownerReferences"),
        ({"spec": {"replicas": 1}}, MERGE, "spec.replicas"),
        ({"spec": {"paused": True}}, MERGE, "spec.paused"),
        ({"spec": {"minReadySeconds": 5}}, MERGE, "spec.minReadySeconds"),
        ({"spec": {"revisionHistoryLimit": 0}}, MERGE, "spec.revisionHistoryLimit"),
        ({"spec": {"progressDeadlineSeconds": 9}}, MERGE, "spec.progressDeadlineSeconds"),
        ({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}, MERGE, "spec.strategy"),
        (template(annotations={"x": "y"}), MERGE, "spec.template.metadata.annotations[x]"),
        (template(annotations={"a": "c"}), MERGE, "spec.template.metadata.annotations[a]"),
        (template(annotations={"a": None}), MERGE, "spec.template.metadata.annotations[a]"),
        (template(annotations=None), MERGE, "spec.template.metadata.annotations[a]"),
        (template(labels={"x": "y"}), MERGE, "spec.template.metadata.labels"),
        (template(finalizers=["a.b/c"]), MERGE, "spec.template.metadata.finalizers"),
        (template_spec(serviceAccountName="x"), MERGE, "spec.template.spec"),
        (template_spec(hostNetwork=True), MERGE, "spec.template.spec"),
        (template_spec(volumes=[{"name": "v"}]), MERGE, "spec.template.spec"),
        (template_spec(containers=[{"name": "c", "image": "mine"}]), STRATEGIC, "spec.template.spec"),
        (
            [{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "c"}],
            JSON_PATCH,
            "spec.template.spec",
        ),
        ([{"op": "remove", "path": "/spec/template/spec/containers/0/env"}], JSON_PATCH, "spec.template.spec"),
    ],
    ids=lambda value: value if isinstance(value, str) and not value.startswith("application") else "",
)
async def test_the_account_of_restart_deployment_changes_nothing_else(cluster, place, restarter, patch, kind, field):
    web = f"{deployments(place)}/web"
    answer = await restarter.patch(web, patch, kind, **DRY)
    expect(answer, 403, f"not {field}: change that with an account of your own")
    expect(await cluster.patch(web, patch, kind, **DRY), 200)


async def test_the_account_of_restart_deployment_cannot_add_changes_to_a_restart(place: str, restarter: Client):
    changed = {"metadata": {"annotations": {**RESTART_ANNOTATIONS, "x": "y"}}, "spec": {"nodeSelector": {"a": "b"}}}
    both = {"spec": {"replicas": 2, "template": changed}}
    fragment = "not spec.replicas, spec.template.spec, spec.template.metadata.annotations[x]:"
    expect(await restarter.patch(f"{deployments(place)}/web", both, **DRY), 403, fragment)


async def test_the_scale_subresource_changes_replicas_and_nothing_else(cluster: Client, place: str, restarter: Client):
    web = f"{deployments(place)}/web"
    before = (await cluster.get(web)).body
    more = {"spec": {"replicas": 3, "selector": {"matchLabels": {"x": "y"}}}, "metadata": {"labels": {"x": "y"}}}
    expect(await cluster.patch(f"{web}/scale", more), 200)
    after = (await cluster.get(web)).body
    assert after["spec"] == {**before["spec"], "replicas": 3}
    assert after["metadata"]["labels"] == before["metadata"]["labels"]


@pytest.mark.parametrize("account", ["deployment-restarter", "resource-setter", "rollout-undoer"])
async def test_a_change_of_any_other_field_of_a_deployment_is_forbidden(cluster: Client, place: str, account: str):
    (rule,) = (
        rule
        for action in SHIPPED.actions.values()
        for rule in action.spec.rules
        if action.spec.service_account == account and rule.fields
    )
    client, web = await with_account(cluster, place, account), f"{deployments(place)}/web"
    before = (await cluster.get(web)).body
    forbidden = []
    for write in other_writes(before, field_tree(rule.fields)):
        answer = await cluster.patch(web, dict(write.patch), **DRY)
        if answer.code == 200 and answer.body["metadata"]["generation"] == before["metadata"]["generation"]:
            continue  # only the guard's fields, or nothing, changed; metadata has tests of its own above
        if answer.code == 200:
            expect(await client.patch(web, dict(write.patch), **DRY), 403, " is allowed to change only ")
            forbidden.append(write.path)
    assert "spec.replicas" in forbidden
    assert ("spec.template.spec.containers[*].image" in forbidden) is (account != "rollout-undoer")


async def test_the_account_of_set_resources_changes_requests_and_limits_alone(cluster: Client, place: str):
    client, web = await with_account(cluster, place, "resource-setter"), f"{deployments(place)}/web"
    more = template_spec(containers=[{"name": "c", "resources": {"requests": {"cpu": "1m"}}}])
    expect(await client.patch(web, more, STRATEGIC, **DRY), 200)
    image = template_spec(containers=[{"name": "c", "image": "mine", "resources": {"requests": {"cpu": "1m"}}}])
    expect(await client.patch(web, image, STRATEGIC, **DRY), 403, "not spec.template.spec.containers[c].image: change")
    another = template_spec(containers=[{"name": "d", "image": "mine"}])
    expect(await client.patch(web, another, STRATEGIC, **DRY), 403, "not spec.template.spec.containers: change")
