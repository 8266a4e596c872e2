"""`kubernaut suspend`: keeps an execution from starting."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kubernaut.api.view import ExecutionView
from kubernaut.cli.console import console
from kubernaut.cli.executions import get_unfinished_execution, patch_execution
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key


def suspend(name: ExecutionName, namespace: Namespace = "default", kubeconfig: Kubeconfig = None) -> None:
    """Keep an execution that has not started from starting."""
    execution = asyncio.run(_suspend(kubeconfig, Key(namespace, name)))
    if execution.job_name:
        raise InputError(f"{name} is running already and continues; to stop it: kubernaut cancel {name} -n {namespace}")
    console().print(f"{name} is suspended; to start it: kubernaut resume {name} -n {namespace}")


async def _suspend(kubeconfig: Path | None, key: Key) -> ExecutionView:
    async with await Cluster.connect(kubeconfig) as cluster:
        await get_unfinished_execution(cluster, key)
        return await patch_execution(cluster, key, {"spec": {"suspend": True}})
