"""The plots of the report."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from benchmarks.figures import Measurements

_LATENCIES = {
    "idle.post.post": "one POST",
    "idle.execution.job": "execution: its Job",
    "idle.pod.ended": "bare Pod: its end",
    "idle.job.pod": "bare Job: its pod's end",
    "idle.execution.succeeded": "execution: Succeeded",
    "idle.taskrun.succeeded": "TaskRun: Succeeded",
    "idle.job.complete": "bare Job: Complete",
}
_CURVES = {"load.execution.ends": "executions", "load.job.ends": "bare Jobs", "load.taskrun.ends": "TaskRuns"}


def draw(measurements: Measurements, folder: Path) -> list[str]:
    """Write each plot for which there are figures, and return the names of the files."""
    plots: dict[str, Callable[[Axes, Measurements], bool]] = {
        "latency.png": _latency,
        "throughput.png": _throughput,
        "memory.png": _memory,
    }
    written = []
    for name, plot in plots.items():
        picture = Picture(figsize=(8, 4.5), layout="constrained")
        if plot(picture.subplots(), measurements):
            picture.savefig(folder / name, dpi=120)
            written.append(name)
    return written


def _latency(axes: Axes, measurements: Measurements) -> bool:
    shown = {label: measurements.figures[name] for name, label in _LATENCIES.items() if name in measurements.figures}
    if not shown:
        return False
    for place, figure in enumerate(shown.values()):
        axes.plot(
            [value * 1000 for value in figure.values], [place] * len(figure.values), "|", color="tab:blue", alpha=0.5
        )
        axes.plot(figure.p50 * 1000, place, "o", color="tab:orange")
    axes.set_yticks(range(len(shown)), list(shown))
    axes.set_xscale("log")
    axes.set_xlabel("milliseconds from creation (dot: median)")
    axes.set_title("Latency, idle, one after the other")
    axes.grid(axis="x", which="both", alpha=0.3)
    return True


def _throughput(axes: Axes, measurements: Measurements) -> bool:
    shown = {label: measurements.figures[name] for name, label in _CURVES.items() if name in measurements.figures}
    for label, figure in shown.items():
        rate = len(figure.values) / max(figure.values)
        axes.plot(sorted(figure.values), range(1, len(figure.values) + 1), label=f"{label}: {rate:.0f} a second")
    axes.set_xlabel("seconds from the first creation")
    axes.set_ylabel("ended")
    axes.set_title("Many at once")
    axes.grid(alpha=0.3)
    if shown:
        axes.legend()
    return bool(shown)


def _memory(axes: Axes, measurements: Measurements) -> bool:
    found = {
        int(name.split(".")[1]): figure.p50 / 2**20
        for name, figure in measurements.figures.items()
        if name.startswith("crowd.") and name.endswith(".rss")
    }
    if not found:
        return False
    sizes = sorted(found)
    axes.plot(sizes, [found[size] for size in sizes], "o-", label="engine, RSS")
    axes.plot([1_000, 10_000], [120, 400], "x", color="tab:red", label="bar")
    axes.set_xscale("log")
    axes.set_ylim(bottom=0)
    axes.set_xlabel("executions present at the start")
    axes.set_ylabel("MiB")
    axes.set_title("Memory")
    axes.grid(alpha=0.3)
    axes.legend()
    return True
