"""Actions on pods: one is evicted and replaced, those that ended are deleted; everything else stays."""

import asyncio

import pytest

from kubernaut.errors import NotFoundError
from kubernaut.kube.objects import PODS
from tests.support.site import BUDGETS, STATEFUL_SETS

REHEARSALS = ("initContainer",)
"""What these actions do does not depend on where they are rehearsed; other tests run in both places."""


def pod(name, labels, command=("sleep", "infinity"), **spec):
    container = {"name": "main", "image": "any:1.0", "command": list(command)}
    spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, **spec}
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {**spec, "containers": [container]}}


def budget(name, labels, **spec):
    spec = {"selector": {"matchLabels": labels}, **spec}
    return {"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec}


async def names(site, selector):
    return {
        one["metadata"]["name"] for one in (await site.cluster.list_all(PODS, site.namespace, selector=selector)).items
    }


async def test_delete_pod_evicts_it_and_waits_for_another_one(site):
    (first, second) = sorted(await names(site, "app=web"))
    uid = (await site.get(PODS, first))["metadata"]["uid"]
    status = await site.run("delete-pod", {"name": first})
    assert status["phase"] == "Succeeded", status
    assert status["message"] == f"Changed Pod/{first} metadata.uid: '{uid}' → absent."
    left = await names(site, "app=web")
    assert (second in left, first in left, len(left)) == (True, False, 2)


async def test_delete_pod_of_a_stateful_set_waits_for_the_pod_of_the_same_name(site):
    uid = (await site.get(PODS, "db-0"))["metadata"]["uid"]
    status = await site.run("delete-pod", {"name": "db-0"})
    assert status["phase"] == "Succeeded", status
    new = await site.get(PODS, "db-0")
    assert new["metadata"]["uid"] != uid
    assert (await site.get(STATEFUL_SETS, "db"))["status"]["readyReplicas"] == 1


async def test_delete_pod_leaves_one_that_no_controller_replaces(site):
    await site.populate(pod("alone", {"app": "alone"}, restartPolicy="Always"))
    status = await site.run("delete-pod", {"name": "alone"})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert "no controller would replace it" in status["message"]
    assert await names(site, "app=alone") == {"alone"}


async def test_delete_pod_leaves_one_that_is_ready_if_asked_to(site):
    status = await site.run("delete-pod", {"name": "db-0", "onlyIfNotReady": True})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert "pod db-0 is not deleted: it is ready, and onlyIfNotReady is set" in status["message"]


async def test_delete_pod_respects_a_disruption_budget(site):
    await site.populate(budget("db", {"app": "db"}, minAvailable=1))
    async with asyncio.timeout(30):
        while (await site.get(BUDGETS, "db")).get("status", {}).get("currentHealthy") != 1:
            await asyncio.sleep(0.1)
    uid = (await site.get(PODS, "db-0"))["metadata"]["uid"]
    status = await site.run("delete-pod", {"name": "db-0"})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert "a PodDisruptionBudget does not allow it now" in status["message"]
    assert "needs 1 healthy pods and has 1 currently" in status["message"]
    assert (await site.get(PODS, "db-0"))["metadata"]["uid"] == uid


async def test_delete_pod_of_a_job_is_refused(site):
    own = await site.create("scale", {"name": "web", "replicas": 3})
    await site.end(own)
    (name,) = await names(site, "kubernaut.io/kubernetes-execution")
    status = await site.run("delete-pod", {"name": name})
    assert "it is a pod of a Job" in status["message"]


async def ended(site, *pods):
    """Create the pods, and wait until they have ended."""
    await site.populate(*pods)
    for one in pods:
        assert (await site.get(PODS, one["metadata"]["name"]))["status"]["phase"] in {"Failed", "Succeeded"}


async def test_clean_pods_deletes_the_oldest_that_ended_and_no_more_than_the_limit(site):
    for number in range(3):
        await ended(site, pod(f"failed-{number}", {"app": "batch"}, ["false"]))
        await asyncio.sleep(1.1)  # a pod's end is known in whole seconds
    await ended(site, pod("done", {"app": "batch"}, ["true"]), pod("other", {"app": "other"}, ["false"]))
    status = await site.run("clean-pods", {"labels": {"app": "batch"}, "limit": 2})
    assert status["phase"] == "Succeeded", status
    assert [change["name"] for change in status["result"]["changes"]] == ["failed-0", "failed-1"]
    assert status["result"]["outputs"] == {"left": 1}
    async with asyncio.timeout(30):
        while await names(site, "app=batch") != {"failed-2", "done"}:
            await asyncio.sleep(0.1)
    assert await names(site, "app=other") == {"other"}


async def test_clean_pods_leaves_those_that_run_or_ended_a_moment_ago(site):
    await ended(site, pod("failed", {"app": "batch"}, ["false"]))
    status = await site.run("clean-pods", {"labels": {"app": "batch"}, "olderThanSeconds": 3600})
    assert (status["phase"], "there was nothing to delete" in status["message"]) == ("Succeeded", True)
    running = await names(site, "app=web")
    assert (await site.run("clean-pods", {"labels": {"app": "web"}}))["phase"] == "Succeeded"
    assert await names(site, "app=web") == running
    assert await names(site, "app=batch") == {"failed"}


async def test_clean_pods_leaves_the_pods_of_executions(site):
    key = await site.create("scale", {"name": "web", "replicas": 2})
    await site.end(key)
    own = await names(site, "kubernaut.io/execution-uid")
    label = {"kubernaut.io/kubernetes-execution": key.name}
    status = await site.run("clean-pods", {"labels": label, "phases": ["Succeeded", "Failed"]})
    assert "there was nothing to delete" in status["message"]
    assert own <= await names(site, "kubernaut.io/execution-uid")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"labels": {}}, "parameters.labels: "),
        ({}, "parameters.labels: is required"),
        ({"labels": {"app": "a,b"}}, "parameters.labels.app: "),
        ({"labels": {"app in (a)": "b"}}, "parameters.labels.app in (a)"),
        ({"labels": {"app": "a"}, "phases": ["Running"]}, "parameters.phases.0: "),
        ({"labels": {"app": "a"}, "phases": []}, "parameters.phases: "),
        ({"labels": {"app": "a"}, "limit": 0}, "parameters.limit: "),
        ({"labels": {"app": "a"}, "limit": 1000}, "parameters.limit: "),
        ({"labels": {"app": "a"}, "olderThanSeconds": -1}, "parameters.olderThanSeconds: "),
    ],
)
async def test_clean_pods_refuses_a_selection_of_every_pod_and_other_bad_input(site, parameters, words):
    status = await site.run("clean-pods", parameters)
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidParameters")
    assert words in status["message"]


async def test_a_pod_that_is_gone_is_named(site):
    status = await site.run("delete-pod", {"name": "nope"})
    assert (status["reason"], "nope" in status["message"]) == ("DryRunRejected", True)
    with pytest.raises(NotFoundError):
        await site.get(PODS, "nope")
