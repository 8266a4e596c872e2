"""The report: one table that answers, then everything that was measured, and on what."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Measured, told
from benchmarks.options import Where
from benchmarks.rows import ROWS, cells

_MAIN_HEADINGS = ("what", "measured: p50 (p95)", "beside it", "bar", "verdict")
_ABOUT = {
    Where.SANDBOX: (
        "On the embedded sandbox: API server, controllers, kubelet and client share one Python process. The bars are set for a real "
        "control plane; here latency and throughput are mostly the sandbox's own, while CPU, memory and requests are the engine's."
    ),
    Where.KUBECONFIG: (
        "On a real control plane. Pods that end at once are ended by a stand-in kubelet of the benchmark, so what is left is the "
        "control plane's and the engine's own time; real pods run on the cluster's nodes."
    ),
}


@dataclass(slots=True)
class Report:
    """What a run found, and where."""

    where: Where
    kubernetes: str
    machine: Mapping[str, Any]
    beside: Mapping[str, float]
    """CPU seconds that others used during the run."""
    notes: Sequence[str]
    seconds: float
    options: Mapping[str, Any]
    measured: Measured
    plots: Sequence[str] = ()
    """Pictures beside it, by file name."""

    def write(self, folder: Path) -> None:
        """Write `report.md` and `report.json`."""
        (folder / "report.md").write_text(self.markdown(), "utf-8")
        (folder / "report.json").write_text(json.dumps(self.as_json(), indent=1) + "\n", "utf-8")

    def as_json(self) -> dict[str, Any]:
        """Every number."""
        figures = {
            name: {"unit": f.unit, "p50": f.p50, "p95": f.p95, "values": [round(value, 6) for value in f.values]}
            for name, f in self.measured.figures.items()
        }
        rows = [
            dict(zip(("what", "measured", "beside", "bar", "verdict"), cells(row, self.measured), strict=True))
            for row in ROWS
        ]
        return {
            "where": str(self.where),
            "kubernetes": self.kubernetes,
            "machine": dict(self.machine),
            "cpuSecondsOfOthers": dict(self.beside),
            "notes": list(self.notes),
            "seconds": round(self.seconds),
            "options": dict(self.options),
            "rows": rows,
            "figures": figures,
            "facts": self.measured.facts,
            "notMeasured": self.measured.missing,
        }

    def main_table(self) -> list[str]:
        """The table that answers."""
        return _table(_MAIN_HEADINGS, (cells(row, self.measured) for row in ROWS))

    def markdown(self) -> str:
        """For people."""
        return "\n".join(
            [
                f"# Benchmarks: {self.where}",
                "",
                _ABOUT[self.where],
                "",
                *self.main_table(),
                "",
                "A number marked `known` was measured before, on another day; all others are of this run.",
                "",
                *(f"![{Path(plot).stem}]({plot})\n" for plot in self.plots),
                "## Tracing",
                "",
                *self._tracing(),
                "",
                "## Requests",
                "",
                *self._requests(),
                "",
                "## Everything measured",
                "",
                *_table(("figure", "n", "p50", "p95", "least", "most"), self._figures()),
                "",
                *[f"- not measured: {name}: {why}" for name, why in self.measured.missing.items()],
                "",
                "## Machine",
                "",
                *self._machine(),
                "",
            ]
        )

    def _figures(self) -> Iterable[Sequence[str]]:
        for name, figure in sorted(self.measured.figures.items()):
            shown = (figure.p50, figure.p95, min(figure.values), max(figure.values))
            yield (f"`{name}`", str(len(figure.values)), *(told(value, figure.unit) for value in shown))

    def _tracing(self) -> list[str]:
        wanted = {
            "creation to `Succeeded`, idle": "execution.succeeded",
            "engine CPU per execution": "cpu",
            "memory (RSS)": "rss",
        }
        figures, lines = self.measured.figures, []
        for title, name in wanted.items():
            told_of = [
                told(figures[key].p50, figures[key].unit) if key in figures else self.measured.why_missing(key)
                for key in (f"tracing-off.{name}", f"tracing-on.{name}")
            ]
            lines.append((title, *told_of))
        return _table(("what", "off", "on"), lines)

    def _requests(self) -> list[str]:
        lines = []
        for name, fact in self.measured.facts.items():
            if isinstance(fact, dict) and "at the API server" in fact:
                number = fact["executions"]
                for source in ("at the API server", "told by the engine"):
                    calls = ", ".join(f"{call} {count / number:.3g}" for call, count in fact[source].items())
                    lines.append((name.partition(".")[0], str(number), source, calls))
        return _table(("stage", "executions", "counted", "requests per execution"), lines)

    def _machine(self) -> list[str]:
        machine = self.machine
        beside = ", ".join(f"{name} {seconds:g} s" for name, seconds in self.beside.items())
        return [
            f"- {machine['cores']} cores, {machine['processor']}, {told(machine['memory_bytes'], 'B')} of memory, "
            f"Linux {machine['kernel']}, Python {machine['python']}",
            f"- Kubernetes {self.kubernetes}; the run took {self.seconds:.0f} s",
            f"- load average before it began: {machine['load_before']}; CPU time that others used meanwhile: {beside or 'none'}",
            *(f"- {note}" for note in self.notes),
        ]


def _table(headings: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    rows = [f"| {' | '.join(line)} |" for line in lines]
    return [f"| {' | '.join(headings)} |", f"|{'---|' * len(headings)}", *rows] if rows else ["not measured"]
