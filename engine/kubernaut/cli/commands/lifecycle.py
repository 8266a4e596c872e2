"""Commands that steer an execution which exists: stop it, hold it back, let it go."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import typer

from kubernaut.api.execution import Phase
from kubernaut.api.labels import ANNOTATION_RESUMED
from kubernaut.cli.console import console
from kubernaut.cli.options import ExecutionName, ExecutionNames, Kubeconfig, Namespace
from kubernaut.cli.submit import existing
from kubernaut.cli.views.live import Follower
from kubernaut.errors import InputError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Key


def add_to(app: typer.Typer) -> None:
    """Register these commands."""
    for command in (cancel, suspend, resume):
        app.command()(command)


def cancel(name: ExecutionName, namespace: Namespace = "default", kubeconfig: Kubeconfig = None) -> None:
    """Stop an execution, whatever it is doing, and wait until its pods are gone."""
    ended = asyncio.run(_cancel(kubeconfig, Key(namespace, name)))
    raise typer.Exit(0 if ended["status"]["phase"] == Phase.CANCELLED else 1)


def suspend(name: ExecutionName, namespace: Namespace = "default", kubeconfig: Kubeconfig = None) -> None:
    """Hold back an execution that has not started."""
    obj = asyncio.run(_set(kubeconfig, Key(namespace, name), {"suspend": True}))
    if obj.get("status", {}).get("jobName"):
        raise InputError(f"{name} runs already, so it goes on; stop it with: kubernaut cancel {name} -n {namespace}")
    console().print(f"{name} waits until: kubernaut resume {name} -n {namespace}")


def resume(
    name: ExecutionNames,
    namespace: Namespace = "default",
    kubeconfig: Kubeconfig = None,
) -> None:
    """Let executions go that were held back: by a person, a cooldown, or the namespace's budget."""
    for one in name:
        asyncio.run(_resume(kubeconfig, Key(namespace, one)))
        console().print(f"{one} starts as soon as it may")


async def _cancel(kubeconfig: Path | None, key: Key) -> dict[str, Any]:
    async with await Cluster.connect(kubeconfig) as cluster:
        await _patch(cluster, key, {"cancel": True})
        return await Follower(console()).follow(cluster, key)


async def _resume(kubeconfig: Path | None, key: Key) -> None:
    async with await Cluster.connect(kubeconfig) as cluster:
        obj = await _waiting(cluster, key)
        held_since = obj.get("status", {}).get("heldSince")
        lifted = {"metadata": {"annotations": {ANNOTATION_RESUMED: held_since}}} if held_since else {}
        await cluster.patch(EXECUTIONS, key.namespace, key.name, {"spec": {"suspend": False}, **lifted})


async def _set(kubeconfig: Path | None, key: Key, spec: dict[str, Any]) -> dict[str, Any]:
    async with await Cluster.connect(kubeconfig) as cluster:
        return await _patch(cluster, key, spec)


async def _patch(cluster: Cluster, key: Key, spec: dict[str, Any]) -> dict[str, Any]:
    """Change the execution's spec; raises InputError for one that is not there, or has ended."""
    await _waiting(cluster, key)
    return await cluster.patch(EXECUTIONS, key.namespace, key.name, {"spec": spec})


async def _waiting(cluster: Cluster, key: Key) -> dict[str, Any]:
    """The execution, which has not ended; raises InputError for one that is not there, or has."""
    obj = await existing(cluster, key)
    phase = obj.get("status", {}).get("phase")
    if phase and Phase(phase).ended:
        raise InputError(f"{key.name} has ended already: {phase}")
    return obj
