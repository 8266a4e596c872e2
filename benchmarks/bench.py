"""What every stage uses: the place, the options, the measurements, and a progress display."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from rich.progress import Progress

from benchmarks.engine import Engine
from benchmarks.figures import Measurements
from benchmarks.options import Options
from benchmarks.place import Place
from benchmarks.subjects import Subject
from benchmarks.timing import Times, create_concurrently, create_sequentially

_TIMEOUT_SECONDS = 60.0
_LOAD_TIMEOUT_SECONDS = 150.0


@dataclass(frozen=True, slots=True)
class Bench:
    """One run."""

    place: Place
    options: Options
    measurements: Measurements
    progress: Progress

    def engine(self, *, namespace: str = "", image: str = "", environment: Mapping[str, str] | None = None) -> Engine:
        """Return an engine for the run's namespace, or another one."""
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
        """Show a progress bar during the block; call the yielded function after each step."""
        task = self.progress.add_task(title, total=total)
        yield lambda: self.progress.advance(task)
        self.progress.update(task, completed=total)

    async def run_sequentially(self, stage: str, subject: Subject, number: int) -> Times:
        """Create `number` subjects, one after the other, and return their times."""
        names = [f"{stage}-{subject.label}-{n}" for n in range(number)]
        with self.steps(f"{stage}: {subject.label}", number) as advance:
            return await create_sequentially(self.place.api, subject, names, advance, _TIMEOUT_SECONDS)

    async def run_concurrently(self, stage: str, subject: Subject, number: int) -> Times:
        """Create `number` subjects, several in parallel, and return their times."""
        names = [f"{stage}-{subject.label}-{n}" for n in range(number)]
        with self.steps(f"{stage}: {subject.label}", number) as advance:
            return await create_concurrently(
                self.place.api, subject, names, self.options.at_a_time, advance, _LOAD_TIMEOUT_SECONDS
            )
