"""Pods are removed at each stage: an action is retried if it is retry-safe or has not started, and otherwise never."""

import asyncio

import pytest

from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS, Resource
from kubernaut.kube.requests import request
from tests.support.site import CONFIG_MAPS

_STARTED_SECONDS = 2.0
"""A container runs before its Python does, and until then nothing in it handles SIGTERM."""
REACHED = "action.progress('reached'); time.sleep(300)"
CHANGE = "action.changed('ConfigMap', 'app-config', 'data.A', '1', '2')"


async def pods_of(site, key):
    return (
        await site.cluster.list(PODS, site.namespace, selector=f"kubernaut.io/kubernetes-execution={key.name}")
    ).items


async def running(site, key, step, seconds=60):
    """Return the execution's pod once this step and its Python are running."""
    async with asyncio.timeout(seconds):
        while True:
            for pod in await pods_of(site, key):
                both, status = not pod["spec"].get("initContainers"), pod["status"]
                for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
                    if (both or container["name"] == step) and "running" in container["state"]:
                        await asyncio.sleep(_STARTED_SECONDS)
                        return pod
            await asyncio.sleep(0.1)


async def delete(site, pod, grace=1):
    path = Resource(f"/api/v1/namespaces/{site.namespace}/pods", "")
    options = {"gracePeriodSeconds": grace, "preconditions": {"uid": pod["metadata"]["uid"]}}
    await request(site.cluster.connection, "DELETE", f"{path.root}/{pod['metadata']['name']}", body=options)


async def evict(site, pod):
    name = pod["metadata"]["name"]
    body = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": site.namespace}}
    body["deleteOptions"] = {"gracePeriodSeconds": 1}
    await site.cluster.create(Resource(f"/api/v1/namespaces/{site.namespace}/pods/{name}", "eviction"), None, body)


REMOVALS = [pytest.param(delete, id="deleted by hand"), pytest.param(evict, id="evicted")]


@pytest.mark.parametrize("remove", REMOVALS)
@pytest.mark.parametrize("action", ["script", "once"], ids=["repeatable", "not repeatable"])
async def test_a_pod_that_is_removed_in_the_dry_run_is_replaced(site, action, remove):
    key = await site.create(action, {"dry_run": _only_first(site, "time.sleep(300)"), "execute": CHANGE})
    pod = await running(site, key, "dry-run")
    await _let_the_next_pod_succeed(site)
    await remove(site, pod)
    status = (await site.end(key, seconds=120))["status"]
    assert status["phase"] == "Succeeded", status
    uids = {pod["metadata"]["uid"] for pod in await pods_of(site, key)}
    assert len(uids | {pod["metadata"]["uid"]}) == 2, (status, await pods_of(site, key))


@pytest.mark.parametrize("remove", REMOVALS)
async def test_a_pod_that_is_removed_while_it_executes_is_replaced_if_the_action_is_retry_safe(site, remove):
    key = await site.create("script", {"execute": _only_first(site, f"{CHANGE}\n    {REACHED}")})
    pod = await running(site, key, "execute")
    await _let_the_next_pod_succeed(site)
    await remove(site, pod)
    status = (await site.end(key, seconds=120))["status"]
    assert status["phase"] == "Succeeded", status


@pytest.mark.parametrize("remove", REMOVALS)
async def test_a_pod_that_is_removed_while_it_executes_is_not_replaced_if_the_action_is_not_retry_safe(site, remove):
    key = await site.create("once", {"execute": f"{CHANGE}\n{REACHED}"})
    pod = await running(site, key, "execute")
    await remove(site, pod)
    status = (await site.end(key, seconds=120))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed"), status
    assert "is not retried" in status["message"]
    assert "Before that it changed ConfigMap/app-config data.A: '1' → '2'" in status["message"]
    assert status["attempts"] == 1
    await asyncio.sleep(2)
    assert {p["metadata"]["uid"] for p in await pods_of(site, key)} <= {pod["metadata"]["uid"]}, "it ran again"


async def test_a_pod_that_is_removed_by_force_while_it_executes_is_not_replaced_if_the_action_is_not_retry_safe(site):
    key = await site.create("once", {"execute": f"{CHANGE}\n{REACHED}"})
    pod = await running(site, key, "execute")
    await delete(site, pod, grace=0)
    status = (await site.end(key, seconds=120))["status"]
    assert status["phase"] == "Failed", status
    await asyncio.sleep(2)
    assert {p["metadata"]["uid"] for p in await pods_of(site, key)} <= {pod["metadata"]["uid"]}, "it ran again"


async def test_an_execution_whose_job_is_deleted_is_lost_and_reports_what_it_had_changed(site):
    key = await site.create("script", {"execute": f"{CHANGE}\n{REACHED}"})
    await running(site, key, "execute")
    job = (await site.get(EXECUTIONS, key.name))["status"]["jobName"]
    uid = (await site.get(JOBS, job))["metadata"]["uid"]
    await site.cluster.delete(JOBS, site.namespace, job, uid=uid, propagation="Background")
    status = (await site.end(key, seconds=120))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Lost"), status
    assert "it had changed ConfigMap/app-config data.A: '1' → '2'" in status["message"]


def _only_first(site, what):
    """Return code that runs `what` in the first pod alone: a key of the ConfigMap marks that there was a first one."""
    return (
        "second = action.api.peek('v1/configmaps', 'app-config').get('data', {}).get('SECOND')\n"
        f"if not second:\n    {what}"
    )


async def _let_the_next_pod_succeed(site):
    await site.patch(CONFIG_MAPS, "app-config", {"data": {"SECOND": "yes"}})
