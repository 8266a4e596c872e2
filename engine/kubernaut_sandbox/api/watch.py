"""A watch: every change of the selected objects after a resourceVersion, with bookmarks, until it times out.

An object that starts to match the selector is ADDED and one that no longer matches is DELETED, as in the watch cache.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut_sandbox.api.request_info import truthy, whole_number
from kubernaut_sandbox.fault_injection import FaultInjector
from kubernaut_sandbox.model.kinds import Kind, in_version
from kubernaut_sandbox.model.objects import Object, namespace_of
from kubernaut_sandbox.model.selectors import Selector
from kubernaut_sandbox.model.statuses import ApiError, Cause, bad_request, expired, invalid, unsupported_value
from kubernaut_sandbox.model.store import Change, Store
from kubernaut_sandbox.options import SandboxOptions

_INITIAL_END = "k8s.io/initial-events-end"


@dataclass(frozen=True, slots=True)
class WatchRequest:
    """The options of a watch."""

    kind: Kind
    namespace: str
    selector: Selector
    revision: str
    allow_bookmarks: bool
    send_initial_events: bool
    timeout_seconds: float


def watch_request(
    kind: Kind, namespace: str, selector: Selector, query: Mapping[str, str], options: SandboxOptions
) -> WatchRequest:
    """Read the options of a watch from its query; raise ApiError for invalid ones."""
    initial = query.get("sendInitialEvents")
    match = query.get("resourceVersionMatch")
    causes = _match_causes(initial, match or "")
    if causes:
        raise invalid("ListOptions.meta.k8s.io", "", causes)
    seconds = whole_number(query.get("timeoutSeconds") or "0")
    if seconds is None:
        raise bad_request(f'strconv.ParseInt: parsing "{query["timeoutSeconds"]}": invalid syntax')
    timeout_seconds = seconds or options.watch_timeout_seconds
    revision = query.get("resourceVersion") or ""
    if revision and whole_number(revision) is None:
        message = (
            f'resourceVersion: Invalid value: "{revision}": strconv.ParseUint: parsing "{revision}": invalid syntax'
        )
        raise ApiError(500, "", message)
    send_initial_events = truthy(query, "sendInitialEvents")
    return WatchRequest(
        kind, namespace, selector, revision, truthy(query, "allowWatchBookmarks"), send_initial_events, timeout_seconds
    )


def _match_causes(initial: str | None, match: str) -> list[Cause]:
    field, newer = "resourceVersionMatch", "NotOlderThan"
    causes = []
    if initial is not None and match != newer:
        detail = f"Forbidden: sendInitialEvents requires setting resourceVersionMatch to {newer}"
        causes.append(Cause(field, detail, "FieldValueForbidden"))
    if initial is None and match:
        detail = "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"
        causes.append(Cause(field, detail, "FieldValueForbidden"))
    if match and match != newer:
        causes.append(unsupported_value(field, match, (newer,)))
    return causes


class Watch:
    """Produces the events of a watch, in order."""

    def __init__(self, store: Store, injector: FaultInjector, request: WatchRequest, bookmark_seconds: float) -> None:
        self._store, self._injector, self._request = store, injector, request
        self._bookmark_seconds = bookmark_seconds
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue()
        self._silent = False
        self._revision = 0

    async def events(self) -> AsyncIterator[tuple[str, Object]]:
        """Yield pairs of event type and object, until the watch times out or is cut."""
        unsubscribe = self._store.listen(self._on_change)
        self._injector.watch_opened(self, lambda: self._queue.put_nowait(None), self._silence)
        try:
            try:
                for event in self._initial_events():
                    yield event
            except ApiError as error:
                yield "ERROR", error.status()
                return
            async for event in self._live_events():
                yield event
        finally:
            unsubscribe()
            self._injector.watch_closed(self)

    def _on_change(self, change: Change) -> None:
        if change.resource == self._request.kind.resource:
            self._queue.put_nowait(change)

    def _silence(self) -> None:
        self._silent = True

    def _initial_events(self) -> list[tuple[str, Object]]:
        """Return the events to send first: the present objects, or the changes since the requested revision."""
        request, self._revision = self._request, self._store.revision
        if request.revision in ("", "0") or request.send_initial_events:
            objects = self._store.list(request.kind.resource, request.namespace)
            events = [("ADDED", in_version(request.kind, obj)) for obj in objects if request.selector.matches(obj)]
            if request.send_initial_events and request.allow_bookmarks:
                events.append(self._bookmark(initial_end=True))
            return events
        since = int(request.revision)
        if since > self._store.revision:
            raise expired(f"too large resource version: {since}, current: {self._store.revision}")
        changes = self._store.changes_since(request.kind.resource, since)
        return [event for change in changes if (event := self._event(change))]

    async def _live_events(self) -> AsyncIterator[tuple[str, Object]]:
        loop = asyncio.get_running_loop()
        end = loop.time() + self._request.timeout_seconds
        # As in the watch cache: a bookmark every interval, and one two seconds before the end.
        next_bookmark = min(loop.time() + self._bookmark_seconds, end - 2)
        while (now := loop.time()) < end:
            deadline = min(next_bookmark, end) if self._request.allow_bookmarks and next_bookmark > now else end
            try:
                async with asyncio.timeout_at(deadline):
                    change = await self._queue.get()
            except TimeoutError:
                if deadline >= end:
                    return
                next_bookmark += self._bookmark_seconds
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
        self._revision = max(self._revision, change.revision)
        if request.namespace and namespace_of(change.new) != request.namespace:
            return None
        matches_now = request.selector.matches(change.new)
        matched_before = change.old is not None and request.selector.matches(change.old)
        if change.type == "DELETED":
            return ("DELETED", in_version(request.kind, change.new)) if matched_before else None
        if not matches_now:
            return ("DELETED", in_version(request.kind, _last_match(change))) if matched_before else None
        return ("MODIFIED" if matched_before else "ADDED", in_version(request.kind, change.new))

    def _bookmark(self, *, initial_end: bool = False) -> tuple[str, Object]:
        kind = self._request.kind
        metadata: dict[str, Any] = {
            "resourceVersion": str(max(self._revision, self._store.revision if self._queue.empty() else 0))
        }
        if initial_end:
            metadata["annotations"] = {_INITIAL_END: "true"}
        return "BOOKMARK", {"kind": kind.kind, "apiVersion": kind.api_version, "metadata": metadata}


def _last_match(change: Change) -> Object:
    """Return the last state that matched the selector, with the revision of the change after which it does not."""
    old = change.old or change.new
    return {**old, "metadata": {**old["metadata"], "resourceVersion": str(change.revision)}}
