"""An agent at work over the Model Context Protocol, by the SDK's own client and a real process: it diagnoses and proposes; a person approves."""

import asyncio
import json
import sys
from contextlib import asynccontextmanager

import pytest
from mcp import Client, StdioServerParameters
from mcp_types import Implementation

from kubernaut.caller.approvals import approve
from kubernaut.caller.executions import get_execution
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key
from tests.e2e.test_approval_checks import bind
from tests.support.shell import as_user
from tests.support.site import DEPLOYMENTS

REHEARSALS = ["initContainer"]
MORE = {"name": "web", "replicas": "4"}
"""An agent's number, as text."""


@pytest.fixture
def agent(site, tmp_path):
    """Return a function that connects the user `agent`, who may only propose, to a server with these options."""
    if site.sandbox is None:
        pytest.skip("only the sandbox can authenticate any user")

    @asynccontextmanager
    async def connected(*options):
        words = ["-m", "kubernaut.cli", "mcp", *as_user(site, tmp_path, "agent"), *options]
        info = Implementation(name="helper\x1b[2J", version="1.2")
        async with Client(StdioServerParameters(command=sys.executable, args=words), client_info=info) as client:
            yield client

    return connected


async def call(client, tool, **arguments):
    """Call a tool and return whether it failed, and its answer."""
    result = await client.call_tool(tool, arguments)
    assert json.loads(result.content[0].text) == result.structured_content
    return result.is_error, result.structured_content


async def test_an_agent_diagnoses_proposes_and_sees_what_a_person_approved_done_and_verified(site, agent):
    await bind(site, "agent", "propose-check-workload")
    async with agent() as client:
        names = {tool.name for tool in (await client.list_tools()).tools}
        assert {"propose_scale", "get_execution", "history"} <= names
        assert [name for name in names if name.startswith(("approve", "resume", "suspend", "execute", "run"))] == []

        failed, planned = await call(client, "propose_scale", parameters=MORE)
        assert not failed, planned
        assert (planned["phase"], planned["dry_run"]) == ("Succeeded", True)
        (change,) = planned["untrusted"]["changes"]
        assert change == {"object": "Deployment/web", "field": "spec.replicas", "before": "2", "after": "4"}
        name = planned["execution"]
        assert f"kubernaut approve {name} -n production" in planned["next"][0]

        waiting = asyncio.create_task(call(client, "wait_for", execution=name, until="carried_out", seconds=60))
        person = await Cluster.connect(site.sandbox.kubeconfig(user="on-call"))
        async with person:
            await approve(person, await get_execution(person, Key(site.namespace, name)))
        _, done = await waiting
        assert (done["execution"], done["phase"], done["carries_out"]) == (f"{name}-approved", "Succeeded", name)
        assert (done["verified"], done["rollback_available"]) == ("yes", True)
        assert done["untrusted"]["requested_by"] == "on-call"
        assert done["untrusted"]["proposed_by"] == "agent"
        assert (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"] == 4

        check = {"name": "web", "expression": "object.status.readyReplicas == 4"}
        failed, checked = await call(client, "propose_check-workload", parameters=check)
        print(checked)
        assert not failed
        _, records = await call(client, "history", since="10m")
        print(records)
        _, listed = await call(client, "list_executions", mine=True)
        print(listed)
