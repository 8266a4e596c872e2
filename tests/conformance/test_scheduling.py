"""The scheduler: a pod that no node has room for waits, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_cel.quantities import parse_quantity
from tests.conformance.client import Client
from tests.conformance.manifests import container, pod

Object = dict[str, Any]
_IMAGE = "registry.invalid/a:1"


@pytest.fixture
def pods(namespace: str) -> str:
    """Where the namespace's pods are."""
    return f"/api/v1/namespaces/{namespace}/pods"


def scheduled(found: Object) -> Object:
    """The pod's condition PodScheduled."""
    conditions = found["status"].get("conditions") or ()
    return next((item for item in conditions if item["type"] == "PodScheduled"), {})


def requesting(name: str, **requests: str) -> Object:
    """A pod with these requests."""
    return pod(name, container(_IMAGE, "pass", resources={"requests": requests}))


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ({"requests": {"cpu": "100000"}}, "Insufficient cpu"),
        ({"requests": {"memory": "90Pi"}}, "Insufficient memory"),
        ({"requests": {"memory": "90Pi", "cpu": "100000"}}, "Insufficient cpu, {n} Insufficient memory"),
        ({"limits": {"example.com/dongle": "1"}}, "Insufficient example.com/dongle"),
    ],
    ids=["cpu", "memory", "both", "an extended resource"],
)
async def test_a_pod_that_no_node_has_room_for_is_unschedulable(
    cluster: Client, pods: str, image: str, resources: Object, reason: str
) -> None:
    await cluster.made(pods, pod("one", container(_IMAGE, "pass", resources=resources)))
    found = await cluster.until(pods, "one", lambda found: scheduled(found).get("reason") == "Unschedulable")
    nodes = len((await cluster.get("/api/v1/nodes")).body["items"])
    none = f"0/{nodes} nodes are available:"
    preemption = f"preemption: {none} {nodes} Preemption is not helpful for scheduling."
    expected = f"{none} {nodes} {reason.format(n=nodes)}. no new claims to deallocate, {preemption}"
    assert (scheduled(found)["status"], scheduled(found)["message"]) == ("False", expected)
    assert (found["status"]["phase"], found["spec"].get("nodeName")) == ("Pending", None)
    events = pods.replace("/pods", "/events")
    async for event in cluster.watch(events, 30, fieldSelector="reason=FailedScheduling,involvedObject.name=one"):
        assert (event["object"]["type"], event["object"].get("message")) == ("Warning", expected)
        break


async def test_a_pod_is_scheduled_when_another_makes_room(cluster: Client, pods: str, image: str) -> None:
    nodes = (await cluster.get("/api/v1/nodes")).body["items"]
    if len(nodes) > 1:
        pytest.skip("with several nodes there may be room elsewhere")
    half = int(parse_quantity(nodes[0]["status"]["allocatable"]["memory"]) * 55 // 100)
    await cluster.made(pods, requesting("one", memory=str(half)))
    await cluster.until(pods, "one", lambda found: found["spec"].get("nodeName"))
    await cluster.made(pods, requesting("two", memory=str(half)))
    waiting = await cluster.until(pods, "two", lambda found: scheduled(found).get("reason") == "Unschedulable")
    assert "1 Insufficient memory." in scheduled(waiting)["message"]
    assert scheduled(waiting)["message"].endswith("1 No preemption victims found for incoming pod.")
    await cluster.delete(f"{pods}/one", {"gracePeriodSeconds": 0})
    found = await cluster.until(pods, "two", lambda found: found["spec"].get("nodeName"))
    assert scheduled(found)["status"] == "True"


async def test_ended_pods_make_room(cluster: Client, pods: str, image: str) -> None:
    nodes = (await cluster.get("/api/v1/nodes")).body["items"]
    if len(nodes) > 1:
        pytest.skip("with several nodes there may be room elsewhere")
    half = int(parse_quantity(nodes[0]["status"]["allocatable"]["memory"]) * 55 // 100)
    resources = {"requests": {"memory": str(half)}}
    await cluster.made(pods, pod("one", container(image, "import time; time.sleep(2)", resources=resources)))
    await cluster.until(pods, "one", lambda found: found["spec"].get("nodeName"))
    await cluster.made(pods, requesting("two", memory=str(half)))
    await cluster.until(pods, "two", lambda found: scheduled(found).get("reason") == "Unschedulable")
    await cluster.until(pods, "two", lambda found: found["spec"].get("nodeName"))
    assert (await cluster.get(f"{pods}/one")).body["status"]["phase"] == "Succeeded"


async def test_the_largest_init_container_counts_and_not_their_sum(cluster: Client, pods: str, image: str) -> None:
    nodes = (await cluster.get("/api/v1/nodes")).body["items"]
    half = int(parse_quantity(nodes[0]["status"]["allocatable"]["memory"]) * 55 // 100)
    inits = [container(_IMAGE, "pass", f"i{n}", resources={"requests": {"memory": str(half)}}) for n in range(2)]
    await cluster.made(pods, pod("one", container(_IMAGE, "pass"), initContainers=inits))
    await cluster.until(pods, "one", lambda found: found["spec"].get("nodeName"))


async def test_a_pod_of_another_scheduler_waits_for_it(cluster: Client, pods: str, image: str) -> None:
    await cluster.made(pods, pod("other", container(_IMAGE, "pass"), schedulerName="example"))
    await cluster.made(pods, pod("one", container(_IMAGE, "pass")))
    await cluster.until(pods, "one", lambda found: found["spec"].get("nodeName"))
    found = (await cluster.get(f"{pods}/other")).body
    assert (found["spec"].get("nodeName"), scheduled(found)) == (None, {})


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ({"requests": {"cpus": "1"}}, 'requests[cpus]: Invalid value: "cpus": must be a standard resource type'),
        ({"requests": {"cpu": "-1"}}, "requests[cpu]: Invalid value:"),
        (
            {"requests": {"example.com/dongle": "1"}},
            "resources.limits: Required value: Limit must be set for non overcommitable resources",
        ),
        ({"limits": {"example.com/dongle": "500m"}}, "must be an integer"),
        (
            {"limits": {"example.com/dongle": "2"}, "requests": {"example.com/dongle": "1"}},
            "must be equal to example.com/dongle limit of 2",
        ),
    ],
    ids=["an unknown name", "a negative amount", "no limit", "a part of a device", "less than the limit"],
)
async def test_resources_that_cannot_be_scheduled_are_invalid(
    cluster: Client, pods: str, resources: Object, message: str
) -> None:
    answer = await cluster.post(pods, pod("one", container(_IMAGE, "pass", resources=resources)), dryRun="All")
    assert (answer.code, message in answer.message) == (422, True), answer.message
