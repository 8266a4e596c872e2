"""Notes what the engine does for one execution, and how long each thing took, while it does it.

Whoever does something opens a `stage`; whoever wants to know opens a `recording` around it. Without one nothing is noted, and a stage
costs next to nothing. Both follow the task: two executions that are looked at at the same time do not see each other's stages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime

from kubernaut.api.execution import Stage

MOST_STAGES = 64
"""So many are noted in one recording; what one look at an execution does is far fewer."""
_ERROR_BOUND = 300


@dataclass(slots=True)
class Noted:
    """A stage that is being noted; whoever opened it may say that it did not end well."""

    name: str
    detail: str | None
    within: str | None
    started: datetime
    ended: datetime | None = None
    error: str | None = None

    def stage(self) -> Stage:
        """As it is recorded."""
        error = self.error[:_ERROR_BOUND] if self.error else None
        return Stage(
            name=self.name,
            start_time=self.started,
            end_time=self.ended,
            detail=self.detail,
            within=self.within,
            error=error,
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """What was noted, in the order in which it began."""

    noted: list[Noted]

    def stages(self) -> list[Stage]:
        """The stages that have ended so far."""
        return [noted.stage() for noted in self.noted if noted.ended]


_recording: ContextVar[Recording | None] = ContextVar("recording", default=None)
_within: ContextVar[str | None] = ContextVar("within", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """Have every stage noted that is opened in this block."""
    made = Recording([])
    outer, within = _recording.set(made), _within.set(None)
    try:
        yield made
    finally:
        _recording.reset(outer)
        _within.reset(within)


@contextmanager
def stage(name: str, detail: str | None = None) -> Iterator[Noted]:
    """Note how long this block takes, as a part of the stage that it is opened in; what it raises is noted as its error."""
    noted = Noted(name, detail, _within.get(), datetime.now(UTC))
    to = _recording.get()
    if to is not None and len(to.noted) < MOST_STAGES:
        to.noted.append(noted)
    token = _within.set(name)
    try:
        yield noted
    except Exception as error:
        noted.error = noted.error or str(error) or type(error).__name__
        raise
    finally:
        noted.ended = datetime.now(UTC)
        _within.reset(token)
