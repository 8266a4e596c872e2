"""Actions on single objects: each changes its one field, refuses what makes no sense, and its rollback restores what was there."""

import asyncio

import pytest

from tests.support.site import AUTOSCALERS, CLAIMS, CRON_JOBS

REHEARSALS = ("initContainer",)
"""What these actions do does not depend on where they are rehearsed; other tests run in both places."""


async def rolled_back(site, status):
    rollback = status["result"]["rollback"]
    undone = await site.run(rollback["action"], rollback["parameters"])
    assert undone["phase"] == "Succeeded", undone


async def test_set_autoscaler_sets_the_bounds_and_its_rollback_restores_them(site):
    await site.surround("set-autoscaler")
    before = (await site.get(AUTOSCALERS, "web"))["spec"]
    status = await site.run("set-autoscaler", {"name": "web", "minReplicas": 5, "maxReplicas": 9})
    assert status["phase"] == "Succeeded", status
    spec = (await site.get(AUTOSCALERS, "web"))["spec"]
    assert spec == {**before, "minReplicas": 5, "maxReplicas": 9}
    await rolled_back(site, status)
    assert (await site.get(AUTOSCALERS, "web"))["spec"] == before


async def test_set_autoscaler_leaves_the_other_bound(site):
    await site.surround("set-autoscaler")
    status = await site.run("set-autoscaler", {"name": "web", "maxReplicas": 7})
    assert [change["field"] for change in status["result"]["changes"]] == ["spec.maxReplicas"]
    assert (await site.get(AUTOSCALERS, "web"))["spec"]["minReplicas"] == 1


@pytest.mark.parametrize(
    ("parameters", "reason", "words"),
    [
        ({"minReplicas": 5}, "DryRunRejected", "minReplicas would be 5 and maxReplicas 4"),
        ({"minReplicas": 5, "maxReplicas": 3}, "InvalidParameters", "parameters.minReplicas: 5 exceeds maxReplicas"),
        ({"minReplicas": 0}, "InvalidParameters", "parameters.minReplicas: "),
        ({"maxReplicas": 100_000}, "InvalidParameters", "exceeds the maximum of 1000 in this cluster's settings"),
        ({}, "InvalidParameters", "there is nothing to do"),
    ],
)
async def test_set_autoscaler_refuses_bounds_that_make_no_sense(site, parameters, reason, words):
    await site.surround("set-autoscaler")
    status = await site.run("set-autoscaler", {"name": "web", **parameters})
    assert (status["phase"], status["reason"]) == ("Failed", reason)
    assert words in status["message"]


async def test_suspend_cronjob_suspends_it_and_its_rollback_resumes_it(site):
    await site.surround("suspend-cronjob")
    status = await site.run("suspend-cronjob", {"name": "report"})
    assert status["phase"] == "Succeeded", status
    assert (await site.get(CRON_JOBS, "report"))["spec"]["suspend"] is True
    assert status["message"] == "Changed CronJob/report spec.suspend: False → True."
    await rolled_back(site, status)
    assert (await site.get(CRON_JOBS, "report"))["spec"]["suspend"] is False


async def test_suspend_cronjob_of_one_that_is_suspended_changes_nothing(site):
    await site.surround("suspend-cronjob")
    await site.patch(CRON_JOBS, "report", {"spec": {"suspend": True}})
    status = await site.run("suspend-cronjob", {"name": "report"})
    assert (status["phase"], status["message"]) == ("Succeeded", "Already in the requested state: nothing was changed.")


async def test_suspend_cronjob_leaves_one_that_is_being_deleted(site):
    await site.surround("suspend-cronjob")
    found = await site.patch(CRON_JOBS, "report", {"metadata": {"finalizers": ["example.com/wait"]}})
    await site.cluster.delete(CRON_JOBS, site.namespace, "report", uid=found["metadata"]["uid"])
    status = await site.run("suspend-cronjob", {"name": "report"})
    await site.patch(CRON_JOBS, "report", {"metadata": {"finalizers": None}})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert "CronJob report is being deleted" in status["message"]


def claim(**spec):
    size = {"requests": {"storage": spec.pop("size", "1Gi")}}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": size, **spec},
    }


async def bound_by_hand(site, storage_class):
    """Create the claim `data` of this class, and a volume for it."""
    volume = {
        "storageClassName": storage_class,
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": "/tmp/none"},
        "claimRef": {"namespace": site.namespace, "name": "data"},
    }
    metadata = {"name": storage_class}
    await site.apply({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": metadata, "spec": volume})
    await site.populate(claim(storageClassName=storage_class))


@pytest.fixture
async def storage(site):
    """Create the claim `data` of 1Gi, bound, of a class that allows expansion; return how its status gets another size.

    On a real cluster the volume is made by hand, and the test takes the part of the storage provider's resizer.
    """
    if site.sandbox is not None:
        await site.surround("expand-volume")
        return None
    name = site.namespace
    grows = {"provisioner": "example.com/none", "allowVolumeExpansion": True}
    await site.apply({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **grows})
    await bound_by_hand(site, name)

    async def resize(size, conditions=()):
        while (await site.get(CLAIMS, "data"))["spec"]["resources"]["requests"]["storage"] == "1Gi":
            await asyncio.sleep(0.1)
        status = {"capacity": {"storage": size}, "conditions": list(conditions)}
        await site.cluster.patch(CLAIMS, site.namespace, "data", {"status": status}, subresource="status")

    return resize


async def test_expand_volume_requests_the_size_and_waits_for_it(site, storage):
    key = await site.create("expand-volume", {"name": "data", "size": "2Gi"})
    if storage:
        await storage("2Gi")
    status = (await site.end(key))["status"]
    assert status["phase"] == "Succeeded", status
    found = await site.get(CLAIMS, "data")
    assert found["spec"]["resources"]["requests"]["storage"] == found["status"]["capacity"]["storage"] == "2Gi"
    assert "rollback" not in status["result"]


async def test_expand_volume_says_that_a_restart_of_the_pods_is_left_to_do(site, storage):
    if storage is None:
        pytest.skip("the sandbox's own provisioner resizes without a restart")
    key = await site.create("expand-volume", {"name": "data", "size": "2Gi"})
    pending = {"type": "FileSystemResizePending", "status": "True", "reason": "x", "message": "restart"}
    await storage("1Gi", [pending])
    status = (await site.end(key))["status"]
    assert status["phase"] == "Succeeded", status
    assert "its file system grows when the pods that use it are restarted: restart them" in status["message"]


@pytest.mark.parametrize(
    ("size", "reason", "words"),
    [
        ("512Mi", "DryRunRejected", "it has 1Gi already, and no volume can be made smaller"),
        ("many", "InvalidParameters", "parameters.size: "),
        ("-1Gi", "InvalidParameters", "parameters.size: it must be more than zero"),
    ],
)
async def test_expand_volume_refuses_a_size_that_is_none_or_smaller(site, storage, size, reason, words):
    status = await site.run("expand-volume", {"name": "data", "size": size})
    assert (status["phase"], status["reason"]) == ("Failed", reason)
    assert words in status["message"]


async def test_expand_volume_of_the_present_size_changes_nothing(site, storage):
    status = await site.run("expand-volume", {"name": "data", "size": "1024Mi"})
    assert (status["phase"], status["message"]) == ("Succeeded", "Already in the requested state: nothing was changed.")


async def test_expand_volume_of_a_class_that_does_not_allow_it_is_refused_by_the_api_server(site):
    name = f"fixed-{site.namespace}"
    fixed = {"provisioner": "example.com/none", "allowVolumeExpansion": False}
    await site.apply({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": name}, **fixed})
    await bound_by_hand(site, name)
    status = await site.run("expand-volume", {"name": "data", "size": "2Gi"})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert "only dynamically provisioned pvc can be resized" in status["message"]


async def test_expand_volume_of_a_claim_that_is_not_bound_is_refused(site):
    await site.populate(claim(storageClassName="there-is-none"), seconds=0.1)
    status = await site.run("expand-volume", {"name": "data", "size": "2Gi"})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert "it is Pending, and only a bound claim can grow" in status["message"]
