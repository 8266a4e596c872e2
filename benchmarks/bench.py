"""What every stage uses: the place, the options, the measurements, and a progress display."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from rich.progress import Progress

from benchmarks.engine import Engine
from benchmarks.engine_config import EXECUTION, MODES, EngineConfig
from benchmarks.figures import Measurements
from benchmarks.options import Options
from benchmarks.place import Place
from benchmarks.subjects import Subject
from benchmarks.timing import Pause, Times, create_concurrently, create_sequentially, no_pause

_TIMEOUT_SECONDS = 60.0
_LOAD_TIMEOUT_SECONDS = 150.0


@dataclass(frozen=True, slots=True)
class Bench:
    """One run."""

    place: Place
    options: Options
    measurements: Measurements
    progress: Progress

    def engine(self, label: str = EXECUTION, *, environment: Mapping[str, str] | None = None, **changes: Any) -> Engine:
        """Return an engine for the run's namespace; `label` is that of its executions, `changes` are fields of its EngineConfig."""
        config = EngineConfig(self.place.namespace, node=self.place.node, rehearsal=MODES[label])
        return Engine(self.place.engine_kubeconfig, replace(config, **changes), environment)

    @contextmanager
    def steps(self, title: str, total: int) -> Iterator[Callable[[], None]]:
        """Show a progress bar during the block; call the yielded function after each step."""
        task = self.progress.add_task(title, total=total)
        yield lambda: self.progress.advance(task)
        self.progress.update(task, completed=total)

    async def run_sequentially(self, stage: str, subject: Subject, number: int, pause: Pause = no_pause) -> Times:
        """Create `number` subjects, one after the other with a pause before each, and return their times."""
        names = [f"{stage}-{subject.label}-{n}" for n in range(number)]
        with self.steps(f"{stage}: {subject.label}", number) as advance:
            return await create_sequentially(self.place.api, subject, names, advance, _TIMEOUT_SECONDS, pause)

    async def run_concurrently(
        self,
        stage: str,
        subject: Subject,
        number: int,
        *,
        at_a_time: int = 0,
        timeout_seconds: float = _LOAD_TIMEOUT_SECONDS,
    ) -> Times:
        """Create `number` subjects, `at_a_time` (by default as the options say) in parallel, and return their times."""
        names = [f"{stage}-{subject.label}-{n}" for n in range(number)]
        with self.steps(f"{stage}: {subject.label}", number) as advance:
            return await create_concurrently(
                self.place.api, subject, names, at_a_time or self.options.at_a_time, advance, timeout_seconds
            )
