"""Keeps a copy of one kind of object in memory: list once, then watch, resume after every break, list again after 410.

It hands on what changed (old, new) to one callback, and keeps no more of each object than its reader needs.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from kubernaut.errors import ExpiredError, KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key, Object, key_of, without_noise
from kubernaut.kube.resources import Resource

log = logging.getLogger(__name__)

_LASTING_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 10.0


class Informer:
    """The copy, and the task that keeps it true."""

    def __init__(
        self,
        cluster: Cluster,
        resource: Resource,
        on_change: Callable[[Object | None, Object | None], None],
        *,
        selector: str = "",
        trim: Callable[[Object], Object] = without_noise,
        index: Callable[[Object], str] = lambda _: "",
        namespaces: Sequence[str] = (),
    ) -> None:
        self.resource, self._cluster, self._on_change = resource, cluster, on_change
        self._selector, self._trim = selector, trim
        self._index = index
        self._objects: dict[Key, Object] = {}
        self._by_index: defaultdict[str, dict[Key, Object]] = defaultdict(dict)
        self._versions: dict[str | None, str] = dict.fromkeys(namespaces or (None,), "")
        """By namespace that is watched (None: all of them at once), where its watch goes on; empty where it must be listed."""
        self.synced = asyncio.Event()
        """Set once the first list is complete, of every namespace."""
        self.restarts = 0
        """How often the watch was begun anew."""

    def get(self, key: Key) -> Object | None:
        """The object as last seen."""
        return self._objects.get(key)

    def indexed(self, value: str) -> list[Object]:
        """All objects whose index has this value."""
        return list(self._by_index[value].values()) if value in self._by_index else []

    def __iter__(self) -> Iterator[Object]:
        return iter(list(self._objects.values()))

    def __len__(self) -> int:
        return len(self._objects)

    def accept(self, obj: Object) -> None:
        """Take in the API server's answer to a write of our own, so that the next look does not see the past."""
        self._put(self._trim(obj))

    async def run(self) -> None:
        """List and watch until cancelled; every failure is logged and tried again with growing patience."""
        async with asyncio.TaskGroup() as tasks:
            for namespace in self._versions:
                tasks.create_task(self._keep(namespace))

    async def _keep(self, namespace: str | None) -> None:
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            began = loop.time()
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
            # A round that lasted is no failure, however it ended; one after the other that does not is a storm of our own making.
            failures = 0 if loop.time() - began > _LASTING_SECONDS else failures + 1
            if failures > 1:
                await asyncio.sleep(min(_LONGEST_PAUSE_SECONDS, 0.1 * 2 ** min(failures, 9)) * random.uniform(0.5, 1.0))  # noqa: S311 - jitter

    async def _list(self, namespace: str | None) -> None:
        seen: set[Key] = set()
        more = ""
        while True:
            page = await self._cluster.list(self.resource, namespace, selector=self._selector, more=more)
            for obj in page.items:
                seen.add(key_of(obj))
                self._put(self._trim(obj), listed=True)
            more = page.more
            if not more:
                break
        for key in [key for key in self._objects.keys() - seen if namespace in {None, key.namespace}]:
            self._drop(key)
        self._versions[namespace] = page.resource_version
        if all(self._versions.values()):
            self.synced.set()

    async def _watch(self, namespace: str | None) -> None:
        version = self._versions[namespace]
        async for event in self._cluster.watch(self.resource, version, namespace=namespace, selector=self._selector):
            if event.type == "DELETED":
                self._drop(key_of(event.object))
            elif event.type != "BOOKMARK":
                self._put(self._trim(event.object))
            self._versions[namespace] = event.object["metadata"]["resourceVersion"]

    def _put(self, obj: Object, *, listed: bool = False) -> None:
        key = key_of(obj)
        old = self._objects.get(key)
        if old is not None and not listed and _is_older(obj, old):
            return
        if old is not None:
            self._unindex(key, old)
        self._objects[key] = obj
        self._by_index[self._index(obj)][key] = obj
        self._on_change(old, obj)

    def _drop(self, key: Key) -> None:
        old = self._objects.pop(key, None)
        if old is not None:
            self._unindex(key, old)
            self._on_change(old, None)

    def _unindex(self, key: Key, obj: Object) -> None:
        value = self._index(obj)
        self._by_index[value].pop(key, None)
        if not self._by_index[value]:
            del self._by_index[value]


def _is_older(new: Object, old: Object) -> bool:
    """Is `new` the same object at the same or an earlier version? Versions of one resource can be compared since Kubernetes 1.35
    (KEP-5504); what is no number is taken as newer."""
    if new["metadata"]["uid"] != old["metadata"]["uid"]:
        return False
    ours, theirs = old["metadata"]["resourceVersion"], new["metadata"]["resourceVersion"]
    return bool(ours.isdigit() and theirs.isdigit() and int(theirs) <= int(ours))
