"""Many executions at once, first on few targets, then each on a target of its own: how long they take, and that none is lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from benchmarks import paths, subjects
from benchmarks.api import Object
from benchmarks.bench import Bench
from benchmarks.cleanup import empty
from benchmarks.engine_config import INLINE
from benchmarks.queue_watch import QueueWatcher
from benchmarks.stages.spending import warm_up
from benchmarks.state_watch import StateWatcher
from benchmarks.subjects import ObservedState, Subject
from kubernaut.api.execution import ExecutionStatus
from kubernaut.api.labels import LABEL_EXECUTION

_CREATORS = 50
_TIMEOUT_SECONDS = 400.0
_ENDED = {"Succeeded", "Failed", "Cancelled"}
_LATE = "not all executions ended within {:.0f} s"


async def measure(bench: Bench) -> None:
    """Measure both with the dry run inline; what was created before each of them, and by the last one, is deleted."""
    number = bench.options.scale
    for kind, targets in {"shared": min(bench.options.scale_targets, number), "own": number}.items():
        await empty(bench.place)
        async with bench.engine(INLINE) as engine:
            await warm_up(bench, f"scale-{kind}", INLINE)
            async with QueueWatcher(engine) as watcher, StateWatcher(bench.place.api, _jobs(bench)) as created:
                await _run(bench, kind, _subject(bench, targets))
                jobs = Counter(name.partition(" ")[0] for name in created.seen)
            depths, add = watcher.depths, bench.measurements.add
            add(f"scale.{kind}.queue", depths.queue, "keys")
            add(f"scale.{kind}.waiting", depths.waiting, "executions")
            add(f"scale.{kind}.running", depths.running, "executions")
            add(f"scale.{kind}.rss", engine.memory().rss, "B")
        bench.measurements.facts[f"scale.{kind}"] = {
            "executions": number,
            "targets": targets,
            "in parallel": _CREATORS,
            "most waiting, by reason": depths.waiting_by_reason,
            "samples of the queue": depths.samples,
        }
        await _count(bench, kind, jobs)
    await empty(bench.place)


def _subject(bench: Bench, targets: int) -> Subject:
    """Return executions that are spread over so many targets; only their end is watched, whatever it is."""
    path = paths.executions(bench.place.namespace)
    made = subjects.executions_on(bench.place, INLINE, lambda name: f"target-{int(name.rpartition('-')[2]) % targets}")
    return replace(made, states={"ended": ObservedState(path, _has_ended, subjects.name_of)}, end="ended")


def _jobs(bench: Bench) -> ObservedState:
    """Return the state of being there of each Job, named after its execution and its uid: an engine may delete a Job before the end."""

    def name(job: Object) -> str:
        return f"{subjects.label_of(job, LABEL_EXECUTION)} {job['metadata']['uid']}"

    return ObservedState(paths.jobs(bench.place.namespace), lambda _: True, name)


async def _run(bench: Bench, kind: str, subject: Subject) -> None:
    stage, add = f"scale-{kind}", bench.measurements.add
    try:
        times = await bench.run_concurrently(
            stage, subject, bench.options.scale, at_a_time=_CREATORS, timeout_seconds=_TIMEOUT_SECONDS
        )
    except TimeoutError:
        bench.measurements.missing[f"scale.{kind}"] = _LATE.format(_TIMEOUT_SECONDS)
        return
    add(f"scale.{kind}.seconds", times.ends[-1], "s")
    add(f"scale.{kind}.rate", times.rate, "per second")
    add(f"scale.{kind}.ends", times.ends, "s")
    add(f"scale.{kind}.ended", times.by_state["ended"], "s")
    add(f"scale.{kind}.p99", bench.measurements.figures[f"scale.{kind}.ended"].p99, "s")


async def _count(bench: Bench, kind: str, jobs: Mapping[str, int]) -> None:
    """Count the executions that were lost, and those that ran while another one ran on their target."""
    place, prefix = bench.place, f"scale-{kind}-{INLINE}-"
    found = (await place.api.get(paths.executions(place.namespace)))["items"]
    executions = [execution for execution in found if execution["metadata"]["name"].startswith(prefix)]
    bench.measurements.add(f"scale.{kind}.created", len(executions), "executions")
    causes = lost(executions, jobs)
    missing = bench.options.scale - len(executions)
    bench.measurements.add(f"scale.{kind}.lost", missing + len(causes), "executions")
    bench.measurements.facts[f"scale.{kind}.lost"] = dict(Counter(causes.values()).most_common())
    bench.measurements.add(f"scale.{kind}.overlaps", overlaps(executions), "executions")


def lost(executions: Iterable[Object], jobs: Mapping[str, int]) -> dict[str, str]:
    """Return the executions that did not succeed, or have no Job, or more than one, with the cause; `jobs` counts Jobs by execution."""
    causes = {}
    for execution in executions:
        name, status = execution["metadata"]["name"], execution.get("status", {})
        if status.get("phase") != "Succeeded":
            causes[name] = f"{status.get('phase', 'Pending')} {status.get('reason', '')}".rstrip()
        elif jobs.get(name, 0) != 1:
            causes[name] = f"{jobs.get(name, 0)} Jobs"
    return causes


def overlaps(executions: Iterable[Object]) -> int:
    """Return how many executions had their Job created before an earlier one on the same target had ended, as their status says."""
    by_target: dict[str, list[tuple[datetime, datetime]]] = {}
    for execution in executions:
        status = ExecutionStatus.model_validate(execution.get("status", {}))
        start, end = _job_creation(status), status.completion_time
        if start and end:
            by_target.setdefault(status.target or "", []).append((start, end))
    number = 0
    for periods in by_target.values():
        last = datetime.min.replace(tzinfo=UTC)
        for start, end in sorted(periods):
            number += start < last
            last = max(last, end)
    return number


def _job_creation(status: ExecutionStatus) -> datetime | None:
    """Return when the creation of the Job began, else when the engine started the execution."""
    created = (stage.start_time for stage in status.stages if stage.name == "create-job")
    return next(created, status.start_time)


def _has_ended(execution: Object) -> bool:
    return execution.get("status", {}).get("phase") in _ENDED
