"""Shell completion: the installed actions, and the executions and runbooks of the namespace.

It never fails and never takes long: a cluster that does not answer within two seconds yields no names.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

from kubernaut.cli.place import Place
from kubernaut.errors import KubernautError
from kubernaut.kube.objects import EXECUTIONS, RUNBOOKS, Resource
from kubernaut.plugins.registry import Registry

_TIMEOUT_SECONDS = 2.0
_MAX_NAMES = 200


def actions(incomplete: str) -> list[tuple[str, str]]:
    """Return the names of the installed actions that begin so, each with its summary."""
    found = sorted(Registry.discover().actions.items())
    return [(name, action.spec.summary) for name, action in found if name.startswith(incomplete)]


def executions(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the names of executions that begin so, of the namespace on the command line, each with a short description."""
    return _names(ctx, incomplete, EXECUTIONS)


def runbooks(ctx: typer.Context, incomplete: str) -> list[tuple[str, str]]:
    """Return the names of runbooks that begin so, of the namespace on the command line, each with its summary."""
    return _names(ctx, incomplete, RUNBOOKS)


def _names(ctx: typer.Context, incomplete: str, resource: Resource) -> list[tuple[str, str]]:
    logging.disable()  # nothing else must be written to the terminal while somebody types
    _leave_terminal()
    try:
        found = asyncio.run(asyncio.wait_for(_list(ctx.params, resource), _TIMEOUT_SECONDS))
    except (KubernautError, TimeoutError):
        return []
    return [(name, help_text) for name, help_text in found if name.startswith(incomplete)]


def _leave_terminal() -> None:
    """Give up the terminal as standard input, so that no credential plugin asks there while somebody types."""
    if os.isatty(0):
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


async def _list(options: Mapping[str, Any], resource: Resource) -> list[tuple[str, str]]:
    kubeconfig = options.get("kubeconfig")
    place = Place(
        Path(kubeconfig) if kubeconfig else None, options.get("context") or "", options.get("namespace") or ""
    )
    async with await place.connect() as cluster:
        page = await cluster.list(resource, place.namespace_on(cluster), limit=_MAX_NAMES)
    return [(obj["metadata"]["name"], _help_text(obj)) for obj in page.items]


def _help_text(obj: Mapping[str, Any]) -> str:
    """Return action, target and phase of an execution, the summary of a runbook.

    It reads the JSON and not the model, as completion must not fail for any object.
    """
    status, spec = obj.get("status", {}), obj.get("spec", {})
    parts = (spec.get("summary"), spec.get("action"), status.get("target"), status.get("phase"))
    return " ".join(part for part in parts if isinstance(part, str) and part.isprintable())
