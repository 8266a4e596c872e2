"""The sandbox from Python: manifests, request counts, injected faults, and a clean exit."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kubernaut_sandbox import Sandbox
from tests.conformance.client import Client, connected
from tests.conformance.manifests import configmap

_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A running sandbox."""
    async with Sandbox() as running:
        yield running


@pytest.fixture
async def client(sandbox: Sandbox) -> AsyncIterator[Client]:
    """Its admin."""
    async with connected(sandbox.kubeconfig()) as made:
        yield made


async def test_manifests_are_created_and_then_replaced(sandbox: Sandbox, client: Client) -> None:
    await sandbox.apply([configmap("a", {"k": "1"}, namespace="default")])
    await sandbox.apply(
        [{"apiVersion": "v1", "kind": "List", "items": [configmap("a", {"k": "2"}, namespace="default")]}]
    )
    assert (await client.get(f"{_MAPS}/a")).body["data"] == {"k": "2"}


async def test_requests_are_counted_by_user_verb_resource_and_code(sandbox: Sandbox, client: Client) -> None:
    await client.get(f"{_MAPS}/nope")
    stranger = client.with_token(sandbox.token("system:serviceaccount:default:nobody"))
    await stranger.get("/apis/apps/v1/namespaces/default/deployments/x/scale")
    async for _ in client.watch(_MAPS):
        break
    assert sandbox.requests == {
        ("kubernetes-admin", "get", "configmaps", 404): 1,
        ("system:serviceaccount:default:nobody", "get", "deployments/scale", 403): 1,
        ("kubernetes-admin", "watch", "configmaps", 200): 1,
    }


async def test_an_injected_response_is_sent_as_often_as_requested(sandbox: Sandbox, client: Client) -> None:
    sandbox.faults.respond_with(429, times=1, verb="list", resource="configmaps", retry_after=7)
    assert (await client.get("/api/v1/namespaces/default/secrets")).code == 200
    refused = await client.get(_MAPS)
    assert (refused.code, refused.reason, refused.body["details"]) == (429, "TooManyRequests", {"retryAfterSeconds": 7})
    assert (await client.get(_MAPS)).code == 200


async def test_a_watch_that_is_cut_ends(sandbox: Sandbox, client: Client) -> None:
    seen = []
    async with asyncio.timeout(5):
        async for event in client.watch(_MAPS, 60):
            seen.append(event["type"])
            sandbox.faults.cut_watches()
    assert seen == ["ADDED"]


async def test_a_silenced_watch_stays_open_and_sends_nothing(sandbox: Sandbox, client: Client) -> None:
    seen = []
    async for event in client.watch(_MAPS, 1, allowWatchBookmarks="true"):
        seen.append(event["type"])
        sandbox.faults.silence_watches()
        await client.made(_MAPS, configmap("a"))
    assert seen == ["ADDED"]


def children() -> set[str]:
    """The processes this one has started and that still run."""
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


async def test_leaving_the_sandbox_stops_its_processes_and_removes_its_files() -> None:
    body = {"metadata": {"name": "idle"}, "spec": {"containers": [{"name": "main", "image": "any"}]}}
    async with Sandbox() as sandbox, connected(sandbox.kubeconfig()) as client:
        await client.made("/api/v1/namespaces/default/pods", body)
        found = await client.until(
            "/api/v1/namespaces/default/pods", "idle", lambda pod: pod["status"].get("phase") == "Running"
        )
        assert found["status"]["containerStatuses"][0]["ready"]
        started, directory = children(), sandbox.ca_file.parent
        assert started
    assert not started & children()
    assert not os.path.lexists(directory)  # noqa: ASYNC240  # a look at a name, nothing to wait for


async def test_a_port_in_use_is_an_os_error(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="address already in use"):
        await Sandbox(port=int(sandbox.url.rpartition(":")[2])).__aenter__()
