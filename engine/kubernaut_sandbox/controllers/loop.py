"""The loop that drives every controller: changes become keys, and a queue without duplicates hands them to `sync`.

A controller names the keys that a change concerns, and syncs one key from what is in the store; it never waits itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress

from kubernaut_sandbox.access.request_context import controller_context
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.events import EventRecorder
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.store import Change

Key = tuple[str, str]
"""Namespace and name."""
_LOG = logging.getLogger(__name__)
_MIN_RETRY_SECONDS, _MAX_RETRY_SECONDS = 0.5, 30.0


class Controller:
    """Base of all controllers: keys, sync, and the means to read, write and record Events."""

    name = ""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster, self.store, self.registry = cluster, cluster.store, cluster.registry
        self.context = controller_context(self.name)
        self.events = EventRecorder(cluster, self.name)

    def keys(self, change: Change) -> Iterable[Key]:
        """Return the keys that a change concerns."""
        raise NotImplementedError

    def delay(self, change: Change) -> float:
        """Return the seconds to wait before the sync, so that one sync handles several changes."""
        return 0.0

    def sync(self, key: Key) -> float | None:
        """Bring the object that the key names to its desired state; return the seconds until the next sync, or None."""
        raise NotImplementedError

    def put_status(self, resource: str, obj: Object, status: Object) -> Object:
        """Write a status, unless the object already has it; return the object as stored."""
        kind = self.registry.kinds.by_resource(resource)
        metadata = obj["metadata"]
        changed = {**obj, "status": status}
        if changed == obj:
            return obj
        return self.registry.update(
            self.context, kind, metadata.get("namespace", ""), metadata["name"], changed, "status"
        )


class ControllerLoop:
    """Runs one controller, which starts with the keys of every object in the store."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller
        self._due: dict[Key, float] = {}
        self._failures: dict[Key, int] = {}
        self._wake = asyncio.Event()
        self._unsubscribe = controller.store.listen(self._on_change)
        for change in controller.store.snapshot():
            self._on_change(change)
        self._task = asyncio.create_task(self._run(), name=f"sandbox-{controller.name}")

    async def stop(self) -> None:
        """Stop the loop; the queue is lost."""
        self._unsubscribe()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    def _on_change(self, change: Change) -> None:
        for key in self._controller.keys(change):
            self._enqueue(key, self._controller.delay(change))

    def _enqueue(self, key: Key, after: float) -> None:
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
            earliest = min(self._due.values(), default=None)
            with suppress(TimeoutError):
                async with asyncio.timeout_at(earliest):
                    await self._wake.wait()

    def _sync(self, key: Key) -> None:
        try:
            requeue_after = self._controller.sync(key)
        except ApiError as error:
            _LOG.debug("%s: %s: %s", self._controller.name, key, error)
            self._retry(key)
        except Exception:  # noqa: BLE001  # an error with one key must not stop the controller
            _LOG.exception("%s failed on %s", self._controller.name, key)
            self._retry(key)
        else:
            self._failures.pop(key, None)
            if requeue_after is not None:
                self._enqueue(key, requeue_after)

    def _retry(self, key: Key) -> None:
        count = self._failures[key] = self._failures.get(key, 0) + 1
        self._enqueue(key, min(_MIN_RETRY_SECONDS * 2 ** min(count - 1, 20), _MAX_RETRY_SECONDS))
