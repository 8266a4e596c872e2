"""Samples what the engine reports about its queue while it works: the greatest values are those of the busiest moment."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import aiohttp

from benchmarks.engine import Engine

_SAMPLE_SECONDS = 0.5
_QUEUE = re.compile(r"^kubernaut_workqueue_depth (\S+)$", re.MULTILINE)
_RUNNING = re.compile(r"^kubernaut_running (\S+)$", re.MULTILINE)
_WAITING = re.compile(r'^kubernaut_waiting\{reason="([^"]*)"\} (\S+)$', re.MULTILINE)


@dataclass(slots=True)
class Depths:
    """The greatest values so far."""

    queue: float = 0.0
    """Keys in the work queue."""
    running: float = 0.0
    """Executions whose Job was running."""
    waiting: float = 0.0
    """Executions that waited, for any reason."""
    waiting_by_reason: dict[str, float] = field(default_factory=dict)
    samples: int = 0

    def record(self, exposition: str) -> None:
        """Take in one sample of the engine's metrics."""
        waiting = {reason: float(number) for reason, number in _WAITING.findall(exposition)}
        self.queue = max([self.queue, *map(float, _QUEUE.findall(exposition))])
        self.running = max([self.running, *map(float, _RUNNING.findall(exposition))])
        self.waiting = max(self.waiting, sum(waiting.values()))
        for reason, number in waiting.items():
            self.waiting_by_reason[reason] = max(self.waiting_by_reason.get(reason, 0.0), number)
        self.samples += 1


class QueueWatcher:
    """Samples an engine's metrics every half second while it is open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.depths = Depths()

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._sample())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _sample(self) -> None:
        while True:
            with suppress(aiohttp.ClientError):  # it is too busy to answer; the next sample counts
                self.depths.record(await self._engine.metrics())
            await asyncio.sleep(_SAMPLE_SECONDS)
