"""The plots of the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure as Picture

from benchmarks.figures import Figure, Measurements

_LATENCIES = {
    "idle.post.post": "one POST",
    "idle.execution.job": "initContainer: its Job",
    "idle.inline.job": "inline: its Job",
    "idle.pod.ended": "bare Pod: its end",
    "idle.job.pod": "bare Job: its pod's end",
    "idle.execution.succeeded": "initContainer: Succeeded",
    "idle.inline.succeeded": "inline: Succeeded",
    "idle.taskrun.succeeded": "TaskRun: Succeeded",
    "idle.job.complete": "bare Job: Complete",
}
_REAL = {
    "real.pod.effect": "bare Pod, same runner: effect",
    "real.inline.effect": "inline: effect",
    "real.execution.effect": "initContainer: effect",
    "real.noop.ended": "bare Pod that does nothing: its end",
    "real.job.container": "bare Job: its container's end",
    "real.inline.succeeded": "inline: Succeeded",
    "real.execution.succeeded": "initContainer: Succeeded",
    "real.taskrun.succeeded": "TaskRun: Succeeded",
    "real.job.complete": "bare Job: Complete",
    "limits.200m.inline.effect": "inline, CPU limit 200m: effect",
    "limits.500m.inline.effect": "inline, CPU limit 500m: effect",
    "limits.1.inline.effect": "inline, CPU limit 1: effect",
}
_LOAD = {
    "load.execution.ends": "executions, initContainer",
    "load.inline.ends": "executions, inline",
    "load.job.ends": "bare Jobs",
    "load.taskrun.ends": "TaskRuns",
}
_SCALE = {"scale.shared.ends": "few targets", "scale.own.ends": "a target each"}


def draw(measurements: Measurements, folder: Path) -> list[str]:
    """Write each plot for which there are figures, and return the names of the files."""
    plots: dict[str, Callable[[Axes, Measurements], bool]] = {
        "latency.png": partial(_latency, shown=_LATENCIES, title="Latency, idle, one after the other", scale="log"),
        "real.png": partial(_latency, shown=_REAL, title="Real pods, at random moments", scale="linear"),
        "throughput.png": partial(_throughput, shown=_LOAD, title="Many at once"),
        "scale.png": partial(_throughput, shown=_SCALE, title="All created as fast as possible, inline"),
        "memory.png": _memory,
    }
    written = []
    for name, plot in plots.items():
        picture = Picture(figsize=(8, 4.5), layout="constrained")
        if plot(picture.subplots(), measurements):
            picture.savefig(folder / name, dpi=120)
            written.append(name)
    return written


def _latency(axes: Axes, measurements: Measurements, shown: Mapping[str, str], title: str, scale: str) -> bool:
    found = _found(measurements, shown)
    if not found:
        return False
    for place, figure in enumerate(found.values()):
        axes.plot(
            [value * 1000 for value in figure.values], [place] * len(figure.values), "|", color="tab:blue", alpha=0.5
        )
        axes.plot(figure.p50 * 1000, place, "o", color="tab:orange")
    axes.set_yticks(range(len(found)), list(found))
    axes.set_xscale(scale)
    axes.set_xlabel("milliseconds from creation (dot: median)")
    axes.set_title(title)
    axes.grid(axis="x", which="both", alpha=0.3)
    return True


def _throughput(axes: Axes, measurements: Measurements, shown: Mapping[str, str], title: str) -> bool:
    found = _found(measurements, shown)
    for label, figure in found.items():
        rate = len(figure.values) / max(figure.values)
        axes.plot(sorted(figure.values), range(1, len(figure.values) + 1), label=f"{label}: {rate:.0f} a second")
    axes.set_xlabel("seconds from the first creation")
    axes.set_ylabel("ended")
    axes.set_title(title)
    axes.grid(alpha=0.3)
    if found:
        axes.legend()
    return bool(found)


def _found(measurements: Measurements, shown: Mapping[str, str]) -> dict[str, Figure]:
    """Return the figures that were measured, by their label."""
    return {label: measurements.figures[name] for name, label in shown.items() if name in measurements.figures}


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
