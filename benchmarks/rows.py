"""The report's main table: what each row shows, against which bar, beside which yardstick."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.figures import Figure, Measured, told


@dataclass(frozen=True, slots=True)
class Yardstick:
    """Something to compare with: a figure of this run, or a number known from before."""

    label: str
    figure: str = ""
    known: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One line."""

    title: str
    figure: str
    bar: float
    """In the figure's own unit."""
    yardsticks: tuple[Yardstick, ...]
    at_least: bool = False
    """Is more better?"""

    def met(self, figure: Figure) -> bool:
        """Does the median keep to the bar?"""
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
    Row("API requests per execution", "idle.requests", 6, (Yardstick(TEKTON, known="11.5"),)),
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


def cells(row: Row, measured: Measured) -> tuple[str, str, str, str, str]:
    """Title, measured, yardsticks, bar, verdict."""
    figure = measured.figures.get(row.figure)
    beside = "; ".join(_beside(yardstick, measured) for yardstick in row.yardsticks) or "-"
    if figure is None:
        return row.title, f"not measured: {measured.why_missing(row.figure)}", beside, "", "-"
    bar = f"{'>=' if row.at_least else '<='} {told(row.bar, figure.unit)}"
    return row.title, spoken(figure), beside, bar, "met" if row.met(figure) else "**missed**"


def spoken(figure: Figure) -> str:
    """The median, and what one in twenty exceeds where there are several."""
    if len(figure.values) == 1:
        return told(figure.p50, figure.unit)
    return f"{told(figure.p50, figure.unit)} (p95 {told(figure.p95, figure.unit)})"


def _beside(yardstick: Yardstick, measured: Measured) -> str:
    figure = measured.figures.get(yardstick.figure)
    if figure is not None:
        return f"{yardstick.label} {spoken(figure)}"
    if yardstick.known:
        return f"{yardstick.label} {yardstick.known} (known)"
    return f"{yardstick.label}: {measured.why_missing(yardstick.figure)}"
