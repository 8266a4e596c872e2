"""`kubernaut resume`: starts executions that are held back."""

from __future__ import annotations

import asyncio

from kubernaut.api.labels import ANNOTATION_RESUMED
from kubernaut.api.timestamps import micro_time
from kubernaut.caller.executions import get_unfinished_execution, patch_execution
from kubernaut.cli.console import console
from kubernaut.cli.options import Context, ExecutionNames, Kubeconfig, Namespace
from kubernaut.cli.place import Place


def resume(
    name: ExecutionNames,
    namespace: Namespace = "",
    kubeconfig: Kubeconfig = None,
    context: Context = "",
) -> None:
    """Start executions that are suspended, or held back by a cooldown or the namespace's budget."""
    for one in name:
        asyncio.run(_resume(Place(kubeconfig, context, namespace), one))
        console().print(f"{one} is resumed; it starts when nothing else holds it back")


async def _resume(place: Place, name: str) -> None:
    async with await place.connect() as cluster:
        key = place.key(cluster, name)
        execution = await get_unfinished_execution(cluster, key)
        held_since = execution.status.held_since
        lifted = {"metadata": {"annotations": {ANNOTATION_RESUMED: micro_time(held_since)}}} if held_since else {}
        await patch_execution(cluster, key, {"spec": {"suspend": False}, **lifted})
