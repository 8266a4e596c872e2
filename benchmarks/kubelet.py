"""A stand-in kubelet: a node of the benchmark's own whose pods end at once, each container with the report from its environment.

So the time of an execution is that of the control plane and the engine.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import aiohttp

from benchmarks import paths
from benchmarks.api import Api, ApiError, Object
from benchmarks.placement import NODE_LABEL, REPORT

log = logging.getLogger(__name__)

_HEARTBEAT_SECONDS = 10.0
_READY_SECONDS = 60.0
_CAPACITY = {"cpu": "10000", "memory": "10000Gi", "pods": "100000"}


class StandInKubelet:
    """Provides the node while it is open; it runs the pods of one namespace."""

    def __init__(self, api: Api, namespace: str, node: str) -> None:
        self._api, self._namespace, self._node = api, namespace, node
        self._tasks: set[asyncio.Task[None]] = set()
        self._started: set[str] = set()

    async def __aenter__(self) -> Self:
        await self._api.post(paths.NODES, _node(self._node))
        try:
            await self._beat()
            async with asyncio.timeout(_READY_SECONDS):
                await self._until_schedulable()
        except BaseException:
            await self._api.delete(f"{paths.NODES}/{self._node}")
            raise
        self._start(self._keep_ready())
        self._start(self._run_pods())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._api.delete(f"{paths.NODES}/{self._node}")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _beat(self) -> None:
        time = _now()
        ready = {
            "type": "Ready",
            "status": "True",
            "reason": "KubeletReady",
            "message": "",
            "lastHeartbeatTime": time,
            "lastTransitionTime": time,
        }
        status = {"conditions": [ready], "capacity": _CAPACITY, "allocatable": _CAPACITY}
        await self._api.patch(f"{paths.NODES}/{self._node}/status", {"status": status}, "strategic-merge")

    async def _keep_ready(self) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                await self._beat()
            except (ApiError, aiohttp.ClientError) as error:
                log.warning("the status of node %s could not be updated: %s", self._node, error)

    async def _until_schedulable(self) -> None:
        """Wait until the control plane removes the taint of a new node, which it does once the node is ready."""
        while True:
            node = await self._api.get(f"{paths.NODES}/{self._node}")
            if {taint["key"] for taint in node["spec"].get("taints", [])} == {NODE_LABEL}:
                return
            await asyncio.sleep(0.2)

    async def _run_pods(self) -> None:
        while True:
            try:
                await self._watch_pods()
            except (ApiError, aiohttp.ClientError) as error:
                log.warning("the pods of node %s cannot be watched: %s", self._node, error)
                await asyncio.sleep(1.0)

    async def _watch_pods(self) -> None:
        path, selector = paths.core(self._namespace, "pods"), f"spec.nodeName={self._node}"
        found = await self._api.get(path, fieldSelector=selector)
        for pod in found["items"]:
            self._handle(pod)
        async for kind, pod in self._api.watch(path, found["metadata"]["resourceVersion"], fieldSelector=selector):
            if kind == "ERROR":
                return
            if kind != "DELETED":
                self._handle(pod)

    def _handle(self, pod: Object) -> None:
        metadata, ended = pod["metadata"], pod["status"].get("phase") in {"Succeeded", "Failed"}
        if metadata.get("deletionTimestamp"):
            self._start(self._confirm_deletion(pod))
        elif not ended and metadata["uid"] not in self._started:
            self._started.add(metadata["uid"])
            self._start(self._run(pod))

    async def _confirm_deletion(self, pod: Object) -> None:
        with self._log_errors(pod):
            await self._api.delete(self._path(pod), gracePeriodSeconds=0, preconditions={"uid": pod["metadata"]["uid"]})

    async def _run(self, pod: Object) -> None:
        with self._log_errors(pod):
            for status in (running_status(pod), succeeded_status(pod)):
                await self._api.patch(f"{self._path(pod)}/status", {"status": status}, "strategic-merge")

    def _path(self, pod: Object) -> str:
        return f"{paths.core(self._namespace, 'pods')}/{pod['metadata']['name']}"

    @contextmanager
    def _log_errors(self, pod: Object) -> Iterator[None]:
        """Log errors of the block, except that the pod is gone or was replaced."""
        try:
            yield
        except (ApiError, aiohttp.ClientError) as error:
            if not (isinstance(error, ApiError) and error.status in {404, 409}):
                log.warning("pod %s: %s", pod["metadata"]["name"], error)


def running_status(pod: Object) -> Object:
    """Return the status of a pod whose initContainers have ended and whose containers are running."""
    spec, time = pod["spec"], _now()
    conditions = [_condition(kind, "True") for kind in ("Initialized", "Ready", "ContainersReady")]
    return {
        "phase": "Running",
        "startTime": time,
        "conditions": conditions,
        "initContainerStatuses": _terminated_statuses(spec.get("initContainers", []), time),
        "containerStatuses": [_status(c, {"running": {"startedAt": time}}, ready=True) for c in spec["containers"]],
    }


def succeeded_status(pod: Object) -> Object:
    """Return the status of a pod that has succeeded."""
    spec, time = pod["spec"], _now()
    conditions = [_condition(kind, "False", "PodCompleted") for kind in ("Ready", "ContainersReady")]
    return {
        "phase": "Succeeded",
        "conditions": conditions,
        "initContainerStatuses": _terminated_statuses(spec.get("initContainers", []), time),
        "containerStatuses": _terminated_statuses(spec["containers"], time),
    }


def _terminated_statuses(containers: Iterable[Object], time: str) -> list[Object]:
    return [_status(container, {"terminated": _terminated(container, time)}) for container in containers]


def _terminated(container: Object, time: str) -> Object:
    message = next((entry.get("value", "") for entry in container.get("env", []) if entry["name"] == REPORT), "")
    report = {"message": message} if message else {}
    return {"exitCode": 0, "reason": "Completed", "startedAt": time, "finishedAt": time, **report}


def _status(container: Object, state: Object, *, ready: bool = False) -> Object:
    image = container["image"]
    return {
        "name": container["name"],
        "image": image,
        "imageID": image,
        "ready": ready,
        "restartCount": 0,
        "state": {"waiting": None, "running": None, "terminated": None, **state},
    }


def _condition(kind: str, status: str, reason: str = "") -> Object:
    return {"type": kind, "status": status, "reason": reason, "lastTransitionTime": _now()}


def _node(name: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": {NODE_LABEL: name, "kubernetes.io/hostname": name}},
        "spec": {"taints": [{"key": NODE_LABEL, "value": name, "effect": "NoSchedule"}]},
    }


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
