"""What the shell is offered when somebody presses Tab: installed actions, and the executions of the namespace.

It never fails and never lasts: a cluster that does not answer at once offers nothing.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.plugins.registry import Registry

_SECONDS = 2.0
_MOST = 200


def actions(incomplete: str) -> list[tuple[str, str]]:
    """The names of installed actions, each with its summary."""
    found = sorted(Registry.discover().actions.items())
    return [(name, action.spec.summary) for name, action in found if name.startswith(incomplete)]


def executions(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """The names of executions in the namespace that the line names, each with how it stands."""
    logging.disable()  # nothing but an offer may be written to the terminal while somebody types
    try:
        found = asyncio.run(asyncio.wait_for(_executions(ctx.params), _SECONDS))
    except (KubernautError, TimeoutError):
        return []
    return [(name, told) for name, told in found if name.startswith(incomplete)]


async def _executions(given: Mapping[str, Any]) -> list[tuple[str, str]]:
    kubeconfig = given.get("kubeconfig")
    async with await Cluster.connect(Path(kubeconfig) if kubeconfig else None) as cluster:
        page = await cluster.list(EXECUTIONS, given.get("namespace") or "default", limit=_MOST)
    return [(obj["metadata"]["name"], _told(obj)) for obj in page.items]


def _told(obj: Mapping[str, Any]) -> str:
    status = obj.get("status", {})
    parts = (obj.get("spec", {}).get("action"), status.get("target"), status.get("phase"))
    return " ".join(part for part in parts if isinstance(part, str) and part.isprintable())
