"""The number of requests that one execution sends to the API server."""

import asyncio

import pytest

from kubernaut.embedded.cluster import ENGINE_USER


async def test_a_successful_execution_costs_six_requests(site):
    if site.sandbox is None:
        pytest.skip("requests are counted inside the sandbox")
    await site.run("patch-configmap", {"name": "app-config", "set": {"A": "0"}})
    await asyncio.sleep(0.3)
    before = dict(site.sandbox.requests)
    for number in range(1, 6):
        await site.run("patch-configmap", {"name": "app-config", "set": {"A": str(number)}})
    await asyncio.sleep(0.3)
    spent = {
        (verb, resource): count - before.get((user, verb, resource, code), 0)
        for (user, verb, resource, code), count in site.sandbox.requests.items()
        if user == ENGINE_USER and verb != "watch"
    }
    assert {call: count for call, count in spent.items() if count} == {
        ("create", "jobs"): 5,
        ("patch", "kubernetesexecutions/status"): 10,
        ("patch", "jobs"): 5,
        ("create", "events"): 10,
    }
