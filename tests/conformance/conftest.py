"""The cluster under test, which is the sandbox or the cluster of $KUBECONFIG, and a namespace for each test."""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubernaut_sandbox import Sandbox, SandboxOptions
from tests.conformance.client import Client, connected

_QUICK = SandboxOptions(
    backoff_base_seconds=0.2,
    job_sync_delay=0.02,
    restart_base_seconds=0.2,
    image_retry_seconds=0.5,
    autoscaler_sync_seconds=0.5,
)


@pytest.fixture
async def sandbox(request: pytest.FixtureRequest) -> AsyncIterator[Sandbox | None]:
    """The sandbox, or None on a real cluster."""
    if request.config.getoption("--cluster") != "sandbox":
        yield None
        return
    async with Sandbox(options=_QUICK) as running:
        yield running


def kubeconfig() -> dict[str, Any]:
    """The document that $KUBECONFIG names."""
    document: dict[str, Any] = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
    return document


@pytest.fixture
async def cluster(sandbox: Sandbox | None) -> AsyncIterator[Client]:
    """A client with every right."""
    async with connected(sandbox.kubeconfig() if sandbox else kubeconfig()) as client:
        yield client


@pytest.fixture
async def namespace(cluster: Client) -> AsyncIterator[str]:
    """A fresh namespace, ready for pods; deleted afterwards."""
    name = f"conformance-{secrets.token_hex(4)}"
    await cluster.made("/api/v1/namespaces", {"metadata": {"name": name}})
    await cluster.until(f"/api/v1/namespaces/{name}/serviceaccounts", "default", bool)
    await cluster.until(f"/api/v1/namespaces/{name}/configmaps", "kube-root-ca.crt", bool)
    yield name
    await cluster.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
async def image(cluster: Client, request: pytest.FixtureRequest) -> str:
    """An image with python3; skips where no node could run it."""
    nodes = (await cluster.get("/api/v1/nodes")).body["items"]
    ready = [
        c
        for node in nodes
        for c in node["status"].get("conditions", ())
        if (c["type"], c["status"]) == ("Ready", "True")
    ]
    if not ready:
        pytest.skip("no node is ready: nothing runs pods here")
    return str(request.config.getoption("--image"))
