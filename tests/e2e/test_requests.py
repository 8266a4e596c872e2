"""The number of requests that one execution sends to the API server."""

import asyncio

import pytest

from kubernaut.embedded.running_engine import ENGINE_USER
from kubernaut.kube.objects import EXECUTIONS, Key


@pytest.mark.parametrize("job_ttl_seconds", [300, 0], ids=["at its end", "with its Job's deletion"])
async def test_a_successful_execution_costs_four_requests_and_a_delete_later(with_settings, request, job_ttl_seconds):
    if request.config.option.cluster != "sandbox":
        pytest.skip("requests are counted inside the sandbox")
    async with with_settings(job_ttl_seconds=job_ttl_seconds) as site:
        await site.run("patch-configmap", {"name": "app-config", "set": {"A": "0"}})
        await asyncio.sleep(3)
        before = dict(site.sandbox.requests)
        for number in range(1, 6):
            await site.run("patch-configmap", {"name": "app-config", "set": {"A": str(number)}})
        await asyncio.sleep(3)  # a Job follows its pod by a second
        spent = {
            (verb, resource): count - before.get((user, verb, resource, code), 0)
            for (user, verb, resource, code), count in site.sandbox.requests.items()
            if user == ENGINE_USER and verb != "watch"
        }
    assert {call: count for call, count in spent.items() if count} == {
        ("create", "jobs"): 5,
        ("patch", "kubernetesexecutions/status"): 10,
        ("create", "events"): 5,
        **({} if job_ttl_seconds else {("delete", "jobs"): 5}),
    }


async def test_a_predecessor_costs_one_request_more_and_an_approved_plan_two(with_settings, request):
    """The wait is recorded; of the dry run its state is read, and its one use is recorded."""
    if request.config.option.cluster != "sandbox":
        pytest.skip("requests are counted inside the sandbox")

    def counted(site):
        return {
            (verb, resource): count
            for (user, verb, resource, code), count in site.sandbox.requests.items()
            if user == ENGINE_USER and verb != "watch"
        }

    async def spent(site, before):
        await asyncio.sleep(2)
        return {call: n for call, count in counted(site).items() if (n := count - before.get(call, 0))}

    async with with_settings(job_ttl_seconds=300) as site:
        await site.run("patch-configmap", {"name": "app-config", "set": {"A": "-1"}})  # its permissions are known then
        await site.create("patch-configmap", {"name": "app-config", "set": {"A": "0"}}, name="first", suspend=True)
        await site.until(Key(site.namespace, "first"), reason="Suspended")
        await asyncio.sleep(2)
        before = counted(site)
        second = await site.create(
            "patch-configmap", {"name": "app-config", "set": {"A": "1"}}, name="second", after=[{"execution": "first"}]
        )
        await site.until(second, reason="WaitingForPredecessor")
        await site.patch(EXECUTIONS, "first", {"spec": {"suspend": False}})
        assert (await site.end(second))["status"]["phase"] == "Succeeded"
        assert await spent(site, before) == {
            ("create", "jobs"): 2,
            ("patch", "kubernetesexecutions/status"): 2 * 2 + 1,
            ("create", "events"): 2,
        }
        wanted = {"name": "app-config", "set": {"A": "2"}}
        status = (await site.end(await site.create("patch-configmap", wanted, name="plan", dryRun=True)))["status"]
        await asyncio.sleep(2)
        before = counted(site)
        plan = {"execution": "plan", "digest": status["planDigest"]}
        assert (await site.run("patch-configmap", wanted, approvedPlan=plan))["phase"] == "Succeeded"
        assert await spent(site, before) == {
            ("create", "jobs"): 1,
            ("list", "kubernetesexecutions"): 1,
            ("patch", "kubernetesexecutions/status"): 2 + 1,
            ("create", "events"): 1,
        }
