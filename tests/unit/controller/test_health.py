"""Probes and metrics over HTTP, from the loop that does the work."""

import asyncio
import socket
from contextlib import suppress
from types import SimpleNamespace

import aiohttp
import pytest

from kubernaut.controller.health import serve_health
from kubernaut.errors import InputError
from kubernaut.telemetry.metrics import Metrics


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def manager():
    return SimpleNamespace(synced=asyncio.Event(), stuck=lambda: "", metrics=Metrics())


async def answers(port, path):
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as response:
        return response.status, await response.text()


async def test_readiness_follows_the_caches_and_liveness_the_workers(manager):
    port = free_port()
    async with serve_health(manager, port):
        assert await answers(port, "/readyz") == (503, "the caches are not filled yet\n")
        assert await answers(port, "/livez") == (200, "ok\n")
        manager.synced.set()
        assert await answers(port, "/readyz") == await answers(port, "/startupz") == (200, "ok\n")
        manager.stuck = lambda: "execution n/a has been reconciled for 301 s"
    async with serve_health(manager, port):
        assert await answers(port, "/livez") == (503, "execution n/a has been reconciled for 301 s\n")


async def test_metrics_are_served_as_text(manager):
    port = free_port()
    manager.metrics.initialise_series(["scale"])
    async with serve_health(manager, port):
        status, text = await answers(port, "/metrics")
    assert (status, 'kubernaut_executions_total{action="scale"' in text) == (200, True)


async def test_a_port_that_is_taken_is_an_error_that_names_the_setting(manager):
    with socket.socket() as taken:
        taken.bind(("0.0.0.0", 0))  # noqa: S104 - as the engine itself does
        taken.listen()
        with pytest.raises(InputError, match=r"probePort: port .* cannot be opened"):
            async with serve_health(manager, taken.getsockname()[1]):
                pass


async def test_port_0_serves_nothing(manager):
    async with serve_health(manager, 0):
        pass


async def test_a_probe_is_answered_while_somebody_holds_connections_open(manager):
    port = free_port()
    async with serve_health(manager, port):
        held = []
        for _ in range(300):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\nX-")
            held.append((reader, writer))
        async with asyncio.timeout(2):
            assert await answers(port, "/livez") == (200, "ok\n")
        async with asyncio.timeout(2):
            for reader, _ in held[:200]:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
        for _, writer in held:
            writer.close()


async def test_a_connection_carries_one_request(manager):
    port = free_port()
    async with serve_health(manager, port), asyncio.timeout(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 2)
        text = await reader.read()
        writer.close()
    assert (text.count(b"HTTP/1.1 200 OK"), text.lower().count(b"connection: close")) == (1, 1)
