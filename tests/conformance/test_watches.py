"""Watches: resumption, selectors, bookmarks, timeouts and expired versions."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kubernaut_sandbox import Sandbox
from tests.conformance.client import Client
from tests.conformance.manifests import configmap


@pytest.fixture
def maps(namespace: str) -> str:
    """Where the namespace's ConfigMaps are."""
    return f"/api/v1/namespaces/{namespace}/configmaps"


def described(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return the type of each event and the name of its object."""
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


async def test_a_watch_resumes_after_the_requested_resource_version(cluster: Client, maps: str) -> None:
    first = await cluster.made(maps, configmap("a"))
    await cluster.made(maps, configmap("b"))
    await cluster.patch(f"{maps}/b", {"data": {"k": "v"}})
    await cluster.delete(f"{maps}/b")
    events = await cluster.events(maps, 3, resourceVersion=first["metadata"]["resourceVersion"])
    assert described(events) == [("ADDED", "b"), ("MODIFIED", "b"), ("DELETED", "b")]


async def test_a_watch_without_a_resource_version_starts_with_the_existing_objects(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a", labels={"mine": "yes"}))
    events = await cluster.events(maps, 1, labelSelector="mine")
    assert described(events) == [("ADDED", "a")]


async def test_an_object_that_stops_matching_the_selector_is_deleted_for_the_watch(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a", labels={"mine": "yes"}))
    await cluster.patch(f"{maps}/a", {"metadata": {"labels": {"mine": "no"}}})
    await cluster.patch(f"{maps}/a", {"metadata": {"labels": {"mine": "yes"}}})
    since = made["metadata"]["resourceVersion"]
    events = await cluster.events(maps, 2, labelSelector="mine=yes", resourceVersion=since)
    assert described(events) == [("DELETED", "a"), ("ADDED", "a")]


async def test_a_watch_sends_a_bookmark_before_it_times_out(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a"))
    since = made["metadata"]["resourceVersion"]
    events = [event async for event in cluster.watch(maps, 3, resourceVersion=since, allowWatchBookmarks="true")]
    assert {event["type"] for event in events} == {"BOOKMARK"}  # usually one
    assert events[0]["object"]["kind"] == "ConfigMap"
    assert int(events[0]["object"]["metadata"]["resourceVersion"]) >= int(since)


async def test_a_bookmark_marks_the_end_of_the_initial_events(cluster: Client, maps: str) -> None:
    await cluster.made(maps, configmap("a"))
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    *initial, bookmark = await cluster.events(maps, 3, **query)
    assert described(initial) == [("ADDED", "a"), ("ADDED", "kube-root-ca.crt")]
    assert bookmark["type"] == "BOOKMARK"
    assert bookmark["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


async def test_a_watch_from_a_compacted_resource_version_is_expired(
    cluster: Client, maps: str, sandbox: Sandbox | None
) -> None:
    if sandbox:
        await cluster.made(maps, configmap("a"))
        sandbox.faults.compact()
    events = [event async for event in cluster.watch(maps, 3, resourceVersion="1")]
    assert [event["type"] for event in events] == ["ERROR"]
    status = events[0]["object"]
    assert (status["code"], status["reason"]) == (410, "Expired")
    assert status["message"].startswith("too old resource version: 1 (")


async def test_a_list_from_a_future_resource_version_times_out(cluster: Client, maps: str) -> None:
    answer = await cluster.get(maps, resourceVersion="99999999999", resourceVersionMatch="NotOlderThan")
    assert (answer.code, answer.reason) == (504, "Timeout")
    assert answer.message.startswith("Timeout: Too large resource version: 99999999999")


async def test_a_watch_ends_after_its_timeout(cluster: Client, maps: str) -> None:
    made = await cluster.made(maps, configmap("a"))
    async with asyncio.timeout(10):
        assert [
            event async for event in cluster.watch(maps, 1, resourceVersion=made["metadata"]["resourceVersion"])
        ] == []
