"""A server for agents over a cluster in memory, and a client that is connected to it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager

import pytest
from mcp import Client
from mcp_types import Implementation

from kubernaut.kube.objects import EXECUTIONS
from kubernaut.mcp.server import Door, mcp_server
from tests.support.executions import CHANGE
from tests.support.fake_client import FakeClient

PLANNED = {"phase": "Succeeded", "planDigest": f"sha256:{'0' * 64}", "result": {"changes": [CHANGE]}}


class EndingClient(FakeClient):
    """A cluster in which what is created has ended at once, with this status."""

    status: dict[str, object] | None = PLANNED

    async def create(self, resource, namespace, manifest, *, dry_run=False):
        created = await super().create(resource, namespace, manifest, dry_run=dry_run)
        if resource != EXECUTIONS or dry_run or self.status is None:
            return created
        return self.put(resource, {**created, "status": self.status})

    async def watch(self, *_, **__):
        await asyncio.sleep(0.05)
        for _ in ():
            yield


@pytest.fixture
def cluster():
    return EndingClient()


@pytest.fixture
def connected(cluster, registry):
    """Return a function that connects a client to a server with these options."""

    @asynccontextmanager
    async def connect(mode="auto", **options):
        async def of_the_user():
            return cluster

        door = Door(connect=of_the_user, registry=registry, **options)
        info = Implementation(name="helper", version="1.2")
        async with Client(mcp_server(door), client_info=info, mode=mode) as client:
            yield client

    return connect


@pytest.fixture
def call(connected):
    """Return a function that calls one tool and returns whether it failed, and its answer."""

    async def called(tool, *, options=None, **arguments):
        async with connected(**(options or {})) as client:
            await client.list_tools()  # so that the client checks answers against their schemas
            result = await client.call_tool(tool, arguments)
            return result.is_error, result.structured_content

    return called
