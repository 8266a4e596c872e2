"""Deployments and StatefulSets: rollouts, scale and status."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import JSON_PATCH, STRATEGIC, TABLE, Client
from tests.conformance.manifests import condition, workload

_NOW = {"kubectl.kubernetes.io/restartedAt": "2030-01-01T00:00:00Z"}


@pytest.fixture
def apps(namespace: str) -> str:
    """Where the namespace's workloads are."""
    return f"/apis/apps/v1/namespaces/{namespace}"


def settled(replicas: int) -> Any:
    """Whether a Deployment's rollout is through, with that many pods."""

    def holds(found: dict[str, Any]) -> bool:
        status = found["status"]
        if status.get("observedGeneration") != found["metadata"]["generation"]:
            return False
        fields = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        return all(status.get(field, 0) == replicas for field in fields)

    return holds


def rolled_out(found: dict[str, Any]) -> bool:
    """Whether a rollout of two pods is through and says so."""
    return settled(2)(found) and condition(found, "Progressing").get("reason") == "NewReplicaSetAvailable"


async def test_a_deployment_becomes_available(cluster: Client, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 2))
    done = await cluster.until(f"{apps}/deployments", "web", rolled_out, seconds=60)
    assert condition(done, "Available")["reason"] == "MinimumReplicasAvailable"
    assert "unavailableReplicas" not in done["status"]
    assert done["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "1"
    (found,) = (await cluster.get(f"{apps}/replicasets")).body["items"]
    name = found["metadata"]["name"]
    assert name == f"web-{found['metadata']['labels']['pod-template-hash']}"
    assert condition(done, "Progressing")["message"] == f'ReplicaSet "{name}" has successfully progressed.'
    table = await cluster.get(f"{apps}/deployments", accept=TABLE)
    assert table.body["rows"][0]["cells"][:4] == ["web", "2/2", 2, 2]


async def test_a_restart_replaces_every_pod(cluster: Client, namespace: str, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 2))
    await cluster.until(f"{apps}/deployments", "web", settled(2), seconds=60)
    pods = f"/api/v1/namespaces/{namespace}/pods"
    before = {item["metadata"]["uid"] for item in (await cluster.get(pods)).body["items"]}
    patch = {"spec": {"template": {"metadata": {"annotations": _NOW}}}}
    patched = await cluster.patch(f"{apps}/deployments/web", patch, STRATEGIC)
    assert patched.body["metadata"]["generation"] == 2
    done = await cluster.until(f"{apps}/deployments", "web", settled(2), seconds=60)
    assert done["metadata"]["annotations"]["deployment.kubernetes.io/revision"] == "2"
    items = (await cluster.get(pods)).body["items"]
    after = {item["metadata"]["uid"] for item in items if "deletionTimestamp" not in item["metadata"]}
    assert len(after) == 2
    assert not before & after


async def test_the_scale_of_a_deployment_is_read_and_written(cluster: Client, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 0))
    before = (await cluster.get(f"{apps}/deployments/web/scale")).body
    assert (before["kind"], before["apiVersion"], before["spec"]) == ("Scale", "autoscaling/v1", {})
    dry = await cluster.patch(f"{apps}/deployments/web/scale", {"spec": {"replicas": 2}}, dryRun="All")
    assert dry.body["spec"] == {"replicas": 2}
    assert (await cluster.get(f"{apps}/deployments/web")).body["spec"]["replicas"] == 0
    assert (await cluster.patch(f"{apps}/deployments/web/scale", {"spec": {"replicas": 1}})).code == 200
    await cluster.until(f"{apps}/deployments", "web", settled(1), seconds=60)
    scale = (await cluster.get(f"{apps}/deployments/web/scale")).body
    assert (scale["spec"], scale["status"]) == ({"replicas": 1}, {"replicas": 1, "selector": "app=web"})
    refused = await cluster.patch(f"{apps}/deployments/web/scale", {"spec": {"replicas": -1}})
    assert refused.code == 422
    assert "spec.replicas: Invalid value: -1: must be greater than or equal to 0" in refused.message


async def test_a_rollout_without_progress_exceeds_its_deadline(cluster: Client, apps: str, image: str) -> None:
    body = workload("Deployment", "web", "registry.invalid/a:1", 1, progressDeadlineSeconds=1, minReadySeconds=0)
    await cluster.made(f"{apps}/deployments", body)

    def late(found: dict[str, Any]) -> bool:
        conditions = found["status"].get("conditions") or ()
        return any(c["type"] == "Progressing" and c["reason"] == "ProgressDeadlineExceeded" for c in conditions)

    found = await cluster.until(f"{apps}/deployments", "web", late)
    progressing = next(c for c in found["status"]["conditions"] if c["type"] == "Progressing")
    assert progressing["status"] == "False"
    assert progressing["message"].endswith("has timed out progressing.")
    available = next(c for c in found["status"]["conditions"] if c["type"] == "Available")
    assert (available["status"], available["reason"]) == ("False", "MinimumReplicasUnavailable")
    assert found["status"]["unavailableReplicas"] == 1


async def test_a_selector_must_match_the_template_and_is_immutable(cluster: Client, apps: str) -> None:
    body = workload("Deployment", "web", "example.invalid/a", 0)
    await cluster.made(f"{apps}/deployments", body)
    answer = await cluster.patch(f"{apps}/deployments/web", {"spec": {"selector": {"matchLabels": {"x": "y"}}}})
    assert answer.code == 422
    assert answer.message == (
        'Deployment.apps "web" is invalid: [spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match '
        'template `labels`, spec.selector: Invalid value: {"matchLabels":{"app":"web","x":"y"}}: field is immutable]'
    )


async def test_deleting_a_deployment_deletes_its_pods(cluster: Client, namespace: str, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 1))
    await cluster.until(f"{apps}/deployments", "web", settled(1), seconds=60)
    (pod,) = (await cluster.get(f"/api/v1/namespaces/{namespace}/pods")).body["items"]
    await cluster.delete(f"{apps}/deployments/web")
    await cluster.gone(f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}", seconds=60)
    assert (await cluster.get(f"{apps}/replicasets")).body["items"] == []


async def test_a_statefulset_scales_in_order(cluster: Client, namespace: str, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/statefulsets", workload("StatefulSet", "db", image, 2, serviceName="db"))

    def ready(replicas: int) -> Any:
        return lambda found: (
            (found["status"].get("readyReplicas", 0), found["status"]["replicas"]) == (replicas, replicas)
        )

    done = await cluster.until(f"{apps}/statefulsets", "db", ready(2), seconds=60)
    assert done["status"]["currentRevision"] == done["status"]["updateRevision"]
    pods = f"/api/v1/namespaces/{namespace}/pods"
    items = (await cluster.get(pods)).body["items"]
    assert [item["metadata"]["name"] for item in items] == ["db-0", "db-1"]
    assert items[0]["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "0"
    scale = await cluster.patch(f"{apps}/statefulsets/db/scale", {"spec": {"replicas": 1}})
    assert scale.body["spec"] == {"replicas": 1}
    await cluster.gone(f"{pods}/db-1")
    await cluster.until(f"{apps}/statefulsets", "db", ready(1), seconds=60)


async def test_deleting_a_namespace_deletes_its_content(cluster: Client, namespace: str, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 1))
    await cluster.until(f"{apps}/deployments", "web", settled(1), seconds=60)
    going = await cluster.delete(f"/api/v1/namespaces/{namespace}")
    assert going.body["status"]["phase"] == "Terminating"
    refused = await cluster.post(f"/api/v1/namespaces/{namespace}/configmaps", {"metadata": {"name": "late"}})
    assert refused.code == 403
    because = f"unable to create new content in namespace {namespace} because it is being terminated"
    assert refused.message == f'configmaps "late" is forbidden: {because}'
    await cluster.gone(f"/api/v1/namespaces/{namespace}", seconds=60)


def version(value: str) -> dict[str, Any]:
    """A patch of the template and of the cause of the change."""
    cause = {"kubernetes.io/change-cause": f"version {value}"}
    template = {"metadata": {"annotations": {"example.com/version": value}}}
    return {"metadata": {"annotations": cause}, "spec": {"template": template}}


async def rolled_back(cluster: Client, apps: str, revision: int) -> dict[str, dict[str, Any]]:
    """The ReplicaSets by revision, as soon as the Deployment's rollout of that revision is through."""

    def holds(found: dict[str, Any]) -> bool:
        present = (found["metadata"].get("annotations") or {}).get("deployment.kubernetes.io/revision")
        return settled(1)(found) and present == str(revision)

    await cluster.until(f"{apps}/deployments", "web", holds, seconds=60)
    items = (await cluster.get(f"{apps}/replicasets")).body["items"]
    return {item["metadata"]["annotations"]["deployment.kubernetes.io/revision"]: item for item in items}


async def test_a_template_that_comes_back_gets_its_old_replica_set_with_a_new_revision(
    cluster: Client, apps: str, image: str
) -> None:
    body = workload("Deployment", "web", image, 1)
    await cluster.made(f"{apps}/deployments", body)
    await rolled_back(cluster, apps, 1)
    await cluster.patch(f"{apps}/deployments/web", version("2"), STRATEGIC)
    two = await rolled_back(cluster, apps, 2)
    assert set(two) == {"1", "2"}
    assert two["2"]["metadata"]["annotations"]["kubernetes.io/change-cause"] == "version 2"
    first = two["1"]["spec"]["template"]
    labels = {key: value for key, value in first["metadata"]["labels"].items() if key != "pod-template-hash"}
    template = {**first, "metadata": {**first["metadata"], "labels": labels}}
    operations = [{"op": "replace", "path": "/spec/template", "value": template}]
    await cluster.patch(f"{apps}/deployments/web", operations, JSON_PATCH)
    three = await rolled_back(cluster, apps, 3)
    assert set(three) == {"2", "3"}
    assert three["3"]["metadata"]["uid"] == two["1"]["metadata"]["uid"]
    annotations = three["3"]["metadata"]["annotations"]
    assert annotations["deployment.kubernetes.io/revision-history"] == "1"
    assert annotations["deployment.kubernetes.io/desired-replicas"] == "1"
    assert annotations["deployment.kubernetes.io/max-replicas"] == "2"
    assert three["2"]["spec"]["replicas"] == 0


async def test_old_replica_sets_beyond_the_history_limit_are_deleted(cluster: Client, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 1, revisionHistoryLimit=1))
    await rolled_back(cluster, apps, 1)
    for number in range(2, 5):
        await cluster.patch(f"{apps}/deployments/web", version(str(number)), STRATEGIC)
        await rolled_back(cluster, apps, number)
    async for _ in cluster.watch(f"{apps}/replicasets", 30):
        items = (await cluster.get(f"{apps}/replicasets")).body["items"]
        if len(items) == 2:
            break
    assert {item["metadata"]["annotations"]["deployment.kubernetes.io/revision"] for item in items} == {"3", "4"}


async def test_a_pod_is_available_when_it_has_been_ready_long_enough(cluster: Client, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 1, minReadySeconds=4))
    found = await cluster.until(f"{apps}/deployments", "web", lambda found: found["status"].get("readyReplicas"))
    assert (found["status"].get("availableReplicas"), found["status"]["unavailableReplicas"]) == (None, 1)
    await rolled_back(cluster, apps, 1)
    (rs,) = (await cluster.get(f"{apps}/replicasets")).body["items"]
    assert rs["spec"]["minReadySeconds"] == 4


async def test_a_paused_deployment_is_not_rolled_out(cluster: Client, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/deployments", workload("Deployment", "web", image, 1))
    await rolled_back(cluster, apps, 1)
    patch = version("2")
    await cluster.patch(f"{apps}/deployments/web", {**patch, "spec": {**patch["spec"], "paused": True}}, STRATEGIC)
    await cluster.until(f"{apps}/deployments", "web", lambda found: found["status"].get("observedGeneration") == 2)
    (rs,) = (await cluster.get(f"{apps}/replicasets")).body["items"]
    await cluster.patch(f"{apps}/deployments/web/scale", {"spec": {"replicas": 2}})
    await cluster.until(f"{apps}/replicasets", rs["metadata"]["name"], lambda found: found["spec"]["replicas"] == 2)
    await cluster.patch(f"{apps}/deployments/web", {"spec": {"paused": False, "replicas": 1}})
    assert set(await rolled_back(cluster, apps, 2)) == {"1", "2"}


async def test_a_rollout_that_is_paused_stays_as_it_is(cluster: Client, apps: str, image: str) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await cluster.made(
        f"{apps}/deployments", workload("Deployment", "web", image, 2, strategy=rolling, minReadySeconds=2)
    )
    await cluster.until(f"{apps}/deployments", "web", settled(2), seconds=60)
    await cluster.patch(f"{apps}/deployments/web", version("2"), STRATEGIC)
    await cluster.until(f"{apps}/deployments", "web", lambda found: found["status"].get("updatedReplicas") == 1)
    await cluster.patch(f"{apps}/deployments/web", {"spec": {"paused": True}})
    found = await cluster.until(
        f"{apps}/deployments", "web", lambda found: found["status"].get("availableReplicas") == 3
    )
    assert (found["status"]["replicas"], found["status"]["updatedReplicas"]) == (3, 1)
    sizes = [item["spec"]["replicas"] for item in (await cluster.get(f"{apps}/replicasets")).body["items"]]
    assert sorted(sizes) == [1, 2]


@pytest.mark.parametrize("kind", ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"])
async def test_limits_become_requests_in_pods_and_not_in_templates(cluster: Client, namespace: str, kind: str) -> None:
    limited = {
        "name": "main",
        "image": "registry.invalid/a:1",
        "resources": {"limits": {"cpu": "10m", "memory": "8Mi"}},
    }
    pod_spec = {"containers": [limited], "initContainers": [{**limited, "name": "first"}]}
    body = workload(kind, "one", "registry.invalid/a:1", 1)
    body["spec"]["template"]["spec"] = pod_spec
    group, plural = "apps", f"{kind.lower()}s"
    if kind == "DaemonSet":
        del body["spec"]["replicas"]
    if kind in ("Job", "CronJob"):
        group, spec = "batch", {"template": {"spec": {**pod_spec, "restartPolicy": "Never"}}}
        body = {"metadata": {"name": "one"}, "spec": spec}
        if kind == "CronJob":
            body["spec"] = {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": spec}}
    made = await cluster.made(f"/apis/{group}/v1/namespaces/{namespace}/{plural}", body)
    template = made["spec"]["jobTemplate"]["spec"]["template"] if kind == "CronJob" else made["spec"]["template"]
    for field in ("containers", "initContainers"):
        assert template["spec"][field][0]["resources"] == {"limits": {"cpu": "10m", "memory": "8Mi"}}
    if kind == "CronJob":
        return
    async for event in cluster.watch(f"/api/v1/namespaces/{namespace}/pods", 30):
        made = event["object"]
        break
    for field in ("containers", "initContainers"):
        resources = made["spec"][field][0]["resources"]
        assert resources["requests"] == resources["limits"] == {"cpu": "10m", "memory": "8Mi"}
    assert made["status"]["qosClass"] == "Guaranteed"
