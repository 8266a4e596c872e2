"""Records what the engine does for one execution, and how long each thing takes, while it does it.

Code under measurement opens a `stage`; a caller collects the stages with `recording`. Without a recording, a stage costs next to nothing.
Both follow the asyncio task, so executions that are reconciled at the same time do not see each other's stages.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from kubernaut.api.stages import Stage, StageRequest
from kubernaut.api.timestamps import now

MAX_ENTRIES = 64
"""Stages in one recording; one reconcile opens far fewer."""
MAX_ERROR_LENGTH = 300


@dataclass(slots=True)
class StageEntry:
    """A stage that is being recorded; the code that opened it may set the fields that are not known at the start."""

    name: str
    detail: str | None
    within: str | None
    started: datetime
    request: StageRequest | None = None
    ended: datetime | None = None
    error: str | None = None

    def stage(self) -> Stage:
        """Return it as status records it."""
        return Stage(
            name=self.name,
            start_time=self.started,
            end_time=self.ended,
            detail=self.detail,
            request=self.request,
            within=self.within,
            error=self.error[:MAX_ERROR_LENGTH] if self.error else None,
        )


@dataclass(frozen=True, slots=True)
class Recording:
    """The stages that were opened, in the order in which they began."""

    entries: list[StageEntry]

    def stages(self) -> list[Stage]:
        """Return the stages that have ended so far."""
        return [entry.stage() for entry in self.entries if entry.ended]


_recording: ContextVar[Recording | None] = ContextVar("recording", default=None)
_within: ContextVar[str | None] = ContextVar("within", default=None)


@contextmanager
def recording() -> Iterator[Recording]:
    """Collect every stage that is opened in this block."""
    made = Recording([])
    outer, within = _recording.set(made), _within.set(None)
    try:
        yield made
    finally:
        _recording.reset(outer)
        _within.reset(within)


@contextmanager
def stage(name: str, detail: str | None = None) -> Iterator[StageEntry]:
    """Record how long this block takes, as a part of the stage in which it is opened; an exception becomes its error."""
    entry = StageEntry(name, detail, _within.get(), now())
    current = _recording.get()
    if current is not None and len(current.entries) < MAX_ENTRIES:
        current.entries.append(entry)
    token = _within.set(name)
    try:
        yield entry
    except Exception as error:
        entry.error = entry.error or str(error) or type(error).__name__
        raise
    finally:
        entry.ended = now()
        _within.reset(token)
