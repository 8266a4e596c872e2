"""`python -m benchmarks`: measures, and writes report and pictures."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from benchmarks.options import Options, Where
from benchmarks.plots import draw
from benchmarks.report import Report
from benchmarks.run import STAGES, run

_RESULTS = Path(__file__).parent / "results"
_DEFAULT = Options()
_STAGES, _PRESENT = list(STAGES), list(_DEFAULT.present)
_NOTES: list[str] = []
_STOPPED = 128 + signal.SIGTERM


def main(
    cluster: Annotated[
        Where, typer.Option(help="The embedded sandbox, or the cluster of $KUBECONFIG.")
    ] = _DEFAULT.where,
    image: Annotated[str, typer.Option(envvar="KUBERNAUT_IMAGE", help="Image of real pods, on a real cluster.")] = "",
    stage: Annotated[list[str], typer.Option(help=f"Only these: {', '.join(STAGES)}.")] = _STAGES,
    idle: Annotated[int, typer.Option(min=1, help="Executions one after the other.")] = _DEFAULT.idle,
    load: Annotated[int, typer.Option(min=1, help="Executions at once.")] = _DEFAULT.load,
    at_a_time: Annotated[int, typer.Option(min=1, help="Creators at a time.")] = _DEFAULT.at_a_time,
    present: Annotated[list[int], typer.Option(help="Executions present at the engine's start.")] = _PRESENT,
    real: Annotated[int, typer.Option(min=1, help="Executions with real pods.")] = _DEFAULT.real,
    note: Annotated[
        list[str], typer.Option(help="A sentence for the report, such as how the cluster is set up.")
    ] = _NOTES,
    output: Annotated[
        Path, typer.Option(help="Where the report goes: a folder below it, named as the cluster.")
    ] = _RESULTS,
) -> None:
    """Measure the engine; the report is in the output folder."""
    strange = sorted(set(stage) - set(STAGES))
    if strange:
        raise typer.BadParameter(f"no stage {strange[0]!r}: {', '.join(STAGES)}")
    options = Options(cluster, image, idle, load, at_a_time, tuple(sorted(present)), real)
    console = Console()
    try:
        report = asyncio.run(_stoppable(options, stage, note, console))
    except asyncio.CancelledError:
        raise typer.Exit(_STOPPED) from None
    folder = output / cluster
    folder.mkdir(parents=True, exist_ok=True)
    report.plots = draw(report.measured, folder)
    report.write(folder)
    console.print(Markdown("\n".join(report.main_table())))
    console.print(f"written: {folder / 'report.md'}")


async def _stoppable(options: Options, stages: list[str], notes: list[str], console: Console) -> Report:
    """SIGTERM ends a run as ctrl-c does: what it created is removed first."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run(options, stages, notes, console)


if __name__ == "__main__":
    typer.run(main)
