"""`kubernaut suspend`: keeps an execution from starting."""

from __future__ import annotations

import asyncio

from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import get_unfinished_execution, patch_execution
from kubernaut.cli.console import console
from kubernaut.cli.options import Context, ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.place import Place
from kubernaut.errors import InputError


def suspend(
    name: ExecutionName, namespace: Namespace = "", kubeconfig: Kubeconfig = None, context: Context = ""
) -> None:
    """Keep an execution that has not started from starting."""
    execution = asyncio.run(_suspend(Place(kubeconfig, context, namespace), name))
    if execution.job_name:
        raise InputError(
            f"{name} is running already and continues; to stop it: kubernaut cancel {name} -n {execution.namespace}"
        )
    console().print(f"{name} is suspended; to start it: kubernaut resume {name} -n {execution.namespace}")


async def _suspend(place: Place, name: str) -> ExecutionView:
    async with await place.connect() as cluster:
        key = place.key(cluster, name)
        await get_unfinished_execution(cluster, key)
        return await patch_execution(cluster, key, {"spec": {"suspend": True}})
