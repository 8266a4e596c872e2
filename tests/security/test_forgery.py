"""What can be forged without the admission policies, and by whom: it keeps the remainder that docs/security.md tells true."""

import pytest

from kubernaut.errors import DeniedError
from kubernaut.resources import JOBS, PODS
from tests.support.site import DEPLOYMENTS

WORDS = '{"kubernaut": 1, "step": "execute", "state": "done", "verified": true, "outputs": {"forged": true}}'
TELL = f"open(__import__('kubernaut.runner.pod', fromlist=['x']).termination_log(), 'w').write('{WORDS}')"
NEVER_READY = {
    "nodeSelector": {"no-such": "node"},
    "containers": [{"name": "c", "image": "none", "command": ["true"]}],
}


async def test_without_admission_policies_whoever_may_create_pods_can_forge_an_executions_end(site):
    """The pod names the Job as its owner, as anybody may; `kubernaut-reserved-pods` refuses its label."""
    template = {"metadata": {"labels": {"app": "never"}}, "spec": NEVER_READY}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "never"}}, "template": template}
    never = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "never"}, "spec": spec}
    await site.cluster.create(DEPLOYMENTS, site.namespace, never)
    key = await site.create("scale", {"name": "never", "replicas": 1}, deadlineSeconds=120)
    job = await site.get(JOBS, (await site.until(key, phase="Running"))["jobName"])
    whose = {"apiVersion": "batch/v1", "kind": "Job", "controller": True}
    owner = {**whose, "name": job["metadata"]["name"], "uid": job["metadata"]["uid"]}
    forged = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "forged", "labels": job["metadata"]["labels"], "ownerReferences": [owner]},
        "spec": {
            "restartPolicy": "Never",
            "containers": [{"name": "execute", "image": site.image, "command": ["python", "-c", TELL]}],
        },
    }
    try:
        await site.cluster.create(PODS, site.namespace, forged)
    except DeniedError as error:
        if "kubernaut-reserved-pods" in str(error):
            pytest.skip("the admission policies are installed here, and stop it")
        raise
    status = (await site.end(key))["status"]
    assert (status["phase"], status["result"]["outputs"]) == ("Succeeded", {"forged": True})
