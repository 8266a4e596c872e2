"""`kubernaut describe`: everything about one execution, and what to type next."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kubernaut.cli.console import Format, Output, listing_console, print_json
from kubernaut.cli.options import ExecutionName, Kubeconfig, Namespace
from kubernaut.cli.submit import existing
from kubernaut.cli.views.description import print_description
from kubernaut.cli.views.details import Dossier, gather
from kubernaut.cli.views.next_steps import next_steps
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, without_managed_fields


def describe(
    name: ExecutionName,
    namespace: Namespace = "default",
    kubeconfig: Kubeconfig = None,
    output: Output = Format.TABLE,
) -> None:
    """Tell everything about one execution: who asked, how it stands and why, what changed, its events; and what to type next."""
    dossier = asyncio.run(_dossier(kubeconfig, Key(namespace, name)))
    if output is Format.JSON:
        print_json(_document(dossier))
    else:
        print_description(listing_console(), dossier, datetime.now(UTC))


async def _dossier(kubeconfig: Path | None, key: Key) -> Dossier:
    async with await Cluster.connect(kubeconfig) as cluster:
        return await gather(cluster, await existing(cluster, key))


def _document(dossier: Dossier) -> dict[str, Any]:
    return {
        "execution": without_managed_fields(dossier.obj),
        "attempts": [
            {"pod": attempt.pod, "phase": attempt.phase, "node": attempt.node} for attempt in dossier.attempts
        ],
        "events": [asdict(event) for event in dossier.events],
        "notRead": list(dossier.unread),
        "next": [asdict(step) for step in next_steps(dossier.obj, has_pods=bool(dossier.pods))],
    }
