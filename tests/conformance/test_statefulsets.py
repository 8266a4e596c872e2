"""StatefulSets: how their pods are replaced when the template changes, and which template a new pod has."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import STRATEGIC, Client
from tests.conformance.manifests import workload

Object = dict[str, Any]
_VERSION_2 = {"spec": {"template": {"metadata": {"annotations": {"example.com/version": "2"}}}}}
_VERSION_1 = {"spec": {"template": {"metadata": {"annotations": {"example.com/version": None}}}}}


@pytest.fixture
def sets(namespace: str) -> str:
    """Where the namespace's StatefulSets are."""
    return f"/apis/apps/v1/namespaces/{namespace}/statefulsets"


async def ready(cluster: Client, sets: str, replicas: int, **status: Any) -> Object:
    """The StatefulSet as soon as it has so many ready pods, and these status fields."""

    def holds(found: Object) -> bool:
        now = {"updatedReplicas": 0, "currentReplicas": 0, **found["status"]}
        observed = now.get("observedGeneration") == found["metadata"]["generation"]
        wanted = {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas, **status}
        return observed and all(now.get(field) == value for field, value in wanted.items())

    return await cluster.until(sets, "db", holds, seconds=60)


async def versions(cluster: Client, sets: str) -> dict[str, tuple[str, str]]:
    """Each pod's version annotation and uid."""
    items = (await cluster.get(f"/api/v1/namespaces/{sets.split('/')[5]}/pods")).body["items"]
    found = {}
    for item in items:
        annotations = item["metadata"].get("annotations") or {}
        found[item["metadata"]["name"]] = (annotations.get("example.com/version", "1"), item["metadata"]["uid"])
    return found


async def test_a_rolling_update_replaces_every_pod_and_makes_its_revision_the_current_one(
    cluster: Client, sets: str, image: str
) -> None:
    await cluster.made(sets, workload("StatefulSet", "db", image, 2, serviceName="db"))
    first = await ready(cluster, sets, 2, updatedReplicas=2)
    before = await versions(cluster, sets)
    await cluster.patch(f"{sets}/db", _VERSION_2, STRATEGIC)
    done = await ready(cluster, sets, 2, updatedReplicas=2, currentReplicas=2)
    after = await versions(cluster, sets)
    assert {version for version, _ in after.values()} == {"2"}
    assert not {uid for _, uid in before.values()} & {uid for _, uid in after.values()}
    assert done["status"]["currentRevision"] == done["status"]["updateRevision"] != first["status"]["updateRevision"]
    await cluster.patch(f"{sets}/db", _VERSION_1, STRATEGIC)
    back = await ready(cluster, sets, 2, updatedReplicas=2, currentReplicas=2)
    assert back["status"]["currentRevision"] == first["status"]["currentRevision"]
    revisions = (await cluster.get(f"{sets.rpartition('/')[0]}/controllerrevisions")).body["items"]
    assert {item["metadata"]["name"]: item["revision"] for item in revisions} == {
        first["status"]["updateRevision"]: 3,
        done["status"]["updateRevision"]: 2,
    }


async def test_a_partition_keeps_the_pods_below_it_at_the_current_revision(
    cluster: Client, sets: str, image: str
) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    await cluster.made(sets, workload("StatefulSet", "db", image, 2, serviceName="db", updateStrategy=rolling))
    await ready(cluster, sets, 2, updatedReplicas=2)
    await cluster.patch(f"{sets}/db", _VERSION_2, STRATEGIC)
    found = await ready(cluster, sets, 2, updatedReplicas=1, currentReplicas=1)
    assert found["status"]["currentRevision"] != found["status"]["updateRevision"]
    pods = await versions(cluster, sets)
    assert {name: version for name, (version, _) in pods.items()} == {"db-0": "1", "db-1": "2"}
    where = f"/api/v1/namespaces/{sets.split('/')[5]}/pods"
    await cluster.delete(f"{where}/db-0")
    await cluster.until(where, "db-0", lambda found: found["metadata"]["uid"] != pods["db-0"][1], seconds=60)
    assert (await versions(cluster, sets))["db-0"][0] == "1"
    await ready(cluster, sets, 2, updatedReplicas=1, currentReplicas=1)
    await cluster.patch(f"{sets}/db", {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 0}}}})
    done = await ready(cluster, sets, 2, updatedReplicas=2)
    assert done["status"]["currentRevision"] == done["status"]["updateRevision"]


async def test_on_delete_replaces_a_stateful_pod_only_when_it_is_deleted(
    cluster: Client, sets: str, image: str
) -> None:
    strategy = {"type": "OnDelete"}
    await cluster.made(sets, workload("StatefulSet", "db", image, 2, serviceName="db", updateStrategy=strategy))
    await ready(cluster, sets, 2, updatedReplicas=2)
    before = await versions(cluster, sets)
    await cluster.patch(f"{sets}/db", _VERSION_2, STRATEGIC)
    await ready(cluster, sets, 2, updatedReplicas=0)
    assert await versions(cluster, sets) == before
    await cluster.delete(f"/api/v1/namespaces/{sets.split('/')[5]}/pods/db-0")
    await ready(cluster, sets, 2, updatedReplicas=1)
    after = await versions(cluster, sets)
    assert (after["db-0"][0], after["db-1"]) == ("2", before["db-1"])


async def test_parallel_pods_do_not_wait_for_each_other(cluster: Client, namespace: str, sets: str, image: str) -> None:
    body = workload("StatefulSet", "db", "registry.invalid/a:1", 3, serviceName="db", podManagementPolicy="Parallel")
    await cluster.made(sets, body)
    found = await cluster.until(sets, "db", lambda found: found["status"]["replicas"] == 3)
    assert "readyReplicas" not in found["status"]
    await cluster.patch(f"{sets}/db/scale", {"spec": {"replicas": 1}})
    await cluster.gone(f"/api/v1/namespaces/{namespace}/pods/db-1")
    await cluster.gone(f"/api/v1/namespaces/{namespace}/pods/db-2")


async def test_ordered_pods_start_after_the_one_before_is_available(
    cluster: Client, namespace: str, sets: str, image: str
) -> None:
    await cluster.made(sets, workload("StatefulSet", "db", image, 2, serviceName="db", minReadySeconds=3))
    await cluster.until(sets, "db", lambda found: found["status"].get("readyReplicas") == 1)
    found = (await cluster.get(f"{sets}/db")).body["status"]
    assert (found["availableReplicas"], found["replicas"]) == (0, 1)
    await cluster.until(sets, "db", lambda found: found["status"]["availableReplicas"] == 2, seconds=60)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            {"podManagementPolicy": "Random"},
            "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
        ),
        (
            {"updateStrategy": {"type": "OnDelete", "rollingUpdate": {"partition": 1}}},
            "spec.updateStrategy.rollingUpdate: Invalid value: ",
        ),
        (
            {"updateStrategy": {"rollingUpdate": {"partition": -1}}},
            "spec.updateStrategy.rollingUpdate.partition: Invalid value: -1: must be greater than or equal to 0",
        ),
    ],
    ids=["policy", "OnDelete with a partition", "partition"],
)
async def test_a_stateful_set_with_an_impossible_strategy_is_invalid(
    cluster: Client, sets: str, spec: Object, message: str
) -> None:
    body = workload("StatefulSet", "db", "example.invalid/a", 0, serviceName="db", **spec)
    answer = await cluster.post(sets, body, dryRun="All")
    assert (answer.code, message in answer.message) == (422, True), answer.message
