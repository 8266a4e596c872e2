"""One watch: from a resourceVersion on, every change of the selected objects, bookmarks in between, until it ends.

An object that comes to fit the selector is ADDED and one that ceases to fit is DELETED, as the watch cache has it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut_sandbox.api.request_info import truthy
from kubernaut_sandbox.fault_injection import Faults
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, namespace_of
from kubernaut_sandbox.model.selectors import Selector
from kubernaut_sandbox.model.statuses import ApiError, Cause, expired, invalid, unsupported_value
from kubernaut_sandbox.model.store import Change, Store
from kubernaut_sandbox.options import SandboxOptions
from kubernaut_sandbox.registry.registry import presented

_INITIAL_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """What a watch's query asks for."""

    kind: Kind
    namespace: str
    selector: Selector
    revision: str
    bookmarks: bool
    initial: bool
    seconds: float


def watch_request(
    kind: Kind, namespace: str, selector: Selector, query: Mapping[str, str], options: SandboxOptions
) -> WatchRequest:
    """Read and check the query."""
    initial = query.get("sendInitialEvents")
    match = query.get("resourceVersionMatch")
    causes = _match_causes(initial, match or "")
    if causes:
        raise invalid("ListOptions.meta.k8s.io", "", causes)
    seconds = float(query.get("timeoutSeconds") or 0) or options.watch_timeout_seconds
    revision = query.get("resourceVersion") or ""
    if revision and not revision.isdigit():
        message = (
            f'resourceVersion: Invalid value: "{revision}": strconv.ParseUint: parsing "{revision}": invalid syntax'
        )
        raise ApiError(500, "", message)
    wants_initial = truthy(query, "sendInitialEvents")
    return WatchRequest(
        kind, namespace, selector, revision, truthy(query, "allowWatchBookmarks"), wants_initial, seconds
    )


def _match_causes(initial: str | None, match: str) -> list[Cause]:
    field, newer = "resourceVersionMatch", "NotOlderThan"
    causes = []
    if initial is not None and match != newer:
        why = f"Forbidden: sendInitialEvents requires setting resourceVersionMatch to {newer}"
        causes.append(Cause(field, why, "FieldValueForbidden"))
    if initial is None and match:
        why = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        causes.append(Cause(field, why, "FieldValueForbidden"))
    if match and match != newer:
        causes.append(unsupported_value(field, match, (newer,)))
    return causes


class Watch:
    """The events of one watch, in order."""

    def __init__(self, store: Store, faults: Faults, request: WatchRequest, bookmark_seconds: float) -> None:
        self._store, self._faults, self._request = store, faults, request
        self._bookmark_seconds = bookmark_seconds
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue()
        self._silent = False
        self._seen = 0

    async def events(self) -> AsyncIterator[tuple[str, Object]]:
        """Pairs of event type and object, until the watch's time is over or it is cut."""
        stop = self._store.listen(self._hear)
        self._faults.watch_opened(self, lambda: self._queue.put_nowait(None), self._silence)
        try:
            try:
                for event in self._first():
                    yield event
            except ApiError as error:
                yield "ERROR", error.status()
                return
            async for event in self._later():
                yield event
        finally:
            stop()
            self._faults.watch_closed(self)

    def _hear(self, change: Change) -> None:
        if change.resource == self._request.kind.resource:
            self._queue.put_nowait(change)

    def _silence(self) -> None:
        self._silent = True

    def _first(self) -> list[tuple[str, Object]]:
        """What is sent before waiting: the present state, or the changes since the given revision."""
        request, self._seen = self._request, self._store.revision
        if request.revision in ("", "0") or request.initial:
            objects = self._store.list(request.kind.resource, request.namespace)
            events = [("ADDED", presented(request.kind, obj)) for obj in objects if request.selector.matches(obj)]
            if request.initial and request.bookmarks:
                events.append(self._bookmark(initial_end=True))
            return events
        since = int(request.revision)
        if since > self._store.revision:
            raise expired(f"too large resource version: {since}, current: {self._store.revision}")
        changes = self._store.changes_since(request.kind.resource, since)
        return [event for change in changes if (event := self._event(change))]

    async def _later(self) -> AsyncIterator[tuple[str, Object]]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._request.seconds
        # As the watch cache does it: a bookmark every interval, and one two seconds before the end.
        mark = min(loop.time() + self._bookmark_seconds, end - 2)
        while (now := loop.time()) < end:
            wake = min(mark, end) if self._request.bookmarks and mark > now else end
            try:
                async with asyncio.timeout_at(wake):
                    change = await self._queue.get()
            except TimeoutError:
                if wake >= end:
                    return
                mark += self._bookmark_seconds
                if not self._silent:
                    yield self._bookmark()
                continue
            if change is None:
                return
            event = self._event(change)
            if event and not self._silent:
                yield event

    def _event(self, change: Change) -> tuple[str, Object] | None:
        request = self._request
        self._seen = max(self._seen, change.revision)
        if request.namespace and namespace_of(change.new) != request.namespace:
            return None
        fits = request.selector.matches(change.new)
        fitted = change.old is not None and request.selector.matches(change.old)
        if change.type == "DELETED":
            return ("DELETED", presented(request.kind, change.new)) if fitted else None
        if not fits:
            return ("DELETED", presented(request.kind, _stamped(change))) if fitted else None
        return ("MODIFIED" if fitted else "ADDED", presented(request.kind, change.new))

    def _bookmark(self, *, initial_end: bool = False) -> tuple[str, Object]:
        kind = self._request.kind
        metadata: dict[str, Any] = {
            "resourceVersion": str(max(self._seen, self._store.revision if self._queue.empty() else 0))
        }
        if initial_end:
            metadata["annotations"] = {_INITIAL_END: "true"}
        return "BOOKMARK", {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}


def _stamped(change: Change) -> Object:
    """The last state that fitted, at the revision at which it ceased to."""
    old = change.old or change.new
    return {**old, "metadata": {**old["metadata"], "resourceVersion": str(change.revision)}}
