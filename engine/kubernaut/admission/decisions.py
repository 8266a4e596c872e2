"""What admission decides about an execution: it may run, it must not run, or it must wait."""

from __future__ import annotations

from dataclasses import dataclass

from kubernaut.api.execution import PredecessorEnd, Reason
from kubernaut.api.fields import ReportableFields
from kubernaut.api.plugin import Execution
from kubernaut.api.view import ExecutionView
from kubernaut.plugins.registry import Action


@dataclass(frozen=True, slots=True)
class Admitted:
    """It may run."""

    action: Action
    execution: Execution
    """Its parameters are checked and typed, and its target is known."""
    fields: ReportableFields
    """What its pods may report."""
    proposal: ExecutionView | None = None
    """The dry run whose plan it carries out."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """It must not run, and a later attempt would be rejected as well; the reason says whether it has failed or is skipped."""

    reason: Reason
    message: str
    """What is wrong and what to do about it."""
    target: str = ""
    is_admitted: bool = False
    """Whether it had passed every check before, and its Job could not be created."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """It must wait."""

    reason: Reason
    message: str
    target: str = ""
    retry_after: float | None = None
    """Seconds after which to decide again; None if the execution in its way, or a person, wakes it."""
    blocked_by: str | None = None
    """The execution that it waits for."""
    keeps_queue_position: bool = True
    """Whether it stays in the queue for its target. One that waits for something else must not hold up others."""
    predecessors: tuple[PredecessorEnd, ...] = ()
    """Those that it comes after and that have ended, if it waits for others."""
    is_hold: bool = False
    """Whether a person can lift it with `kubernaut resume`."""
