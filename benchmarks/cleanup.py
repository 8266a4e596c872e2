"""Empties the namespace of a run, and waits until Jobs and pods are gone, which belongs to what a Job costs."""

from __future__ import annotations

import asyncio

from benchmarks import paths
from benchmarks.place import Place

_POLL_SECONDS = 1.0


async def empty(place: Place, *, task_runs: bool = False) -> None:
    """Delete the executions, Jobs, pods and, where Tekton is installed, TaskRuns of earlier stages; wait until Jobs and pods are gone."""
    created = [paths.executions(place.namespace), *([paths.task_runs(place.namespace)] if task_runs else [])]
    for path in (*created, paths.jobs(place.namespace), paths.core(place.namespace, "pods")):
        await place.api.delete(path, propagationPolicy="Background")
    await until_gone(place)


async def until_gone(place: Place) -> None:
    """Wait until all Jobs and pods are gone; it asks once a second, for one object at most."""
    for path in (paths.jobs(place.namespace), paths.core(place.namespace, "pods")):
        while (await place.api.get(path, limit="1"))["items"]:
            await asyncio.sleep(_POLL_SECONDS)
