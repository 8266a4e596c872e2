"""Faults: an API server that is killed and restarted, controllers that are stopped, responses that are late or dropped."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest

from kubernaut_sandbox import Sandbox, SandboxOptions
from tests.conformance.client import Client, connected
from tests.conformance.manifests import condition, configmap, container, job, workload

_MAPS = "/api/v1/namespaces/default/configmaps"
_PODS = "/api/v1/namespaces/default/pods"
_JOBS = "/apis/batch/v1/namespaces/default/jobs"
_DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A running sandbox."""
    async with Sandbox(options=SandboxOptions(job_sync_delay=0.02)) as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client]:
    """Its admin."""
    async with connected(sandbox.kubeconfig()) as made:
        yield made


async def test_after_an_outage_the_server_has_the_same_port_and_objects(sandbox: Sandbox, client: Client) -> None:
    made = await client.made(_MAPS, configmap("a"))
    url = sandbox.url
    async with sandbox.outage():
        with pytest.raises(aiohttp.ClientConnectionError):
            await client.get(f"{_MAPS}/a")
    assert sandbox.url == url
    assert (await client.get(f"{_MAPS}/a")).body == made
    later = await client.made(_MAPS, configmap("b"))
    assert int(later["metadata"]["resourceVersion"]) > int(made["metadata"]["resourceVersion"])


async def test_an_outage_breaks_watches_and_drops_their_history(sandbox: Sandbox, client: Client) -> None:
    since = (await client.made(_MAPS, configmap("a")))["metadata"]["resourceVersion"]
    await client.made(_MAPS, configmap("b"))
    opened, events = asyncio.Event(), []

    async def watch() -> None:
        async for event in client.watch(_MAPS, 60, resourceVersion=since):
            events.append(event["type"])
            opened.set()

    watching = asyncio.create_task(watch())
    await opened.wait()
    async with sandbox.outage(), asyncio.timeout(5):
        with pytest.raises(aiohttp.ClientError):
            await watching
    assert events == ["ADDED"]
    answers = [event["object"] async for event in client.watch(_MAPS, 5, resourceVersion=since)]
    assert [(answer["code"], answer["reason"]) for answer in answers] == [(410, "Expired")]


async def test_an_outage_resets_a_request_in_flight(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.delay(30, times=1, verb="create", resource="configmaps")
    asked = asyncio.create_task(client.post(_MAPS, configmap("a")))
    await asyncio.sleep(0.1)
    async with asyncio.timeout(5), sandbox.outage():
        with pytest.raises(aiohttp.ClientError):
            await asked
    assert (await client.get(f"{_MAPS}/a")).code == 404


async def test_a_job_whose_pod_exits_during_an_outage_completes_after_it(sandbox: Sandbox, client: Client) -> None:
    await client.made(_JOBS, job("one", container("any", "import time; time.sleep(0.5)")))
    await client.until(_JOBS, "one", lambda found: found["status"].get("ready"))
    async with sandbox.outage():
        await asyncio.sleep(1)
    done = await client.until(_JOBS, "one", lambda found: condition(found, "Complete"))
    assert done["status"]["succeeded"] == 1


async def test_a_sandbox_survives_several_outages(sandbox: Sandbox, client: Client) -> None:
    for number in range(5):
        async with sandbox.outage():
            pass
        await client.made(_MAPS, configmap(f"map-{number}"))
    await client.made(_JOBS, job("one", container("any", "pass")))
    await client.until(_JOBS, "one", lambda found: condition(found, "Complete"))


async def test_while_controllers_are_stopped_the_kubelet_keeps_running(sandbox: Sandbox, client: Client) -> None:
    running = job("running", container("any", "import time; time.sleep(0.5)"))
    await client.made(_JOBS, running)
    await client.until(_JOBS, "running", lambda found: found["status"].get("ready"))
    async with sandbox.controllers_stopped():
        await client.made(_JOBS, job("late", container("any", "pass")))
        (pod,) = (await client.get(_PODS, labelSelector="job-name=running")).body["items"]
        await client.until(_PODS, pod["metadata"]["name"], lambda found: found["status"]["phase"] == "Succeeded")
        await client.made(
            _PODS, {"metadata": {"name": "bare"}, "spec": {"containers": [{"name": "a", "image": "any"}]}}
        )
        await client.until(_PODS, "bare", lambda found: found["status"].get("phase") == "Running")
        assert (await client.get(_PODS, labelSelector="job-name=late")).body["items"] == []
        assert not condition((await client.get(f"{_JOBS}/running")).body, "Complete")
    for name in ("running", "late"):
        await client.until(_JOBS, name, lambda found: condition(found, "Complete"))


async def test_restarted_controllers_catch_up_with_what_they_missed(sandbox: Sandbox, client: Client) -> None:
    await client.made(_DEPLOYMENTS, workload("Deployment", "web", "any", 1))
    await client.until(_DEPLOYMENTS, "web", lambda found: found.get("status", {}).get("readyReplicas") == 1)
    await client.made(_JOBS, job("old", container("any", "pass")))
    owner = await client.made(_JOBS, job("owner", container("any", "pass"), suspend=True))
    reference = {"apiVersion": "batch/v1", "kind": "Job", "name": "owner", "uid": owner["metadata"]["uid"]}
    await client.made(_MAPS, configmap("owned", ownerReferences=[reference]))
    await client.until(_JOBS, "old", lambda found: condition(found, "Complete"))
    async with sandbox.controllers_stopped():
        await client.patch(f"{_DEPLOYMENTS}/web", {"spec": {"replicas": 3}})
        await client.delete(f"{_JOBS}/owner", propagationPolicy="Background")
        await client.patch(f"{_JOBS}/old", {"spec": {"ttlSecondsAfterFinished": 0}})
        await asyncio.sleep(0.3)  # time in which running controllers would act
        assert (await client.get(f"{_MAPS}/owned")).code == (await client.get(f"{_JOBS}/old")).code == 200
        assert (await client.get(f"{_DEPLOYMENTS}/web")).body["status"]["replicas"] == 1
    await client.gone(f"{_MAPS}/owned")
    await client.gone(f"{_JOBS}/old")
    await client.until(_DEPLOYMENTS, "web", lambda found: found["status"].get("readyReplicas") == 3)


async def test_controllers_stay_stopped_through_an_outage(sandbox: Sandbox, client: Client) -> None:
    async with sandbox.controllers_stopped():
        async with sandbox.outage():
            pass
        await client.made(_JOBS, job("one", container("any", "pass")))
        await asyncio.sleep(0.3)
        assert (await client.get(_PODS)).body["items"] == []
    await client.until(_JOBS, "one", lambda found: condition(found, "Complete"))


async def test_a_request_whose_response_is_dropped_is_carried_out(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.drop_responses(1, verb="create", resource="configmaps")
    assert (await client.get(f"{_MAPS}/a")).code == 404
    with pytest.raises(aiohttp.ClientError):
        await client.post(_MAPS, configmap("a"))
    assert (await client.get(f"{_MAPS}/a")).code == 200
    assert (await client.post(_MAPS, configmap("a"))).reason == "AlreadyExists"
    assert sandbox.requests["kubernetes-admin", "create", "configmaps", 201] == 1


async def test_the_response_to_a_rejected_request_is_not_dropped(sandbox: Sandbox, client: Client) -> None:
    await client.made(_MAPS, configmap("a"))
    sandbox.faults.drop_responses(1, verb="create")
    assert (await client.post(_MAPS, configmap("a"))).code == 409
    with pytest.raises(aiohttp.ClientError):
        await client.post(_MAPS, configmap("b"))
    assert (await client.post(_MAPS, configmap("c"))).code == 201


async def test_only_matching_requests_are_delayed(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.delay(0.5, times=1, verb="list", resource="configmaps")
    took = []
    for path in (_PODS, _MAPS, _MAPS):
        start = time.monotonic()
        assert (await client.get(path)).code == 200
        took.append(time.monotonic() - start)
    assert took[1] >= 0.5
    assert max(took[0], took[2]) < 0.4
