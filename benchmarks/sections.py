"""The tables of the report that follow its main table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from benchmarks.figures import Measurements, format_value
from benchmarks.server_metrics import ALLOCATED, CPU

_SUBJECTS = {
    "inline": "execution, inline",
    "execution": "execution, initContainer",
    "job": "bare Job with a TTL",
    "taskrun": "TaskRun that is deleted",
}
_KINDS = {"shared": "few targets", "own": "a target each"}
_SCALE = ("seconds", "rate", "ended", "p99", "queue", "waiting", "running", "lost")
_TRACING = {
    "creation to `Succeeded`, idle": "execution.succeeded",
    "engine CPU per execution": "cpu",
    "memory (RSS)": "rss",
}
_COLLECTIONS = "go_gc_duration_seconds_count"


def table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table, or that nothing was measured."""
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}", *rows] if rows else ["not measured"]


def sections(measurements: Measurements) -> list[str]:
    """Return the lines of all of them."""
    tables = {
        "CPU limits of real pods": limits(measurements),
        "Many at once": scale(measurements),
        "API server": server(measurements),
        "Tracing": tracing(measurements),
        "Requests": requests(measurements),
        "Everything measured": figures(measurements),
    }
    return [line for title, lines in tables.items() for line in (f"## {title}", "", *lines, "")]


def limits(measurements: Measurements) -> list[str]:
    """Return what executions took under each CPU limit, with the dry run inline."""
    prefix, suffix = "limits.", ".inline.effect"
    found = [name.removeprefix(prefix).removesuffix(suffix) for name in measurements.figures if name.endswith(suffix)]
    lines = [
        (limit, *(_median(measurements, f"limits.{limit}.inline.{state}") for state in ("effect", "succeeded")))
        for limit in found
        if f"{prefix}{limit}{suffix}" in measurements.figures
    ]
    return table(("limit", "creation to effect, p50", "creation to `Succeeded`, p50"), lines)


def scale(measurements: Measurements) -> list[str]:
    """Return what happened to executions that were created as fast as possible."""
    lines = []
    for kind, title in _KINDS.items():
        fact = _fact(measurements, f"scale.{kind}")
        if fact:
            sizes = (f"{fact['executions']:,}", f"{fact['targets']:,}")
            lines.append((title, *sizes, *(_median(measurements, f"scale.{kind}.{name}") for name in _SCALE)))
    headings = ("all ended after", "rate", "creation to end, p50", "p99", "work queue", "waiting", "running", "lost")
    return table(("what", "executions", "targets", *headings), lines)


def server(measurements: Measurements) -> list[str]:
    """Return what one object costs the API server from its creation to the end of its clean-up."""
    lines = []
    for label, title in _SUBJECTS.items():
        fact = _fact(measurements, f"server.{label}")
        if fact:
            each, objects = fact["per object, beyond idle"], fact["objects"]
            collections = f"{each[_COLLECTIONS] * objects:.3g}" if _COLLECTIONS in each else "-"
            idle = f"{fact['idle CPU seconds per second'] * 1000:.3g} ms"
            spent = (format_value(each[CPU], "s"), format_value(each[ALLOCATED], "B"))
            lines.append((title, str(objects), *spent, collections, idle, f"{fact['seconds']:g} s"))
    headings = ("CPU each", "allocated each", "garbage collections in all", "idle CPU a second", "took")
    return table(("what", "objects", *headings), lines)


def tracing(measurements: Measurements) -> list[str]:
    """Return the cost of tracing."""
    prefixes = ("tracing-off", "tracing-on")
    lines = [
        (title, *(_median(measurements, f"{prefix}.{name}") for prefix in prefixes)) for title, name in _TRACING.items()
    ]
    return table(("what", "off", "on"), lines)


def requests(measurements: Measurements) -> list[str]:
    """Return the engine's requests, as two sides count them."""
    lines = []
    for name, fact in measurements.facts.items():
        if isinstance(fact, dict) and "at the API server" in fact:
            number = fact["executions"]
            for source in ("at the API server", "by the engine"):
                calls = ", ".join(f"{call} {count / number:.3g}" for call, count in fact[source].items())
                lines.append((name.removesuffix(".requests"), str(number), source, calls))
    return table(("stage", "executions", "counted", "requests per execution"), lines)


def figures(measurements: Measurements) -> list[str]:
    """Return every figure, and the reason for each that is missing."""
    lines = []
    for name, figure in sorted(measurements.figures.items()):
        shown = (figure.p50, figure.p95, min(figure.values), max(figure.values))
        lines.append((f"`{name}`", str(len(figure.values)), *(format_value(value, figure.unit) for value in shown)))
    missing = [f"- not measured: {name}: {why}" for name, why in measurements.missing.items()]
    return [*table(("figure", "n", "p50", "p95", "min", "max"), lines), "", *missing]


def _median(measurements: Measurements, name: str) -> str:
    figure = measurements.figures.get(name)
    return measurements.why_missing(name) if figure is None else format_value(figure.p50, figure.unit)


def _fact(measurements: Measurements, name: str) -> Mapping[str, Any]:
    fact = measurements.facts.get(name)
    return fact if isinstance(fact, dict) else {}
