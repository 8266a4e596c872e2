"""DaemonSets: a pod on each node, replaced as the update strategy says, and the history of templates."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.client import STRATEGIC, TABLE, Client
from tests.conformance.manifests import workload

Object = dict[str, Any]
_HASH = "controller-revision-hash"


@pytest.fixture
def apps(namespace: str) -> str:
    """Where the namespace's workloads are."""
    return f"/apis/apps/v1/namespaces/{namespace}"


def daemon_set(name: str, image: str, **spec: Any) -> Object:
    """A DaemonSet of idle pods."""
    body = workload("DaemonSet", name, image, 0, **spec)
    del body["spec"]["replicas"]
    return body


def settled(found: Object) -> bool:
    """Whether every node has an available pod of the present template."""
    status, wanted = found["status"], found["status"]["desiredNumberScheduled"]
    current = status.get("observedGeneration") == found["metadata"]["generation"]
    fields = ("currentNumberScheduled", "numberReady", "updatedNumberScheduled", "numberAvailable")
    return current and wanted > 0 and all(status.get(field, 0) == wanted for field in fields)


def annotated(value: str) -> Object:
    """A patch of the template."""
    return {"spec": {"template": {"metadata": {"annotations": {"example.com/version": value}}}}}


async def pods_of(cluster: Client, apps: str) -> list[Object]:
    """The namespace's pods that are not being deleted."""
    items = (await cluster.get(f"/api/v1/namespaces/{apps.split('/')[5]}/pods")).body["items"]
    return [item for item in items if "deletionTimestamp" not in item["metadata"]]


async def revisions_of(cluster: Client, apps: str) -> list[Object]:
    """The namespace's ControllerRevisions, the newest last."""
    items: list[Object] = (await cluster.get(f"{apps}/controllerrevisions")).body["items"]
    return sorted(items, key=lambda item: int(item["revision"]))


async def test_a_daemon_set_has_an_available_pod_on_every_node(cluster: Client, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/daemonsets", daemon_set("agent", image))
    done = await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    assert done["status"]["numberMisscheduled"] == 0
    assert "numberUnavailable" not in done["status"]
    pods = await pods_of(cluster, apps)
    assert len({pod["spec"]["nodeName"] for pod in pods}) == len(pods) == done["status"]["desiredNumberScheduled"]
    (revision,) = await revisions_of(cluster, apps)
    assert (revision["revision"], revision["metadata"]["ownerReferences"][0]["kind"]) == (1, "DaemonSet")
    assert revision["metadata"]["name"] == f"agent-{pods[0]['metadata']['labels'][_HASH]}"
    assert revision["metadata"]["labels"][_HASH] == pods[0]["metadata"]["labels"][_HASH]
    assert revision["data"]["spec"]["template"]["$patch"] == "replace"
    tolerated = {(item["key"], item["effect"]) for item in pods[0]["spec"]["tolerations"]}
    assert ("node.kubernetes.io/unschedulable", "NoSchedule") in tolerated
    table = await cluster.get(f"{apps}/daemonsets", accept=TABLE)
    assert table.body["rows"][0]["cells"][:6] == ["agent", *[len(pods)] * 5]
    listed = await cluster.get(f"{apps}/controllerrevisions", accept=TABLE)
    assert listed.body["rows"][0]["cells"][1] == "daemonset.apps/agent"
    assert [int(listed.body["rows"][0]["cells"][2])] == [1]


async def test_a_rolling_update_replaces_the_pods_and_going_back_reuses_the_revision(
    cluster: Client, apps: str, image: str
) -> None:
    await cluster.made(f"{apps}/daemonsets", daemon_set("agent", image))
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    first = {pod["metadata"]["uid"] for pod in await pods_of(cluster, apps)}
    await cluster.patch(f"{apps}/daemonsets/agent", annotated("2"), STRATEGIC)
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    second = await pods_of(cluster, apps)
    assert not first & {pod["metadata"]["uid"] for pod in second}
    assert {pod["metadata"]["annotations"]["example.com/version"] for pod in second} == {"2"}
    before = await revisions_of(cluster, apps)
    assert [item["revision"] for item in before] == [1, 2]
    back = {"spec": {"template": {"metadata": {"annotations": {"example.com/version": None}}}}}
    await cluster.patch(f"{apps}/daemonsets/agent", back, STRATEGIC)
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    after = await revisions_of(cluster, apps)
    assert [item["metadata"]["name"] for item in after] == [item["metadata"]["name"] for item in reversed(before)]
    assert [item["revision"] for item in after] == [2, 3]


async def test_on_delete_replaces_a_pod_only_when_it_is_deleted(cluster: Client, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/daemonsets", daemon_set("agent", image, updateStrategy={"type": "OnDelete"}))
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    first = await pods_of(cluster, apps)
    await cluster.patch(f"{apps}/daemonsets/agent", annotated("2"), STRATEGIC)

    def outdated(found: Object) -> bool:
        observed = found["status"].get("observedGeneration") == found["metadata"]["generation"]
        return observed and not found["status"].get("updatedNumberScheduled")

    await cluster.until(f"{apps}/daemonsets", "agent", outdated)
    assert {pod["metadata"]["uid"] for pod in first} == {pod["metadata"]["uid"] for pod in await pods_of(cluster, apps)}
    for pod in first:
        await cluster.delete(f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}")
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    assert {pod["metadata"]["annotations"]["example.com/version"] for pod in await pods_of(cluster, apps)} == {"2"}


async def test_a_surge_starts_the_new_pod_before_the_old_one_goes(cluster: Client, apps: str, image: str) -> None:
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    await cluster.made(f"{apps}/daemonsets", daemon_set("agent", image, updateStrategy=rolling))
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    first = {pod["metadata"]["uid"] for pod in await pods_of(cluster, apps)}
    broken = {"spec": {"template": {"spec": {"containers": [{"name": "main", "image": "registry.invalid/a:1"}]}}}}
    await asyncio.sleep(1.1)  # the status counts the oldest pod of a node, and ages are whole seconds
    await cluster.patch(f"{apps}/daemonsets/agent", broken, STRATEGIC)

    def stuck(found: Object) -> bool:
        status = found["status"]
        return status.get("observedGeneration") == found["metadata"]["generation"] and bool(status["numberReady"])

    await cluster.until(f"{apps}/daemonsets", "agent", stuck)
    async for event in cluster.watch(f"/api/v1/namespaces/{apps.split('/')[5]}/pods", 30):
        if event["object"]["spec"]["containers"][0]["image"] == "registry.invalid/a:1":
            break
    assert first <= {pod["metadata"]["uid"] for pod in await pods_of(cluster, apps)}
    await cluster.patch(f"{apps}/daemonsets/agent", {"spec": daemon_set("agent", image)["spec"]})
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)


async def test_a_daemon_set_that_fits_no_node_has_no_pods(cluster: Client, apps: str, image: str) -> None:
    await cluster.made(f"{apps}/daemonsets", daemon_set("agent", image))
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    nowhere = {"spec": {"template": {"spec": {"nodeSelector": {"example.com/no": "node"}}}}}
    await cluster.patch(f"{apps}/daemonsets/agent", nowhere, STRATEGIC)

    def nothing(found: Object) -> bool:
        fields = ("desiredNumberScheduled", "currentNumberScheduled", "numberMisscheduled", "numberReady")
        return found["status"].get("observedGeneration") == 2 and not any(found["status"][field] for field in fields)

    await cluster.until(f"{apps}/daemonsets", "agent", nothing, seconds=60)
    assert await pods_of(cluster, apps) == []


@pytest.mark.parametrize(
    ("rolling", "message"),
    [
        (
            {"maxUnavailable": 0},
            "spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0",
        ),
        (
            {"maxUnavailable": 1, "maxSurge": "10%"},
            'rollingUpdate.maxSurge: Invalid value: "10%": may not be set when maxUnavailable is non-zero',
        ),
        (
            {"maxUnavailable": "101%"},
            'rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
        ),
    ],
    ids=["neither", "both", "too much"],
)
async def test_an_update_of_daemons_needs_one_possible_amount(
    cluster: Client, apps: str, rolling: Object, message: str
) -> None:
    body = daemon_set("agent", "example.invalid/a", updateStrategy={"rollingUpdate": rolling})
    answer = await cluster.post(f"{apps}/daemonsets", body, dryRun="All")
    assert (answer.code, message in answer.message) == (422, True), answer.message


@pytest.mark.parametrize("kind", ["DaemonSet", "StatefulSet"])
async def test_the_revision_history_keeps_as_many_old_templates_as_its_limit(
    cluster: Client, apps: str, kind: str
) -> None:
    plural, image = f"{kind.lower()}s", "registry.invalid/a:1"
    build: Callable[..., Object] = daemon_set if kind == "DaemonSet" else stateful_set
    await cluster.made(f"{apps}/{plural}", build("one", image, revisionHistoryLimit=1))
    for version in range(2, 5):
        await cluster.patch(f"{apps}/{plural}/one", annotated(str(version)), STRATEGIC)
        await cluster.until(
            f"{apps}/{plural}", "one", lambda found, v=version: found["status"].get("observedGeneration") == v
        )
    async for _ in cluster.watch(f"{apps}/controllerrevisions", 30):
        if len(await revisions_of(cluster, apps)) == 2:
            break
    kept = {item["revision"] for item in await revisions_of(cluster, apps)}
    assert (len(kept), 4 in kept) == (2, True)


def stateful_set(name: str, image: str, **spec: Any) -> Object:
    """A StatefulSet without pods."""
    return workload("StatefulSet", name, image, 0, serviceName=name, **spec)


async def test_the_api_server_counts_the_templates_whatever_a_client_writes(
    cluster: Client, namespace: str, apps: str, image: str
) -> None:
    generation, path = "deprecated.daemonset.template.generation", f"{apps}/daemonsets/agent"
    made = await cluster.made(f"{apps}/daemonsets", daemon_set("agent", image))
    assert made["metadata"]["annotations"] == {generation: "1"}
    await cluster.patch(path, annotated("2"), STRATEGIC)
    assert (await cluster.get(path)).body["metadata"]["annotations"] == {generation: "2"}
    await cluster.patch(path, {"metadata": {"annotations": {generation: "9", "a": "b"}}})
    assert (await cluster.get(path)).body["metadata"]["annotations"] == {generation: "2", "a": "b"}
    await cluster.until(f"{apps}/daemonsets", "agent", settled, seconds=60)
    pods = (await cluster.get(f"/api/v1/namespaces/{namespace}/pods")).body["items"]
    assert {pod["metadata"]["labels"]["pod-template-generation"] for pod in pods} == {"2"}
