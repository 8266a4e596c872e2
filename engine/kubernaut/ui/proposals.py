"""What waits for somebody's decision: proposed executions, and proposed runs, whose steps are decided together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubernaut.api.labels import LABEL_RUN
from kubernaut.api.view import ExecutionView
from kubernaut.caller.runs import position
from kubernaut.ui.store import ExecutionStore


@dataclass(frozen=True, slots=True)
class Proposal:
    """One proposed execution, or those of a run that are open, in its order."""

    namespace: str
    run: str
    """ "" for an execution of its own."""
    steps: Sequence[ExecutionView]


def run_of(execution: ExecutionView) -> str:
    """Return the run that an execution belongs to, or ""."""
    labels = execution.json["metadata"].get("labels") or {}
    return str(labels.get(LABEL_RUN, ""))


def open_proposals(store: ExecutionStore) -> list[Proposal]:
    """Return what waits for a decision, the newest first."""
    found: dict[tuple[str, str, str], list[ExecutionView]] = {}
    for one in store.newest_first(lambda one: one.is_open_proposal):
        run = run_of(one)
        found.setdefault((one.namespace, run, "" if run else one.name), []).append(one)
    return [
        Proposal(namespace, run, sorted(steps, key=lambda one: (position(one), one.name)))
        for (namespace, run, _), steps in found.items()
    ]
