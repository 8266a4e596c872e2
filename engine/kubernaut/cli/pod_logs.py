"""The log lines of an execution's pods, each with the step and attempt that wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.cli.pods import own_pods
from kubernaut.errors import DeniedError, InputError, NotFoundError, RejectedError, RetryError
from kubernaut.jobs.attempts import read_attempts
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, CachedObject, Object, key_of
from kubernaut.kube.watch import has_ended

_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """One step of one attempt that has begun to write."""

    attempt: int
    step: str
    pod: str


@dataclass(frozen=True, slots=True)
class LogLine:
    """A line, and who wrote it."""

    source: Source
    text: str


@dataclass(frozen=True, slots=True)
class PodLogs:
    """The logs of one execution; those of one step or attempt alone, where they are named."""

    cluster: Cluster
    obj: Mapping[str, Any]
    step: str = ""
    attempt: int = 0

    async def lines(self) -> AsyncIterator[LogLine]:
        """All that has been written so far. Raises DeniedError, naming the right, where this user may not read it."""
        for source in await self.sources():
            async for line in self._read(source, follow=False):
                yield line

    async def followed(self, patience_seconds: float = 30.0) -> AsyncIterator[LogLine]:
        """The same, and what is written from now on, until the execution has ended."""
        told: dict[Source, int] = {}
        done: set[Source] = set()
        loop = asyncio.get_running_loop()
        answered = loop.time()
        while True:
            try:
                ended = has_ended(await self.cluster.get(EXECUTIONS, *key_of(self.obj)))
                sources = [source for source in await self.sources() if source not in done]
                for source in sources:
                    async for line in self._read(source, follow=True, skip=told.get(source, 0)):
                        told[source] = told.get(source, 0) + 1
                        yield line
                    done.add(source)
                answered = loop.time()
                if ended and not sources:
                    return
            except RetryError:
                if loop.time() - answered > patience_seconds:
                    raise
            await asyncio.sleep(_POLL_SECONDS)

    async def sources(self) -> list[Source]:
        """Who has begun to write, oldest first."""
        try:
            pods = await own_pods(self.cluster, self.obj)
        except DeniedError as error:
            raise _denied(error, "list pods", key_of(self.obj).namespace) from error
        return [source for source in sources_of(pods) if self._wanted(source)]

    def _wanted(self, source: Source) -> bool:
        return self.step in {"", source.step} and self.attempt in {0, source.attempt}

    async def _read(self, source: Source, *, follow: bool, skip: int = 0) -> AsyncIterator[LogLine]:
        """Its lines after the first `skip`; a pod that is gone meanwhile has none."""
        namespace = key_of(self.obj).namespace
        try:
            async for text in self.cluster.log_lines(namespace, source.pod, source.step, follow=follow):
                if skip:
                    skip -= 1
                else:
                    yield LogLine(source, text)
        except DeniedError as error:
            raise _denied(error, "get pods/log", namespace) from error
        except (NotFoundError, RejectedError):
            return


def sources_of(pods: Sequence[Object]) -> list[Source]:
    """The steps of these pods that have started, in the order of attempts; what else was injected into them is not ours."""
    return [
        Source(number, run.step, attempt.pod)
        for number, attempt in enumerate(read_attempts([CachedObject(pod) for pod in pods]), start=1)
        for run in attempt.steps
        if run.started and run.step in {DRY_RUN, EXECUTE}
    ]


def _denied(error: DeniedError, right: str, namespace: str) -> InputError:
    return InputError(f"you may not {right} in namespace {namespace}: ask for that right there ({error})")
