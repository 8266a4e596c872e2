"""When objects of one kind were first seen in some state, as a watch tells it."""

from __future__ import annotations

import asyncio
import logging
import time
from types import TracebackType
from typing import Self

import aiohttp

from benchmarks.api import Api, ApiError, Object
from benchmarks.subjects import Seen

log = logging.getLogger(__name__)

clock = time.perf_counter


class Sightings:
    """Watches for one state while it is open; times are those of `clock`."""

    def __init__(self, api: Api, seen: Seen) -> None:
        self._api, self._seen = api, seen
        self._first: dict[str, asyncio.Future[float]] = {}

    async def __aenter__(self) -> Self:
        version = await self._list()
        self._task = asyncio.create_task(self._keep(version))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._task.cancel()
        await asyncio.wait({self._task})

    async def first(self, name: str) -> float:
        """When the object was first in that state; waits until it is."""
        return await asyncio.shield(self._future(name))

    def _future(self, name: str) -> asyncio.Future[float]:
        if name not in self._first:
            self._first[name] = asyncio.get_running_loop().create_future()
        return self._first[name]

    async def _list(self) -> str:
        found = await self._api.get(self._seen.path)
        for obj in found["items"]:
            self._note(obj)
        return str(found["metadata"]["resourceVersion"])

    async def _keep(self, version: str) -> None:
        while True:
            try:
                async for kind, obj in self._api.watch(self._seen.path, version):
                    if kind == "ERROR":
                        break
                    if kind in {"ADDED", "MODIFIED"}:
                        self._note(obj)
                version = await self._list()
            except (ApiError, aiohttp.ClientError) as error:
                log.warning("%s cannot be watched: %s", self._seen.path, error)
                await asyncio.sleep(1.0)

    def _note(self, obj: Object) -> None:
        if self._seen.holds(obj):
            future = self._future(self._seen.named(obj))
            if not future.done():
                future.set_result(clock())
