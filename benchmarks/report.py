"""The report: the main table, then every measurement, and the machine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Measurements, format_value
from benchmarks.options import Where
from benchmarks.rows import ROWS, cells
from benchmarks.sections import sections, table

_MAIN_HEADINGS = ("what", "measured: p50 (p95)", "compared with", "bar", "verdict")
_ABOUT = {
    Where.SANDBOX: (
        "On the embedded sandbox: API server, controllers, kubelet and client share one Python process. The bars are set for a real "
        "control plane; here latency and throughput are mostly the sandbox's, while CPU, memory and requests are the engine's."
    ),
    Where.KUBECONFIG: (
        "On a real control plane. A stand-in kubelet of the benchmark ends its pods at once, so the times are those of the "
        "control plane and the engine; real pods run on the cluster's nodes."
    ),
}


@dataclass(slots=True)
class Report:
    """The results of a run, and where it ran."""

    where: Where
    kubernetes: str
    machine: Mapping[str, Any]
    others: Mapping[str, float]
    """CPU seconds that other processes used during the run, by name."""
    notes: Sequence[str]
    seconds: float
    options: Mapping[str, Any]
    measurements: Measurements
    plots: Sequence[str] = ()
    """The file names of its plots."""

    def write(self, folder: Path) -> None:
        """Write `report.md` and `report.json`."""
        (folder / "report.md").write_text(self.markdown(), "utf-8")
        (folder / "report.json").write_text(json.dumps(self.as_json(), indent=1) + "\n", "utf-8")

    def as_json(self) -> dict[str, Any]:
        """Return every number."""
        figures = {
            name: {"unit": f.unit, "p50": f.p50, "p95": f.p95, "values": [round(value, 6) for value in f.values]}
            for name, f in self.measurements.figures.items()
        }
        rows = [
            dict(zip(("what", "measured", "comparison", "bar", "verdict"), cells(row, self.measurements), strict=True))
            for row in ROWS
        ]
        return {
            "where": str(self.where),
            "kubernetes": self.kubernetes,
            "machine": dict(self.machine),
            "cpuSecondsOfOthers": dict(self.others),
            "notes": list(self.notes),
            "seconds": round(self.seconds),
            "options": dict(self.options),
            "rows": rows,
            "figures": figures,
            "facts": self.measurements.facts,
            "notMeasured": self.measurements.missing,
        }

    def main_table(self) -> list[str]:
        """Return the lines of the main table."""
        return table(_MAIN_HEADINGS, (cells(row, self.measurements) for row in ROWS))

    def markdown(self) -> str:
        """Return the report for people."""
        return "\n".join(
            [
                f"# Benchmarks: {self.where}",
                "",
                _ABOUT[self.where],
                "",
                *self.main_table(),
                "",
                "A bar is a number, or a multiple of another figure of this run. If that figure is missing, so is the verdict. "
                "A number marked `known` was measured on an earlier day and never serves as a bar; all others are from this run.",
                "",
                "Real pods are created at random moments: after a pause between 0 and 1 s, uniform, from a generator with a fixed seed.",
                "",
                *(f"![{Path(plot).stem}]({plot})\n" for plot in self.plots),
                *sections(self.measurements),
                "## Machine",
                "",
                *self._machine(),
                "",
            ]
        )

    def _machine(self) -> list[str]:
        machine = self.machine
        others = ", ".join(f"{name} {seconds:g} s" for name, seconds in self.others.items())
        return [
            f"- {machine['cores']} cores, {machine['processor']}, {format_value(machine['memory_bytes'], 'B')} of memory, "
            f"Linux {machine['kernel']}, Python {machine['python']}",
            f"- Kubernetes {self.kubernetes}; the run took {self.seconds:.0f} s",
            f"- load average before the run: {machine['load_before']}; CPU time of other processes during the run: {others or 'none'}",
            *(f"- {note}" for note in self.notes),
        ]
