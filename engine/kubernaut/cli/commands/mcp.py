"""`kubernaut mcp`: a Model Context Protocol server for AI agents, with the rights of the user who starts it."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Annotated

import typer

from kubernaut.cli.console import error_console
from kubernaut.cli.extras import require_mcp
from kubernaut.cli.options import Context, Kubeconfig
from kubernaut.cli.place import Place
from kubernaut.plugins.registry import Registry


def mcp(
    namespace: Annotated[
        str,
        typer.Option(
            "-n",
            "--namespace",
            help="Where an agent acts that names no other; the context's by default.",
            show_default=False,
        ),
    ] = "",
    agent: Annotated[
        str,
        typer.Option(
            help="The agent's name in annotations and records; what the client calls itself by default.",
            show_default=False,
        ),
    ] = "",
    action: Annotated[
        list[str], typer.Option(help="Offer this action and no other; can be repeated. All of them by default.")
    ] = [],  # noqa: B006 - typer copies it
    allow_execute: Annotated[
        bool, typer.Option("--allow-execute", help="Offer tools that act without approval; RBAC still decides.")
    ] = False,
    http: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Serve HTTP on this port of 127.0.0.1, 0 for any free one, instead of standard input.",
        ),
    ] = None,
    kubeconfig: Kubeconfig = None,
    context: Context = "",
) -> None:
    """Serve an AI agent over the Model Context Protocol: it reads and proposes as you, and cannot approve."""
    require_mcp()
    from kubernaut.mcp.agent import chosen_name  # noqa: PLC0415 - an optional part
    from kubernaut.mcp.server import Door  # noqa: PLC0415
    from kubernaut.mcp.stdio import serve_stdio  # noqa: PLC0415

    door = Door(
        connect=Place(kubeconfig, context, namespace).connect,
        registry=Registry.discover(),
        namespace=namespace,
        agent=chosen_name(agent),
        allow_execute=allow_execute,
        actions=tuple(action),
    )
    if http is not None:
        from kubernaut.mcp.http import serve_http  # noqa: PLC0415

        asyncio.run(serve_http(door, http, _announce))
        return
    if sys.stdin.isatty():
        error_console().print(
            "This serves an AI agent on standard input: let its client start it (docs/agents.md). Ctrl-d ends it."
        )
    signal.signal(
        signal.SIGINT, signal.SIG_DFL
    )  # a thread waits for input, and Python would wait for it after a KeyboardInterrupt
    asyncio.run(serve_stdio(door))


def _announce(address: str, token: str) -> None:
    out = error_console()
    out.print(f"serving {address}; ctrl-c stops it", markup=False)
    out.print(f"  Authorization: Bearer {token}", markup=False)
