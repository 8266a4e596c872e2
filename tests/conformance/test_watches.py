"""Watches: resumed, selected, bookmarked, and refused when they come too late."""

from __future__ import annotations

import asyncio

import pytest

from kubernaut_sandbox import Sandbox
from tests.conformance.client import Client
from tests.conformance.manifests import configmap


@pytest.fixture
def maps(namespace: str) -> str:
    """Where the namespace's ConfigMaps are."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


async def test_a_watch_resumes_after_the_version_it_is_given(cluster: Client, maps: str) -> None:
    first = await cluster.made(maps, configmap("a"))
    await cluster.made(maps, configmap("b"))
    await cluster.patch(f"{maps}/b", {"data": {"k": "v"}})
    await cluster.delete(f"{maps}/b")
    seen = []
    async for event in cluster.watch(maps, resourceVersion=first["metadata"]["resourceVersion"]):
        seen.append((event["type"], event["object"]["metadata"]["name"]))
        if len(seen) == 3:
            break
    assert seen == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "b")]


async def test_a_watch_without_a_version_begins_with_what_is_there(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a", labels={"mine": "yes"}))
    async for event in cluster.watch(maps, labelSelector="mine"):
        assert (event["type"], event["object"]["metadata"]["name"]) == ("ADDED", "a")
        break


async def test_what_ceases_to_be_selected_is_deleted_for_the_watcher(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a", labels={"mine": "yes"}))
    await cluster.patch(f"{maps}/a", {"metadata": {"labels": {"mine": "no"}}})
    await cluster.patch(f"{maps}/a", {"metadata": {"labels": {"mine": "yes"}}})
    seen = []
    async for event in cluster.watch(
        maps, labelSelector="mine=yes", resourceVersion=made["metadata"]["resourceVersion"]
    ):
        seen.append(event["type"])
        if len(seen) == 2:
            break
    assert seen == ["DELETED", "ADDED"]


async def test_a_watch_sends_a_bookmark_before_its_time_is_over(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a"))
    since = made["metadata"]["resourceVersion"]
    events = [event async for event in cluster.watch(maps, 3, resourceVersion=since, allowWatchBookmarks="true")]
    assert [event["type"] for event in events] == ["BOOKMARK"]
    assert events[0]["object"]["kind"] == "ConfigMap"
    assert int(events[0]["object"]["metadata"]["resourceVersion"]) >= int(since)


async def test_a_watch_can_begin_with_a_marked_list(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a"))
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    names = []
    async for event in cluster.watch(maps, **query):
        if event["type"] == "BOOKMARK":
            assert event["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
            break
        names.append(event["object"]["metadata"]["name"])
    assert names == ["a", "kube-root-ca.crt"]


async def test_a_version_that_is_forgotten_is_expired(cluster: Client, maps: str, sandbox: Sandbox | None) -> None:
    if sandbox:
        await cluster.made(maps, configmap("a"))
        sandbox.faults.compact()
    events = [event async for event in cluster.watch(maps, 3, resourceVersion="1")]
    assert [event["type"] for event in events] == ["ERROR"]
    status = events[0]["object"]
    assert (status["code"], status["reason"]) == (410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


async def test_a_version_of_the_future_is_a_timeout(cluster: Client, maps: str) -> None:
    answer = await cluster.get(maps, resourceVersion="99999999999", resourceVersionMatch="NotOlderThan")
    assert (answer.code, answer.reason) == (504, "Timeout")
    assert answer.message.startswith("Timeout: Too large resource version: 99999999999")


async def test_a_watch_ends_when_its_time_is_over(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a"))
    async with asyncio.timeout(10):
        assert [
            event async for event in cluster.watch(maps, 1, resourceVersion=made["metadata"]["resourceVersion"])
        ] == []
