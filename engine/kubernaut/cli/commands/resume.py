"""`kubernaut resume`: starts executions that are held back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kubernaut.api.labels import ANNOTATION_RESUMED
from kubernaut.api.timestamps import micro_time
from kubernaut.cli.console import console
from kubernaut.cli.executions import get_unfinished_execution, patch_execution
from kubernaut.cli.options import ExecutionNames, Kubeconfig, Namespace
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key


def resume(
    name: ExecutionNames,
    namespace: Namespace = "default",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Start executions that are suspended, or held back by a cooldown or the namespace's budget."""
    for one in name:
        asyncio.run(_resume(kubeconfig, Key(namespace, one)))
        console().print(f"{one} is resumed; it starts when nothing else holds it back")


async def _resume(kubeconfig: Path | None, key: Key) -> None:
    async with await Cluster.connect(kubeconfig) as cluster:
        execution = await get_unfinished_execution(cluster, key)
        held_since = execution.status.held_since
        lifted = {"metadata": {"annotations": {ANNOTATION_RESUMED: micro_time(held_since)}}} if held_since else {}
        await patch_execution(cluster, key, {"spec": {"suspend": False}, **lifted})
