"""`kubernaut resume`: lets executions go that were held back."""

from __future__ import annotations

import asyncio
from pathlib import Path

from kubernaut.api.labels import ANNOTATION_RESUMED
from kubernaut.cli.console import console
from kubernaut.cli.executions import get_unfinished_execution
from kubernaut.cli.options import ExecutionNames, Kubeconfig, Namespace
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key


def resume(
    name: ExecutionNames,
    namespace: Namespace = "default",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Let executions go that were held back: by a person, a cooldown, or the namespace's budget."""
    for one in name:
        asyncio.run(_resume(kubeconfig, Key(namespace, one)))
        console().print(f"{one} starts as soon as it may")


async def _resume(kubeconfig: Path | None, key: Key) -> None:
    async with await Cluster.connect(kubeconfig) as cluster:
        obj = await get_unfinished_execution(cluster, key)
        held_since = obj.get("status", {}).get("heldSince")
        lifted = {"metadata": {"annotations": {ANNOTATION_RESUMED: held_since}}} if held_since else {}
        await cluster.patch(EXECUTIONS, key.namespace, key.name, {"spec": {"suspend": False}, **lifted})
