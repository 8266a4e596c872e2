"""`kubernaut suspend`: holds back an execution that has not started."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from kubernaut.cli.console import console
from kubernaut.cli.executions import patch_spec
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key


def suspend(name: ExecutionName, namespace: Namespace = "default", kubeconfig: Kubeconfig = None) -> None:
    """Hold back an execution that has not started."""
    obj = asyncio.run(_suspend(kubeconfig, Key(namespace, name)))
    if obj.get("status", {}).get("jobName"):
        raise InputError(f"{name} runs already, so it goes on; stop it with: kubernaut cancel {name} -n {namespace}")
    console().print(f"{name} waits until: kubernaut resume {name} -n {namespace}")


async def _suspend(kubeconfig: Path | None, key: Key) -> dict[str, Any]:
    async with await Cluster.connect(kubeconfig) as cluster:
        return await patch_spec(cluster, key, {"suspend": True})
