"""Over HTTP: loopback alone, and for each request the token, this address in Host, and no page of another origin."""

import asyncio
import socket
from contextlib import asynccontextmanager

import aiohttp
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from kubernaut.errors import InputError
from kubernaut.mcp.http import serve_http
from kubernaut.mcp.server import Door

INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "helper", "version": "1"},
    },
}


@asynccontextmanager
async def served(door):
    """Serve on a free port, and yield the address and the token."""
    announced = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(serve_http(door, 0, lambda *words: announced.set_result(words)))
    try:
        yield await asyncio.wait_for(announced, 20)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


@pytest.fixture
def door(cluster, registry):
    async def connect():
        return cluster

    return Door(connect=connect, registry=registry)


async def answered(address, **headers):
    """Return the status and the text that the server answers to a client's first request."""
    accepts = {"Accept": "application/json, text/event-stream"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(address, json=INITIALIZE, headers={**accepts, **headers}) as response,
    ):
        return response.status, await response.text()


async def test_only_a_request_with_the_token_for_this_address_and_of_no_other_page_is_answered(door):
    async with served(door) as (address, token):
        port = address.rpartition(":")[2].partition("/")[0]
        right = {"Authorization": f"Bearer {token}"}
        cases = [
            (200, right),
            (200, {**right, "Host": f"localhost:{port}"}),
            (200, {**right, "Origin": f"http://127.0.0.1:{port}"}),
            (401, {}),
            (401, {"Authorization": f"Bearer {token}x"}),
            (401, {"Authorization": f"Bearer {token[:-1]}"}),
            (401, {"Authorization": token}),
            (401, {"Authorization": "Bearer é"}),
            (421, {**right, "Host": "evil.example"}),
            (421, {**right, "Host": f"evil.example:{port}"}),
            (421, {**right, "Host": "127.0.0.1:1"}),
            (403, {**right, "Origin": "https://evil.example"}),
            (403, {**right, "Origin": "http://127.0.0.1:1"}),
            (403, {**right, "Origin": "null"}),
        ]
        for status, headers in cases:
            assert (await answered(address, **headers))[0] == status, headers
        _, text = await answered(address)
        assert "the token is missing or wrong" in text
        with pytest.raises(OSError, match="refused"):
            socket.create_connection((_other_address(), int(port)), 2)


def _other_address():
    """Return another address of this machine: all of 127.0.0.0/8 is loopback, and only 127.0.0.1 is served."""
    return "127.0.0.2"


async def test_an_agent_works_over_http_as_over_standard_input(door, cluster):
    async with (
        served(door) as (address, token),
        httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as http,
        Client(streamable_http_client(address, http_client=http)) as client,
    ):
        result = await client.call_tool("propose_scale", {"parameters": {"name": "web", "replicas": 3}})
        assert not result.is_error
        assert result.structured_content["untrusted"]["agent"]


async def test_a_port_that_is_taken_is_bad_input(door):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"--http {port}: .* in use; name another port"):
            await serve_http(door, port, print)
