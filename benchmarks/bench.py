"""What every measurement has at hand: the place, the sizes, where figures go, and a way to show that it gets on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import Progress

from benchmarks.engine import Engine
from benchmarks.figures import Measured
from benchmarks.options import Options
from benchmarks.place import Place
from benchmarks.subjects import Subject
from benchmarks.timed import Times, at_once, one_by_one

_PATIENCE_SECONDS = 60.0
_LOAD_PATIENCE_SECONDS = 150.0


@dataclass(frozen=True, slots=True)
class Bench:
    """One run."""

    place: Place
    options: Options
    measured: Measured
    progress: Progress

    def engine(self, *, namespace: str = "", image: str = "", environment: Mapping[str, str] | None = None) -> Engine:
        """An engine for the run's namespace, or another."""
        place = self.place
        return Engine(
            place.engine_kubeconfig,
            namespace or place.namespace,
            node=place.node,
            image=image,
            environment=environment,
        )

    @contextmanager
    def steps(self, title: str, total: int) -> Iterator[Callable[[], None]]:
        """A line of progress; call what is yielded after each step."""
        task = self.progress.add_task(title, total=total)
        yield lambda: self.progress.advance(task)
        self.progress.update(task, completed=total)

    async def singly(self, stage: str, subject: Subject, number: int) -> Times:
        """Create so many, one after the other."""
        names = [f"{stage}-{subject.label}-{n}" for n in range(number)]
        with self.steps(f"{stage}: {subject.label}", number) as advance:
            return await one_by_one(self.place.api, subject, names, advance, _PATIENCE_SECONDS)

    async def together(self, stage: str, subject: Subject, number: int) -> Times:
        """Create so many, some at a time."""
        names = [f"{stage}-{subject.label}-{n}" for n in range(number)]
        with self.steps(f"{stage}: {subject.label}", number) as advance:
            return await at_once(
                self.place.api, subject, names, self.options.at_a_time, advance, _LOAD_PATIENCE_SECONDS
            )
