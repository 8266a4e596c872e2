"""Observes when objects of one kind first reach a state."""

from __future__ import annotations

import asyncio
import logging
import time
from types import TracebackType
from typing import Self

import aiohttp

from benchmarks.api import Api, ApiError, Object
from benchmarks.subjects import ObservedState

log = logging.getLogger(__name__)

clock = time.perf_counter


class StateWatcher:
    """Watches for one state while it is open; times are those of `clock`."""

    def __init__(self, api: Api, state: ObservedState) -> None:
        self._api, self._state = api, state
        self._first_seen: dict[str, asyncio.Future[float]] = {}

    async def __aenter__(self) -> Self:
        version = await self._list()
        self._task = asyncio.create_task(self._watch(version))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def first_seen(self, name: str) -> float:
        """Return when the subject was first seen in the state; waits until it is."""
        return await asyncio.shield(self._future(name))

    @property
    def seen(self) -> list[str]:
        """The subjects that have been seen in the state so far."""
        return [name for name, future in self._first_seen.items() if future.done()]

    def _future(self, name: str) -> asyncio.Future[float]:
        if name not in self._first_seen:
            self._first_seen[name] = asyncio.get_running_loop().create_future()
        return self._first_seen[name]

    async def _list(self) -> str:
        found = await self._api.get(self._state.path)
        for obj in found["items"]:
            self._record(obj)
        return str(found["metadata"]["resourceVersion"])

    async def _watch(self, version: str) -> None:
        while True:
            try:
                async for kind, obj in self._api.watch(self._state.path, version):
                    if kind == "ERROR":
                        break
                    if kind in {"ADDED", "MODIFIED"}:
                        self._record(obj)
                version = await self._list()
            except (ApiError, aiohttp.ClientError) as error:
                log.warning("%s cannot be watched: %s", self._state.path, error)
                await asyncio.sleep(1.0)

    def _record(self, obj: Object) -> None:
        if self._state.matches(obj):
            future = self._future(self._state.subject_name(obj))
            if not future.done():
                future.set_result(clock())
