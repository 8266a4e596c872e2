"""The number of requests that one execution sends to the API server."""

import asyncio

import pytest

from kubernaut.embedded.running_engine import ENGINE_USER


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
