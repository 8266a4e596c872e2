"""What a reconcile returns to its worker."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing to do until something changes."""


@dataclass(frozen=True, slots=True)
class RequeueAfter:
    """Reconcile again after this delay: no watch event will trigger it."""

    seconds: float


ReconcileResult = Done | RequeueAfter
