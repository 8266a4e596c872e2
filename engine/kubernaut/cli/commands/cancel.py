"""`kubernaut cancel`: stops an execution, whatever it is doing."""

from __future__ import annotations

import asyncio
from pathlib import Path

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import console
from kubernaut.cli.executions import get_unfinished_execution, patch_execution
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.views.live import Follower
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key


def cancel(name: ExecutionName, namespace: Namespace = "default", kubeconfig: Kubeconfig = None) -> None:
    """Stop an execution, whatever it is doing, and wait until its pods are gone."""
    execution = asyncio.run(_cancel(kubeconfig, Key(namespace, name)))
    raise typer.Exit(ExitCode.DONE if execution.phase is Phase.CANCELLED else ExitCode.FAILED)


async def _cancel(kubeconfig: Path | None, key: Key) -> ExecutionView:
    async with await Cluster.connect(kubeconfig) as cluster:
        await get_unfinished_execution(cluster, key)
        await patch_execution(cluster, key, {"spec": {"cancel": True}})
        return await Follower(console()).follow(cluster, key)
