"""What drives every controller: changes become keys, keys wait in a de-duplicating queue, sync re-reads the store.

A controller says which keys a change concerns and what to do about one key; it never waits itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.events import Events
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.request_context import controller_call

Key = tuple[str, str]
"""Namespace and name."""
_LOG = logging.getLogger(__name__)
_FIRST_RETRY, _LAST_RETRY = 0.5, 30.0


class Controller:
    """The promise of one controller."""

    name = ""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.store, self.registry = cluster, cluster.store, cluster.registry
        self.call = controller_call(self.name)
        self.events = Events(cluster, self.name)

    def keys(self, change: Change) -> Iterable[Key]:
        """The keys that a change concerns."""
        raise NotImplementedError

    def delay(self, change: Change) -> float:
        """How long the change may wait, so that several are taken together."""
        return 0.0

    def sync(self, key: Key) -> float | None:
        """Bring what the key names to what it should be; returns after how many seconds to look again, if at all."""
        raise NotImplementedError

    def put_status(self, resource: str, obj: Object, status: Object) -> Object:
        """Write a status, unless it is what is there."""
        kind = self.registry.kinds.named(resource)
        metadata = obj["metadata"]
        changed = {**obj, "status": status}
        if changed == obj:
            return obj
        return self.registry.update(self.call, kind, metadata.get("namespace", ""), metadata["name"], changed, "status")


class ControllerLoop:
    """Runs one controller, which begins by hearing of everything there is."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._due: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._wake = asyncio.Event()
        self._stop = controller.store.listen(self._hear)
        for change in controller.store.present():
            self._hear(change)
        self._task = asyncio.create_task(self._run(), name=f"sandbox-{controller.name}")

    async def stop(self) -> None:
        """End the loop."""
        self._stop()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _hear(self, change: Change) -> None:
        for key in self._controller.keys(change):
            self._add(key, self._controller.delay(change))

    def _add(self, key: Key, after: float) -> None:
        due = asyncio.get_running_loop().time() + after
        self._due[key] = min(due, self._due.get(key, due))
        self._wake.set()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            for key in [key for key, due in self._due.items() if due <= loop.time()]:
                del self._due[key]
                self._sync(key)
                await asyncio.sleep(0)
            soonest = min(self._due.values(), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(soonest):
                    await self._wake.wait()

    def _sync(self, key: Key) -> None:
        try:
            again = self._controller.sync(key)
        except ApiError as error:
            _LOG.debug("%s: %s: %s", self._controller.name, key, error)
            self._retry(key)
        except Exception:  # noqa: BLE001  # one key's trouble must not end the controller
            _LOG.exception("%s failed on %s", self._controller.name, key)
            self._retry(key)
        else:
            self._failures.pop(key, None)
            if again is not None:
                self._add(key, again)

    def _retry(self, key: Key) -> None:
        count = self._failures[key] = self._failures.get(key, 0) + 1
        self._add(key, min(_FIRST_RETRY * 2 ** min(count - 1, 20), _LAST_RETRY))
