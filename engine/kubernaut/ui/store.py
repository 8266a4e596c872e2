"""The executions as the API server last told, and whether it still answers: one watch for all pages that are open."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import read_execution
from kubernaut.errors import DeniedError, InputError, KubernautError, UnauthenticatedError
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import watch_collection
from kubernaut.kube.objects import EXECUTIONS, Key, Object

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 3.0
_RETRY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Outage:
    """A time in which the API server does not answer, or does not know this user any more."""

    since: datetime
    message: str
    login_ended: bool = False


class ExecutionStore:
    """What one watch has told. `namespace` None means all of them, if this user may list them, else `fallback`."""

    def __init__(self, cluster: Cluster, namespace: str | None, fallback: str) -> None:
        self._cluster, self._fallback = cluster, fallback
        self.namespace = namespace
        self.outage: Outage | None = None
        self.unreadable = 0
        """How many executions do not fit this version of kubernaut, and are left out."""
        self.version = 0
        """Grows with every change."""
        self.synced = asyncio.Event()
        """Set once the first list has come, or the API server has refused it."""
        self._executions: dict[Key, ExecutionView] = {}
        self._changed = asyncio.Event()

    def get(self, key: Key) -> ExecutionView | None:
        """Return the execution of this key, or None."""
        return self._executions.get(key)

    def newest_first(self, wanted: Callable[[ExecutionView], bool] = lambda _: True) -> list[ExecutionView]:
        """Return the executions that are wanted, the newest first."""
        return sorted(filter(wanted, self._executions.values()), key=_age_order, reverse=True)

    def __iter__(self) -> Iterator[ExecutionView]:
        return iter(list(self._executions.values()))

    def __len__(self) -> int:
        return len(self._executions)

    async def run(self) -> None:
        """Watch until cancelled. What goes wrong is an outage, which ends when the API server answers again."""
        while True:
            try:
                async for found in watch_collection(
                    self._cluster, EXECUTIONS, self.namespace, patience_seconds=_PATIENCE_SECONDS
                ):
                    self._take(found)
            except DeniedError as error:
                if self.namespace is None and not self._executions:
                    self.namespace = self._fallback
                    continue
                self._lose(error)
            except KubernautError as error:
                self._lose(error)
            except Exception as error:  # a defect of ours, or of a library: the page must not look current
                log.exception("executions cannot be watched")
                self._lose(KubernautError(f"{type(error).__name__}: the log of kubernaut ui has the traceback"))
            await asyncio.sleep(_RETRY_SECONDS)

    async def wait(self, version: int, seconds: float) -> bool:
        """Wait for a later version than this one, at most for so many seconds, and return whether it has come."""
        try:
            async with asyncio.timeout(seconds):
                while self.version == version:
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def _take(self, found: Mapping[Key, Object]) -> None:
        known = self._executions
        views = {
            key: view if (view := known.get(key)) and view.json is obj else ExecutionView(obj)
            for key, obj in found.items()
        }
        self._executions = {key: view for key, view in views.items() if view is known.get(key) or _is_readable(view)}
        self.unreadable = len(views) - len(self._executions)
        self.outage = None
        self._announce()

    def _lose(self, error: KubernautError) -> None:
        log.warning("executions cannot be watched: %s", error)
        since = self.outage.since if self.outage else now()
        self.outage = Outage(since, str(error), isinstance(error, UnauthenticatedError))
        self._announce()

    def _announce(self) -> None:
        self.version += 1
        self.synced.set()
        self._changed.set()
        self._changed = asyncio.Event()


def _is_readable(execution: ExecutionView) -> bool:
    try:
        read_execution(execution.json)
    except InputError as error:
        log.warning("%s", error)
        return False
    return True


def _age_order(execution: ExecutionView) -> tuple[str, str]:
    return str(execution.json["metadata"]["creationTimestamp"]), execution.name
