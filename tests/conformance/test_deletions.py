"""DELETE: preconditions, and what becomes of dependents, for kinds of every sort."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.conformance.client import Client
from tests.conformance.manifests import condition, configmap, container, job, pod, workload

Object = dict[str, Any]
_IMAGE = "registry.invalid/a:1"


@pytest.fixture(params=["configmaps", "deployments", "jobs", "pods", "leases", "namespaces"])
def target(request: pytest.FixtureRequest, namespace: str) -> tuple[str, str, Object, str]:
    """A collection, an object to create in it, and how the API calls such an object in a conflict."""
    name, kind = "one", str(request.param)
    collections = {
        "configmaps": (f"/api/v1/namespaces/{namespace}/configmaps", configmap(name), "ConfigMap"),
        "deployments": (
            f"/apis/apps/v1/namespaces/{namespace}/deployments",
            workload("Deployment", name, _IMAGE, 0),
            "Deployment.apps",
        ),
        "jobs": (
            f"/apis/batch/v1/namespaces/{namespace}/jobs",
            job(name, container(_IMAGE, "pass"), suspend=True),
            "Job.batch",
        ),
        "pods": (f"/api/v1/namespaces/{namespace}/pods", pod(name, container(_IMAGE, "pass")), "Pod"),
        "leases": (
            f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases",
            {"metadata": {"name": name}, "spec": {}},
            "Lease.coordination.k8s.io",
        ),
        "namespaces": (
            "/api/v1/namespaces",
            {"metadata": {"name": f"conformance-{secrets.token_hex(4)}"}},
            "namespaces",
        ),
    }
    collection, body, called = collections[kind]
    return collection, body["metadata"]["name"], body, called


async def test_a_deletion_happens_only_when_its_preconditions_hold(
    cluster: Client, target: tuple[str, str, Object, str]
) -> None:
    collection, name, body, called = target
    uid = (await cluster.made(collection, body))["metadata"]["uid"]
    other = await cluster.delete(f"{collection}/{name}", {"preconditions": {"uid": "other"}})
    assert (other.code, other.reason) == (409, "Conflict")
    detail = f"the UID in the precondition (other) does not match the UID in record ({uid}). The object might have"
    if called == "namespaces":
        detail = f"Precondition failed: UID in precondition: other, UID in object meta: {uid}"
    assert other.message.startswith(f'Operation cannot be fulfilled on {called} "{name}": {detail}')
    for wrong in ({"uid": ""}, {"resourceVersion": "1"}, {"uid": uid, "resourceVersion": "1"}):
        for dry_run in ({}, {"dryRun": ["All"]}):
            answer = await cluster.delete(f"{collection}/{name}", {"preconditions": wrong, **dry_run})
            assert (answer.code, wrong) == (409, wrong)
    assert "deletionTimestamp" not in (await cluster.get(f"{collection}/{name}")).body["metadata"]
    options = {"preconditions": {"uid": uid}, "propagationPolicy": "Background", "gracePeriodSeconds": 0}
    assert (await cluster.delete(f"{collection}/{name}", options)).code == 200
    await cluster.gone(f"{collection}/{name}", seconds=60)


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ({"gracePeriodSeconds": "soon"}, 400, "gracePeriodSeconds"),
        ({"preconditions": {"uid": 7}}, 400, "preconditions"),
        ({"preconditions": "uid"}, 400, "preconditions"),
        ({"propagationPolicy": "Never"}, 422, 'propagationPolicy: Unsupported value: "Never"'),
        ({"propagationPolicy": "Orphan", "orphanDependents": True}, 422, "cannot be both set"),
        ({"dryRun": ["Some"]}, 422, "dryRun"),
    ],
    ids=["a grace period in words", "a numeric uid", "a textual precondition", "a policy", "two policies", "a dry run"],
)
async def test_a_deletion_with_invalid_options_is_refused(
    cluster: Client, namespace: str, options: Object, code: int, message: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    await cluster.made(path, configmap("one"))
    answer = await cluster.delete(f"{path}/one", {"kind": "DeleteOptions", "apiVersion": "v1", **options})
    assert (answer.code, message in answer.message) == (code, True), answer.message
    assert (await cluster.get(f"{path}/one")).code == 200


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
async def test_orphaned_dependents_stay(cluster: Client, namespace: str, kind: str) -> None:
    apps, plural = f"/apis/apps/v1/namespaces/{namespace}", f"{kind.lower()}s"
    body = workload(kind, "web", _IMAGE, 1)
    if kind == "DaemonSet":
        del body["spec"]["replicas"]
    await cluster.made(f"{apps}/{plural}", body)
    dependents = f"{apps}/{'replicasets' if kind == 'Deployment' else 'controllerrevisions'}"
    async for event in cluster.watch(dependents, 30):
        name = event["object"]["metadata"]["name"]
        break
    assert (await cluster.delete(f"{apps}/{plural}/web", {"propagationPolicy": "Orphan"})).code == 200
    await cluster.gone(f"{apps}/{plural}/web")
    left = (await cluster.get(f"{dependents}/{name}")).body["metadata"]
    assert left.get("ownerReferences", []) == []


async def test_a_foreground_deletion_waits_for_the_dependents(cluster: Client, namespace: str, image: str) -> None:
    apps, pods = f"/apis/apps/v1/namespaces/{namespace}", f"/api/v1/namespaces/{namespace}/pods"
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 1))
    await cluster.until(f"{apps}/deployments", "web", lambda found: condition(found, "Available"), seconds=60)
    answer = await cluster.delete(f"{apps}/deployments/web", {"propagationPolicy": "Foreground"})
    assert answer.body["metadata"]["finalizers"] == ["foregroundDeletion"]
    await cluster.gone(f"{apps}/deployments/web", seconds=60)
    assert (await cluster.get(pods)).body["items"] == []


async def test_a_deleted_pod_has_the_requested_grace_period_and_a_new_generation(
    cluster: Client, namespace: str, image: str
) -> None:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    up = "os.environ.get('SANDBOX_POD_ROOT', '') + '/tmp/up'"
    ignore = "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    deaf = f"{ignore}; open({up}, 'w'); time.sleep(60)"
    probe = {
        "exec": {"command": ["python3", "-c", f"import os; os.stat({up})"]},
        "periodSeconds": 1,
        "timeoutSeconds": 5,
    }
    await cluster.made(pods, pod("one", container(image, deaf, readinessProbe=probe)))
    await cluster.until(pods, "one", lambda found: condition(found, "Ready"))
    going = (await cluster.delete(f"{pods}/one", {"gracePeriodSeconds": 20})).body["metadata"]
    assert (going["deletionGracePeriodSeconds"], going["generation"]) == (20, 2)
    again = (await cluster.delete(f"{pods}/one", {"gracePeriodSeconds": 25})).body["metadata"]
    assert again["deletionGracePeriodSeconds"] == 20
    sooner = (await cluster.delete(f"{pods}/one", {"gracePeriodSeconds": -5})).body["metadata"]
    assert sooner["deletionGracePeriodSeconds"] == 1
    await cluster.gone(f"{pods}/one", seconds=20)
