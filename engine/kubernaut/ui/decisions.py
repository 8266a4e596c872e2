"""What waits for somebody's decision: single proposals, and proposed runs, whose steps are decided together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kubernaut.api.labels import LABEL_RUN
from kubernaut.api.view import ExecutionView
from kubernaut.caller.runs import position
from kubernaut.ui.store import ExecutionStore


@dataclass(frozen=True, slots=True)
class Decision:
    """One proposal, or the open ones of a run, in its order."""

    namespace: str
    run: str
    """ "" for a proposal of its own."""
    steps: Sequence[ExecutionView]


def run_of(execution: ExecutionView) -> str:
    """Return the run that an execution belongs to, or ""."""
    labels = execution.json["metadata"].get("labels") or {}
    return str(labels.get(LABEL_RUN, ""))


def open_decisions(store: ExecutionStore) -> list[Decision]:
    """Return what waits, the newest first."""
    found: dict[tuple[str, str, str], list[ExecutionView]] = {}
    for one in store.newest_first(lambda one: one.is_open_proposal):
        run = run_of(one)
        found.setdefault((one.namespace, run, "" if run else one.name), []).append(one)
    return [
        Decision(namespace, run, sorted(steps, key=lambda one: (position(one), one.name)))
        for (namespace, run, _), steps in found.items()
    ]
