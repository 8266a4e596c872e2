"""What strangers can hold open at the port of probes and metrics."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from kubernaut.controller.short_connections import MAX_CONNECTIONS, ShortConnections


class Endless(asyncio.Protocol):
    """Sends as much as the peer takes, or nothing, and keeps what it is told."""

    def __init__(self, talk, events):
        self.talk, self.events = talk, events

    def connection_made(self, transport):
        if self.talk:
            transport.write(b"x" * 50_000_000)

    def data_received(self, data):
        self.events.append(data)

    def eof_received(self):
        self.events.append("eof")

    def connection_lost(self, exc):
        self.events.append("lost")


@asynccontextmanager
async def served(events, talk=False, max_seconds=0.3):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(ShortConnections(lambda: Endless(talk, events), max_seconds), "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def ended(reader):
    """Wait until the server has closed a connection."""
    with suppress(ConnectionError):
        while await reader.read(2**20):
            pass


@pytest.mark.parametrize("drips", [False, True], ids=["silent", "a byte at a time"])
async def test_a_connection_ends_when_its_time_is_over(drips):
    events = []
    async with served(events) as port, asyncio.timeout(2):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        async def drip():
            while drips:
                writer.write(b"x")
                await asyncio.sleep(0.01)

        task = asyncio.create_task(drip())
        await ended(reader)
        task.cancel()
        writer.close()
    assert events[-1] == "lost"
    assert len(events) > (5 if drips else 0)


async def test_a_peer_that_takes_no_response_is_left_when_its_time_is_over():
    events = []
    async with served(events, talk=True) as port, asyncio.timeout(2):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        while events != ["lost"]:
            await asyncio.sleep(0.05)
        writer.close()


async def test_the_oldest_connection_makes_room_for_a_new_one():
    events = []
    async with served(events, max_seconds=30) as port, asyncio.timeout(5):
        held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(MAX_CONNECTIONS + 3)]
        for reader, _ in held[:3]:
            await ended(reader)
        for _, writer in held[3:]:
            writer.write(b"alive")
        while events.count(b"alive") < MAX_CONNECTIONS:
            await asyncio.sleep(0.01)
        for _, writer in held:
            writer.close()
    assert events.count("lost") >= 3
