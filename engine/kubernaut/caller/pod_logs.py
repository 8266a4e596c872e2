"""The log lines of an execution's pods, each with the attempt and step that wrote it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from kubernaut.api.steps import DRY_RUN, EXECUTE, NEXT_STEP
from kubernaut.api.view import ExecutionView
from kubernaut.caller.pods import own_pods
from kubernaut.errors import DeniedError, InputError, NotFoundError, RejectedError, RetryError
from kubernaut.jobs.attempts import Attempt, read_attempts
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import DEFAULT_PATIENCE_SECONDS, Patience, has_ended
from kubernaut.kube.objects import EXECUTIONS, CachedObject, Object

_POLL_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Source:
    """One container of one attempt that has started, and the steps that it runs."""

    attempt: int
    pod: str
    container: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a log."""

    attempt: int
    step: str
    text: str


@dataclass(frozen=True, slots=True)
class PodLogs:
    """The logs of one execution: of all steps and attempts, or of those named alone."""

    cluster: Cluster
    execution: ExecutionView
    step: str = ""
    attempt: int = 0

    async def read(self) -> AsyncIterator[LogLine]:
        """Yield the lines written so far. Raises InputError, naming the permission, if this user is not allowed to read them."""
        for source in await self.sources():
            async for line in self._read(source, follow=False):
                if self._is_wanted(line):
                    yield line

    async def follow(self, patience_seconds: float = DEFAULT_PATIENCE_SECONDS) -> AsyncIterator[LogLine]:
        """Yield the lines written so far and those still to come, until the execution has ended.

        Raises UnavailableError when the API server has not answered for `patience_seconds`.
        """
        lines_read: dict[Source, int] = {}
        finished: set[Source] = set()
        patience = Patience(patience_seconds)
        while True:
            try:
                ended = has_ended(await self.cluster.get(EXECUTIONS, self.execution.namespace, self.execution.name))
                sources = [source for source in await self.sources() if source not in finished]
                for source in sources:
                    async for line in self._read(source, follow=True, skip=lines_read.get(source, 0)):
                        lines_read[source] = lines_read.get(source, 0) + 1
                        if self._is_wanted(line):
                            yield line
                    finished.add(source)
                patience.answered()
                if ended and not sources:
                    return
                await asyncio.sleep(_POLL_SECONDS)
            except RetryError as error:
                await patience.pause(error)

    async def sources(self) -> list[Source]:
        """Return the containers of the wanted steps that have started, oldest first. Raises InputError as `read` does."""
        try:
            pods = await own_pods(self.cluster, self.execution)
        except DeniedError as error:
            raise self._denied(error, "list pods") from error
        return [s for s in sources_of(pods) if self.attempt in {0, s.attempt} and self.step in {"", *s.steps}]

    def _is_wanted(self, line: LogLine) -> bool:
        return self.step in {"", line.step}

    async def _read(self, source: Source, *, follow: bool, skip: int = 0) -> AsyncIterator[LogLine]:
        """Yield its lines after the first `skip`; a pod that has been deleted has none."""
        steps = iter(source.steps)
        step = next(steps)
        namespace = self.execution.namespace
        try:
            async for text in self.cluster.log_lines(namespace, source.pod, source.container, follow=follow):
                if text == NEXT_STEP and (following := next(steps, "")):
                    step = following
                elif skip:
                    skip -= 1
                else:
                    yield LogLine(source.attempt, step, text)
        except DeniedError as error:
            raise self._denied(error, "get pods/log") from error
        except (NotFoundError, RejectedError):
            return

    def _denied(self, error: DeniedError, permission: str) -> InputError:
        namespace = self.execution.namespace
        return InputError(
            f"you are not allowed to {permission} in namespace {namespace}: ask for that permission ({error})"
        )


def sources_of(pods: Sequence[Object]) -> list[Source]:
    """Return the started containers of steps in these pods, in the order of attempts, without those that others injected."""
    return [
        Source(number, attempt.pod, container, _steps(attempt, container))
        for number, attempt in enumerate(read_attempts([CachedObject(pod) for pod in pods]), start=1)
        for container in dict.fromkeys(run.container for run in attempt.steps if run.started)
    ]


def _steps(attempt: Attempt, container: str) -> tuple[str, ...]:
    return (DRY_RUN, EXECUTE) if attempt.rehearses_inline else (container,)
