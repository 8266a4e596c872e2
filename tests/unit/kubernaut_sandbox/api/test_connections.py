"""Connections to the API server: those without a request at work are bounded in number and time."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from kubernaut_sandbox import Sandbox
from kubernaut_sandbox.api import connections, request_bodies
from kubernaut_sandbox.api.connections import Connections
from tests.conformance.client import connected
from tests.conformance.manifests import configmap

Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]
_MAPS = "/api/v1/namespaces/default/configmaps"


@pytest.fixture
async def sandbox(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Sandbox]:
    """A sandbox with few connections and little patience."""
    monkeypatch.setattr(connections, "MAX_CONNECTIONS", 20)
    monkeypatch.setattr(Connections.__init__, "__defaults__", (1.0,))
    monkeypatch.setattr(request_bodies, "_MAX_BODY_SECONDS", 0.5)
    async with Sandbox() as running:
        yield running


async def opened(sandbox: Sandbox, text: str = "") -> Stream:
    """A connection on which this was sent."""
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    port = int(sandbox.url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    writer.write(text.encode())
    return reader, writer


async def rest(stream: Stream) -> bytes:
    """All that the server sends until it closes the connection."""
    text = b""
    with suppress(ConnectionError):
        while chunk := await stream[0].read(65536):
            text += chunk
    return text


async def test_a_request_is_answered_while_somebody_holds_connections_open(sandbox: Sandbox) -> None:
    held = [await opened(sandbox, "GET /api/v1/pods HTTP/1.1\r\nHost: x\r\nX-") for _ in range(60)]
    async with asyncio.timeout(5), connected(sandbox.kubeconfig()) as client:
        assert (await client.get(_MAPS)).code == 200
        assert [await rest(stream) for stream in held[:30]] == [b""] * 30
    for _, writer in held:
        writer.close()


@pytest.mark.parametrize("drips", [False, True], ids=["silent", "a byte at a time"])
async def test_a_header_that_never_ends_is_cut(sandbox: Sandbox, drips: bool) -> None:
    async with asyncio.timeout(5):
        stream = await opened(sandbox, "GET / HTTP/1.1\r\nX: ")

        async def drip() -> None:
            while drips:
                stream[1].write(b"x")
                await asyncio.sleep(0.02)

        task = asyncio.create_task(drip())
        assert await rest(stream) == b""
        task.cancel()
        stream[1].close()


async def test_a_body_that_never_ends_gets_a_504(sandbox: Sandbox) -> None:
    head = f"POST {_MAPS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n"
    token = sandbox.token("kubernetes-admin")
    async with asyncio.timeout(5):
        reader, writer = await opened(sandbox, f"{head}Authorization: Bearer {token}\r\n\r\n{{")
        assert await reader.readline() == b"HTTP/1.1 504 Gateway Timeout\r\n"
        writer.close()


async def test_watches_stay_open_however_long_nothing_happens(sandbox: Sandbox) -> None:
    async with asyncio.timeout(10), connected(sandbox.kubeconfig()) as client:
        events = []

        async def watch() -> None:
            async for event in client.watch(_MAPS, 3):
                events.append(event["object"]["metadata"]["name"])  # noqa: PERF401 - events arrive while others run

        task = asyncio.create_task(watch())
        await asyncio.sleep(1.5)
        held = [await opened(sandbox) for _ in range(60)]
        await client.made(_MAPS, configmap("late"))
        await task
        assert "late" in events
        for _, writer in held:
            writer.close()
