"""`python -m benchmarks`: measures, and writes the report with its plots."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markdown import Markdown

from benchmarks.options import SCALE, Options, Where
from benchmarks.plots import draw
from benchmarks.report import Report
from benchmarks.run import STAGES, run

_RESULTS = Path(__file__).parent / "results"
_DEFAULT = Options()
_STAGES, _PRESENT, _LIMITS = list(STAGES), list(_DEFAULT.present), list(_DEFAULT.limits)
_SCALES = ", ".join(f"{number:,} on {where}" for where, number in SCALE.items())
_NOTES: list[str] = []
_STOPPED = 128 + signal.SIGTERM


def main(
    cluster: Annotated[
        Where, typer.Option(help="The embedded sandbox, or the cluster of $KUBECONFIG.")
    ] = _DEFAULT.where,
    image: Annotated[str, typer.Option(envvar="KUBERNAUT_IMAGE", help="Image of real pods, on a real cluster.")] = "",
    stage: Annotated[list[str], typer.Option(help=f"Only these stages: {', '.join(STAGES)}.")] = _STAGES,
    idle: Annotated[int, typer.Option(min=1, help="Executions one after the other.")] = _DEFAULT.idle,
    load: Annotated[int, typer.Option(min=1, help="Executions at once.")] = _DEFAULT.load,
    at_a_time: Annotated[int, typer.Option(min=1, help="How many are created in parallel.")] = _DEFAULT.at_a_time,
    present: Annotated[list[int], typer.Option(help="Executions present at the engine's start.")] = _PRESENT,
    real: Annotated[int, typer.Option(min=1, help="Executions with real pods, at random moments.")] = _DEFAULT.real,
    scale: Annotated[
        int, typer.Option(min=0, help=f"Executions created as fast as possible; by default {_SCALES}.")
    ] = 0,
    scale_targets: Annotated[int, typer.Option(min=1, help="The targets that they share.")] = _DEFAULT.scale_targets,
    limit: Annotated[list[str], typer.Option(help="CPU limits of real pods to compare.")] = _LIMITS,
    limited: Annotated[int, typer.Option(min=1, help="Executions for each CPU limit.")] = _DEFAULT.limited,
    tekton_pid: Annotated[
        int, typer.Option(min=0, help="The process of Tekton's controller on this machine, to measure its CPU time.")
    ] = 0,
    note: Annotated[
        list[str], typer.Option(help="A sentence for the report, such as the set-up of the cluster.")
    ] = _NOTES,
    output: Annotated[
        Path, typer.Option(help="The folder for reports, with a subfolder named after the cluster.")
    ] = _RESULTS,
) -> None:
    """Measure the engine and write the report to the output folder."""
    unknown = sorted(set(stage) - set(STAGES))
    if unknown:
        raise typer.BadParameter(f"there is no stage {unknown[0]!r}: use {', '.join(STAGES)}")
    if tekton_pid and not Path(f"/proc/{tekton_pid}/stat").exists():
        raise typer.BadParameter(f"--tekton-pid: process {tekton_pid} does not exist on this machine")
    options = Options(
        where=cluster,
        image=image,
        idle=idle,
        load=load,
        at_a_time=at_a_time,
        present=tuple(sorted(present)),
        real=real,
        scale=scale or SCALE[cluster],
        scale_targets=scale_targets,
        limits=tuple(limit),
        limited=limited,
        tekton_pid=tekton_pid,
    )
    console = Console()
    try:
        report = asyncio.run(_stoppable(options, stage, note, console))
    except asyncio.CancelledError:
        raise typer.Exit(_STOPPED) from None
    folder = output / cluster
    folder.mkdir(parents=True, exist_ok=True)
    report.plots = draw(report.measurements, folder)
    report.write(folder)
    console.print(Markdown("\n".join(report.main_table())))
    console.print(f"written: {folder / 'report.md'}")


async def _stoppable(options: Options, stages: list[str], notes: list[str], console: Console) -> Report:
    """Run it so that SIGTERM ends it as ctrl-c does, after it has removed what it created."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await run(options, stages, notes, console)


if __name__ == "__main__":
    typer.run(main)
