"""The rows of the report's main table: what each shows, its bar, and its yardsticks."""

from __future__ import annotations

from dataclasses import dataclass

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
    bar: float
    """In the figure's own unit."""
    yardsticks: tuple[Yardstick, ...]
    at_least: bool = False
    """Whether more is better."""

    def is_met(self, figure: Figure) -> bool:
        """Whether the median meets the bar."""
        return figure.p50 >= self.bar if self.at_least else figure.p50 <= self.bar


TEKTON = "Tekton TaskRun"

ROWS = (
    Row(
        "creation to `Succeeded`, idle, pods that end at once",
        "idle.execution.succeeded",
        0.150,
        (
            Yardstick("bare Pod", "idle.pod.ended", "28 ms"),
            Yardstick("bare Job's pod", "idle.job.pod"),
            Yardstick("bare Job's own condition", "idle.job.complete", "1,050 ms"),
            Yardstick(TEKTON, "idle.taskrun.succeeded", "300-340 ms"),
        ),
    ),
    Row(
        "creation to its Job, idle",
        "idle.execution.job",
        0.020,
        (Yardstick("one POST", "idle.post.post"),),
    ),
    Row(
        "executions a second",
        "load.execution.rate",
        50,
        (
            Yardstick("bare Jobs", "load.job.rate", "65 per second"),
            Yardstick(TEKTON, "load.taskrun.rate", "43 per second"),
        ),
        at_least=True,
    ),
    Row("API requests per execution", "idle.requests", 5, (Yardstick(TEKTON, known="11.5"),)),
    Row("engine CPU per execution", "load.cpu", 0.008, (Yardstick(TEKTON, known="8 ms"),)),
    Row("engine memory (RSS), 1,000 executions present", "crowd.1000.rss", 120 * 2**20, ()),
    Row("engine memory (RSS), 10,000 executions present", "crowd.10000.rss", 400 * 2**20, ()),
    Row(
        "real pods: creation to `Succeeded`, dry run included",
        "real.execution.succeeded",
        3.4,
        (
            Yardstick("bare Pod", "real.pod.ended", "2,300 ms"),
            Yardstick("bare Job's own condition", "real.job.complete", "3,000 ms"),
            Yardstick(TEKTON, known="2,500-3,400 ms"),
        ),
    ),
)


def cells(row: Row, measurements: Measurements) -> tuple[str, str, str, str, str]:
    """Return title, measured value, comparison, bar and verdict."""
    figure = measurements.figures.get(row.figure)
    comparison = "; ".join(_compare(yardstick, measurements) for yardstick in row.yardsticks) or "-"
    if figure is None:
        return row.title, f"not measured: {measurements.why_missing(row.figure)}", comparison, "", "-"
    bar = f"{'>=' if row.at_least else '<='} {format_value(row.bar, figure.unit)}"
    return row.title, format_figure(figure), comparison, bar, "met" if row.is_met(figure) else "**missed**"


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
