"""restart-deployment: it restarts once per execution, watches the rollout to its end, and reports one that cannot finish."""

import asyncio

from kubernaut.kube.objects import EXECUTIONS
from tests.support.site import DEPLOYMENTS, QUOTAS


def stamp(deployment):
    return deployment["spec"]["template"]["metadata"]["annotations"]["kubectl.kubernetes.io/restartedAt"]


async def test_every_pod_is_new_when_the_execution_has_succeeded(site):
    before = await site.get(DEPLOYMENTS, "web")
    status = await site.run("restart-deployment", {"name": "web"})
    assert status["phase"] == "Succeeded", status
    after = await site.get(DEPLOYMENTS, "web")
    assert status["result"]["changes"][0]["after"] == stamp(after)
    assert after["status"]["updatedReplicas"] == after["status"]["availableReplicas"] == 2
    assert after["metadata"]["generation"] == before["metadata"]["generation"] + 1
    assert "rollback" not in status["result"]
    assert "Verified" in [c["type"] for c in status["conditions"]]


async def test_a_second_attempt_of_the_same_execution_does_not_restart_again(site):
    key = await site.create("restart-deployment", {"name": "web"}, suspend=True)
    uid = (await site.cluster.get(EXECUTIONS, site.namespace, key.name))["metadata"]["uid"]
    first = {"kubernaut.io/restarted-by": uid, "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    await site.patch(DEPLOYMENTS, "web", {"spec": {"template": {"metadata": {"annotations": first}}}})
    await site.patch(EXECUTIONS, key.name, {"spec": {"suspend": False}})
    status = (await site.end(key))["status"]
    assert status["phase"] == "Succeeded", status
    assert stamp(await site.get(DEPLOYMENTS, "web")) == "2026-01-01T00:00:00Z"


async def test_each_execution_restarts_the_deployment_again(site):
    await site.run("restart-deployment", {"name": "web"})
    first = stamp(await site.get(DEPLOYMENTS, "web"))
    await asyncio.sleep(1.1)  # the annotation has whole seconds
    await site.run("restart-deployment", {"name": "web"})
    assert stamp(await site.get(DEPLOYMENTS, "web")) > first


async def test_a_rollout_that_cannot_finish_fails_with_the_deployments_own_message(site):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight", "namespace": site.namespace}}
    await site.patch(
        DEPLOYMENTS,
        "web",
        {"spec": {"progressDeadlineSeconds": 3, "strategy": {"rollingUpdate": {"maxUnavailable": 0}}}},
    )
    await site.apply({**quota, "spec": {"hard": {"pods": "100"}}})
    async with asyncio.timeout(20):
        while (await site.get(QUOTAS, "tight")).get("status", {}).get("used", {}).get("pods") is None:
            await asyncio.sleep(0.1)
    used = int((await site.get(QUOTAS, "tight"))["status"]["used"]["pods"])
    await site.patch(QUOTAS, "tight", {"spec": {"hard": {"pods": str(used + 1)}}})  # room for only the Job's own pod
    status = await site.run("restart-deployment", {"name": "web"})
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
    assert "the rollout does not finish" in status["message"]
    assert "exceeded quota: tight" in status["message"]


async def test_a_paused_deployment_is_rejected_with_the_remedy(site):
    await site.patch(DEPLOYMENTS, "web", {"spec": {"paused": True}})
    status = await site.run("restart-deployment", {"name": "web"})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert "is paused, so a restart would never finish: run kubectl rollout resume on it first" in status["message"]


async def test_without_wait_the_execution_ends_once_the_restart_is_requested(site):
    status = await site.run("restart-deployment", {"name": "web", "wait": False})
    assert status["phase"] == "Succeeded"
    assert "Verified" not in [c["type"] for c in status["conditions"]]
