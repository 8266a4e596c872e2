"""Keeps a copy of one kind of object in memory: lists once, then watches, resumes after every break, and lists again after a 410.

It passes each change (old, new) to one callback, and keeps no more of each object than its readers need.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubernaut.api.timestamps import now
from kubernaut.errors import ExpiredError, KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import CachedObject, Key, Object, Resource, key_of, without_managed_fields

log = logging.getLogger(__name__)

_STABLE_SECONDS = 1.0
_MAX_PAUSE_SECONDS = 10.0

OnChange = Callable[[CachedObject | None, CachedObject | None], None]
"""Called with the object before and after a change: None before it appeared, and after it was deleted."""


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects are watched."""

    resource: Resource
    namespaces: Sequence[str] = ()
    """Empty means all of them, with one watch."""
    selector: str = ""
    """A label selector."""


@dataclass(frozen=True, slots=True)
class Retention:
    """What is kept of each object."""

    transform: Callable[[Object], Object] = without_managed_fields
    """Returns the object without the fields that no reader needs."""
    index: Callable[[Object], str] = lambda _: ""
    """Returns the value by which `Informer.indexed` finds it."""
    facts: Callable[[Object], Iterable[str]] = lambda _: ()
    """Returns the facts that hold of it now; the cache keeps when each was first seen."""


class Informer:
    """The copy, and the task that keeps it current."""

    def __init__(self, cluster: Cluster, scope: Scope, on_change: OnChange, retention: Retention = Retention()) -> None:
        self.resource = scope.resource
        self._cluster, self._selector, self._on_change, self._retention = cluster, scope.selector, on_change, retention
        self._objects: dict[Key, CachedObject] = {}
        self._by_index: defaultdict[str, dict[Key, CachedObject]] = defaultdict(dict)
        self._versions: dict[str | None, str] = dict.fromkeys(scope.namespaces or (None,), "")
        """By watched namespace (None: all of them), the version from which its watch continues; empty where it must be listed."""
        self.synced = asyncio.Event()
        """Set once the first list of every namespace is complete."""
        self.restarts = 0
        """How often a watch was restarted."""

    def get(self, key: Key) -> CachedObject | None:
        """Return the object as last seen, or None."""
        return self._objects.get(key)

    def indexed(self, value: str) -> list[CachedObject]:
        """Return all objects with this value of the index."""
        return list(self._by_index[value].values()) if value in self._by_index else []

    def __iter__(self) -> Iterator[CachedObject]:
        return iter(list(self._objects.values()))

    def __len__(self) -> int:
        return len(self._objects)

    def accept(self, obj: Object) -> CachedObject:
        """Store the API server's answer to a write of our own, so that the next reconcile does not read the past."""
        return self._put(obj)

    async def run(self) -> None:
        """List and watch until cancelled; every error of the API is logged and tried again after a pause that grows."""
        async with asyncio.TaskGroup() as tasks:
            for namespace in self._versions:
                tasks.create_task(self._keep(namespace))

    async def _keep(self, namespace: str | None) -> None:
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            started = loop.time()
            try:
                if not self._versions[namespace]:
                    await self._list(namespace)
                await self._watch(namespace)
            except ExpiredError:
                log.info("watch of %s is too old to resume: listing again", self.resource.plural)
                self._versions[namespace] = ""
            except KubernautError as error:
                log.warning("watch of %s: %s", self.resource.plural, error)
            self.restarts += 1
            # A round that lasted is not a failure, however it ended. Short ones in a row would be a storm of our own making.
            failures = 0 if loop.time() - started > _STABLE_SECONDS else failures + 1
            if failures > 1:
                await asyncio.sleep(min(_MAX_PAUSE_SECONDS, 0.1 * 2 ** min(failures, 9)) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    async def _list(self, namespace: str | None) -> None:
        listed: set[Key] = set()
        version = ""
        async for page in self._cluster.pages(self.resource, namespace, selector=self._selector):
            version = page.resource_version
            for obj in page.items:  # at work while the next page is read
                listed.add(key_of(obj))
                self._receive(obj, listed=True)
        for key in [key for key in self._objects.keys() - listed if namespace in {None, key.namespace}]:
            self._drop(key)
        self._versions[namespace] = version
        if all(self._versions.values()):
            self.synced.set()

    async def _watch(self, namespace: str | None) -> None:
        version = self._versions[namespace]
        async for event in self._cluster.watch(self.resource, version, namespace=namespace, selector=self._selector):
            if event.type == "DELETED":
                self._drop(key_of(event.object))
            elif event.type != "BOOKMARK":
                self._receive(event.object)
            self._versions[namespace] = event.object["metadata"]["resourceVersion"]

    def _receive(self, obj: Object, *, listed: bool = False) -> None:
        """Store an object from the API server. One that cannot be handled is skipped; the watch that it came with goes on."""
        try:
            self._put(obj, listed=listed)
        except Exception:
            log.exception("%s %s cannot be handled", self.resource.plural, key_of(obj))

    def _put(self, obj: Object, *, listed: bool = False) -> CachedObject:
        key = key_of(obj)
        old = self._objects.get(key)
        if old is not None and not listed and _is_older(obj, old.json):
            return old
        kept = self._retention.transform(obj)
        new = CachedObject(kept, self._first_seen(kept, old))
        if old is not None:
            self._unindex(key, old)
        self._objects[key] = new
        self._by_index[self._retention.index(kept)][key] = new
        self._on_change(old, new)
        return new

    def _first_seen(self, obj: Object, old: CachedObject | None) -> dict[str, datetime]:
        same = old is not None and old.json["metadata"]["uid"] == obj["metadata"]["uid"]
        first_seen = dict(old.first_seen) if old is not None and same else {}
        for fact in self._retention.facts(obj):
            first_seen.setdefault(fact, now())
        if not same:
            first_seen["created"] = now()
        return first_seen

    def _drop(self, key: Key) -> None:
        old = self._objects.pop(key, None)
        if old is not None:
            self._unindex(key, old)
            self._on_change(old, None)

    def _unindex(self, key: Key, cached: CachedObject) -> None:
        value = self._retention.index(cached.json)
        self._by_index[value].pop(key, None)
        if not self._by_index[value]:
            del self._by_index[value]


def _is_older(new: Object, old: Object) -> bool:
    """Whether `new` is the same object at the same or an earlier version.

    Versions of one resource can be compared since Kubernetes 1.35 (KEP-5504); one that is not a number counts as newer.
    """
    if new["metadata"]["uid"] != old["metadata"]["uid"]:
        return False
    newer, older = new["metadata"]["resourceVersion"], old["metadata"]["resourceVersion"]
    return bool(older.isdigit() and newer.isdigit() and int(newer) <= int(older))
