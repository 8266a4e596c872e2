"""`kubernaut cancel`: stops an execution, whatever it is doing."""

from __future__ import annotations

import asyncio

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import console
from kubernaut.cli.executions import get_unfinished_execution, patch_execution
from kubernaut.cli.exit_codes import ExitCode
from kubernaut.cli.options import Context, ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.place import Place
from kubernaut.cli.views.live import Follower


def cancel(
    name: ExecutionName, namespace: Namespace = "", kubeconfig: Kubeconfig = None, context: Context = ""
) -> None:
    """Stop an execution, whatever it is doing, and wait until its pods are gone."""
    execution = asyncio.run(_cancel(Place(kubeconfig, context, namespace), name))
    raise typer.Exit(ExitCode.DONE if execution.phase is Phase.CANCELLED else ExitCode.FAILED)


async def _cancel(place: Place, name: str) -> ExecutionView:
    async with await place.connect() as cluster:
        key = place.key(cluster, name)
        await get_unfinished_execution(cluster, key)
        await patch_execution(cluster, key, {"spec": {"cancel": True}})
        return await Follower(console()).follow(cluster, key)
