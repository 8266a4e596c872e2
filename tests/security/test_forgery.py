"""Pods that claim to belong to an execution: any user can write the label and the Job's name, so neither is enough."""

import asyncio
from uuid import uuid4

import pytest

from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS
from tests.support.site import DEPLOYMENTS

pytestmark = pytest.mark.without_admission
WORDS = '{"kubernaut": 1, "step": "execute", "state": "done", "verified": true, "outputs": {"forged": true}}'
TELL = f"open(__import__('kubernaut.runner.pod', fromlist=['x']).termination_log(), 'w').write('{WORDS}')"
CONTAINER = {"name": "execute", "imagePullPolicy": "IfNotPresent", "command": ["python", "-c", TELL]}
UNSCHEDULABLE = {
    "nodeSelector": {"no-such": "node"},
    "containers": [{"name": "c", "image": "none", "command": ["true"]}],
}


@pytest.fixture
async def running(site):
    """Return an execution that does not end by itself, and its Job."""
    template = {"metadata": {"labels": {"app": "never"}}, "spec": UNSCHEDULABLE}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "never"}}, "template": template}
    never = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "never"}, "spec": spec}
    await site.cluster.create(DEPLOYMENTS, site.namespace, never)
    key = await site.create("scale", {"name": "never", "replicas": 1}, deadlineSeconds=120)
    return key, await site.get(JOBS, (await site.until(key, phase="Running"))["jobName"])


@pytest.mark.parametrize("api", ["example.com/v1", "batch/v1"], ids=["another API", "another uid"])
async def test_a_pod_whose_owner_has_the_jobs_name_but_another_api_or_uid_is_ignored(site, running, api):
    key, job = running
    whose = {"kind": "Job", "controller": True, "name": job["metadata"]["name"]}
    forged = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": "forged",
            "labels": job["metadata"]["labels"],
            "ownerReferences": [{**whose, "apiVersion": api, "uid": str(uuid4())}],
            "finalizers": ["example.com/stay"],
        },
        "spec": {
            "restartPolicy": "Never",
            "containers": [CONTAINER | {"image": site.image}],
        },
    }
    made = await site.cluster.create(PODS, site.namespace, forged)
    await _ended(site, made)
    await asyncio.sleep(1)
    status = (await site.get(EXECUTIONS, key.name))["status"]
    await site.patch(PODS, "forged", {"metadata": {"finalizers": None}})
    assert (status["phase"], status.get("result")) == ("Running", None)


async def _ended(site, pod):
    """Wait until the pod has ended, or is being deleted."""
    async with asyncio.timeout(30):
        while (pod := await site.get(PODS, pod["metadata"]["name"]))["status"].get("phase") != "Succeeded":
            if "deletionTimestamp" in pod["metadata"]:
                return
            await asyncio.sleep(0.1)
