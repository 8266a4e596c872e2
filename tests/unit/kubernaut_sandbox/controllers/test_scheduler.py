"""The size of the sandbox's node is an option."""

from __future__ import annotations

from kubernaut_sandbox import Sandbox, SandboxOptions
from tests.conformance.client import connected
from tests.conformance.manifests import container, pod


async def test_the_options_say_what_the_node_has_room_for() -> None:
    options = SandboxOptions(node_allocatable={"cpu": "1", "pods": "1", "example.com/dongle": "2"})
    async with Sandbox(options=options) as sandbox, connected(sandbox.kubeconfig()) as client:
        limits = {"cpu": "600m", "example.com/dongle": "1"}
        for name in ("one", "two"):
            body = pod(name, container("registry.invalid/a:1", "pass", resources={"limits": limits}))
            await client.until("/api/v1/namespaces/default/serviceaccounts", "default", bool)
            await client.made("/api/v1/namespaces/default/pods", body)
        found = await client.until(
            "/api/v1/namespaces/default/pods", "two", lambda found: found["status"].get("conditions")
        )
        message = found["status"]["conditions"][0]["message"]
        assert message.startswith("0/1 nodes are available: 1 Insufficient cpu, 1 Too many pods. ")
