"""The rows of the report's main table: what each shows, its bars, and its yardsticks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.bars import Bar, verdict
from benchmarks.engine_config import EXECUTION, INLINE, MODES
from benchmarks.figures import Figure, Measurements, format_value


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Something to compare with: a figure of this run, or a number that is known from an earlier day."""

    label: str
    figure: str = ""
    known: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One row."""

    title: str
    figure: str
    bars: tuple[Bar, ...] = ()
    """All of them must be met; none where a row only informs."""
    yardsticks: tuple[Yardstick, ...] = ()


LIMITS = ("200m", "500m", "1")
TEKTON = "Tekton TaskRun"
_WITH_CLEAN_UP = Bar(6)
"""The DELETE of its Job, and no more than five before."""
_COMPLETE = "bare Job's own condition"
_OTHER_MODE = {EXECUTION: INLINE, INLINE: EXECUTION}


def _idle() -> Iterator[Row]:
    yardsticks = (
        Yardstick("bare Pod", "idle.pod.ended", "28 ms"),
        Yardstick("bare Job's pod", "idle.job.pod"),
        Yardstick(_COMPLETE, "idle.job.complete", "1,050 ms"),
        Yardstick(TEKTON, "idle.taskrun.succeeded", "300-340 ms"),
    )
    for label, mode in MODES.items():
        title = f"{mode}: creation to `Succeeded`, idle, pods that end at once"
        yield Row(title, f"idle.{label}.succeeded", (Bar(0.150),), yardsticks)
    for label, mode in MODES.items():
        title = f"{mode}: creation to its Job, idle"
        yield Row(title, f"idle.{label}.job", (Bar(0.020),), (Yardstick("one POST", "idle.post.post"),))


def _real() -> Iterator[Row]:
    effect = (
        Yardstick("bare Pod with the same runner", "real.pod.effect"),
        Yardstick(TEKTON, "real.taskrun.succeeded"),
        Yardstick(_COMPLETE, "real.job.complete"),
    )
    ended = (
        Yardstick("bare Job's container", "real.job.container"),
        Yardstick("bare Pod that does nothing", "real.noop.ended", "2,300 ms"),
        Yardstick(TEKTON, "real.taskrun.succeeded", "2,500-3,400 ms"),
        Yardstick(_COMPLETE, "real.job.complete", "3,000 ms"),
    )
    as_tekton = (Bar(times=1.0, of="real.taskrun.succeeded", otherwise="real.job.complete"),)
    yield Row(
        "inline, real pods: creation to effect", "real.inline.effect", (Bar(times=1.4, of="real.pod.effect"),), effect
    )
    bars = (Bar(times=1.25, of="real.job.container"),)
    yield Row("inline, real pods: creation to `Succeeded`", "real.inline.succeeded", bars, ended)
    yield Row("initContainer, real pods: creation to effect", "real.execution.effect", as_tekton, effect)
    yield Row("initContainer, real pods: creation to `Succeeded`", "real.execution.succeeded", as_tekton, ended)
    for limit in LIMITS:
        yardsticks = (Yardstick("with the action's own limit", "real.inline.effect"), effect[0])
        yield Row(
            f"inline, real pods, CPU limit {limit}: creation to effect", f"limits.{limit}.inline.effect", (), yardsticks
        )


def _load() -> Iterator[Row]:
    yardsticks = (
        Yardstick("bare Jobs", "load.job.rate", "65 per second"),
        Yardstick(TEKTON, "load.taskrun.rate", "43 per second"),
    )
    bars = (
        Bar(times=0.95, of="load.taskrun.rate", at_least=True),
        Bar(times=0.6, of="load.job.rate", at_least=True),
    )
    yield Row("inline: executions a second", "load.inline.rate", bars, yardsticks)
    yield Row("initContainer: executions a second", "load.execution.rate", (), yardsticks)
    for label, mode in MODES.items():
        yardstick = Yardstick(MODES[_OTHER_MODE[label]], f"idle.{_OTHER_MODE[label]}.requests")
        tekton = Yardstick(TEKTON, known="11.5")
        yield Row(f"{mode}: API requests per execution", f"idle.{label}.requests", (Bar(5),), (yardstick, tekton))
    for label, mode in MODES.items():
        title = f"{mode}: API requests per execution, clean-up included"
        yield Row(
            title,
            f"server.{label}.engine.requests",
            (_WITH_CLEAN_UP,),
            (Yardstick("without", f"idle.{label}.requests"),),
        )
    for label, mode in MODES.items():
        bars = (Bar(0.008), Bar(times=0.8, of="load.taskrun.cpu"))
        tekton = Yardstick("Tekton's controller", "load.taskrun.cpu", "8 ms")
        yield Row(f"{mode}: engine CPU per execution", f"load.{label}.cpu", bars, (tekton,))


def _server() -> Iterator[Row]:
    yardsticks = (
        Yardstick(f"{TEKTON} that is deleted", "server.taskrun.cpu"),
        Yardstick("bare Job with a TTL", "server.job.cpu"),
    )
    bars = (Bar(times=1.0, of="server.taskrun.cpu"), Bar(times=1.25, of="server.job.cpu"))
    title = "API server CPU per execution, clean-up included"
    yield Row(f"inline: {title}", "server.inline.cpu", bars, yardsticks)
    yield Row(f"initContainer: {title}", "server.execution.cpu", (), yardsticks)


def _scale() -> Iterator[Row]:
    memory = Yardstick("after the load", "load.inline.rss")
    yield Row("engine memory (RSS), 1,000 executions present", "crowd.1000.rss", (Bar(120 * 2**20),), (memory,))
    yield Row("engine memory (RSS), 10,000 executions present", "crowd.10000.rss", (Bar(400 * 2**20),), (memory,))
    for kind, targets in {"shared": "few targets", "own": "a target each"}.items():
        at_once = f"inline, all created at once, {targets}"
        yield Row(f"{at_once}: lost", f"scale.{kind}.lost", (Bar(0),), (Yardstick("created", f"scale.{kind}.created"),))
        rate = (Yardstick("20 at a time", "load.inline.rate"), Yardstick("seconds in all", f"scale.{kind}.seconds"))
        yield Row(f"{at_once}: executions a second", f"scale.{kind}.rate", (), rate)
        median = Yardstick("all of them", f"scale.{kind}.ended")
        yield Row(f"{at_once}: creation to end, p99", f"scale.{kind}.p99", (), (median,))
        waiting = Yardstick("executions that waited", f"scale.{kind}.waiting")
        yield Row(f"{at_once}: greatest depth of the work queue", f"scale.{kind}.queue", (), (waiting,))
    title = "inline, all created at once, few targets: ran while another one ran on their target"
    yield Row(title, "scale.shared.overlaps", (Bar(0),), (Yardstick("created", "scale.shared.created"),))


ROWS = (*_real(), *_idle(), *_load(), *_server(), *_scale())


def cells(row: Row, measurements: Measurements) -> tuple[str, str, str, str, str]:
    """Return title, measured value, comparison, bar and verdict."""
    figure = measurements.figures.get(row.figure)
    comparison = "; ".join(_compare(yardstick, measurements) for yardstick in row.yardsticks) or "-"
    if figure is None:
        return row.title, f"not measured: {measurements.why_missing(row.figure)}", comparison, "", "-"
    labels = {yardstick.figure: yardstick.label for yardstick in row.yardsticks}
    shown = "; ".join(bar.show(figure.unit, measurements, labels) for bar in row.bars) or "none"
    return row.title, format_figure(figure), comparison, shown, verdict(figure, row.bars, measurements, labels)


def format_figure(figure: Figure) -> str:
    """Return the median, and the 95th percentile if there are several values."""
    if len(figure.values) == 1:
        return format_value(figure.p50, figure.unit)
    return f"{format_value(figure.p50, figure.unit)} (p95 {format_value(figure.p95, figure.unit)})"


def _compare(yardstick: Yardstick, measurements: Measurements) -> str:
    figure = measurements.figures.get(yardstick.figure)
    if figure is not None:
        return f"{yardstick.label} {format_figure(figure)}"
    if yardstick.known:
        return f"{yardstick.label} {yardstick.known} (known)"
    return f"{yardstick.label}: {measurements.why_missing(yardstick.figure)}"
