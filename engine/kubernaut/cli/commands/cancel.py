"""`kubernaut cancel`: stops an execution, whatever it is doing."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import typer

from kubernaut.api.execution import Phase
from kubernaut.cli.console import console
from kubernaut.cli.executions import patch_spec
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.views.live import Follower
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key


def cancel(name: ExecutionName, namespace: Namespace = "default", kubeconfig: Kubeconfig = None) -> None:
    """Stop an execution, whatever it is doing, and wait until its pods are gone."""
    ended = asyncio.run(_cancel(kubeconfig, Key(namespace, name)))
    raise typer.Exit(0 if ended["status"]["phase"] == Phase.CANCELLED else 1)


async def _cancel(kubeconfig: Path | None, key: Key) -> dict[str, Any]:
    async with await Cluster.connect(kubeconfig) as cluster:
        await patch_spec(cluster, key, {"cancel": True})
        return await Follower(console()).follow(cluster, key)
