"""A whole run, as small as it can be, on the sandbox."""

import pytest
from rich.console import Console

from benchmarks.options import Options
from benchmarks.run import run

SMALL = Options(idle=2, load=4, at_a_time=2, present=(3,))


@pytest.mark.timeout(120)
async def test_a_run_measures_what_the_report_shows():
    report = await run(SMALL, ["idle", "load", "crowd"], [], Console(quiet=True))
    measured = report.measured
    assert {name for name in measured.missing if name.startswith(("idle", "load", "crowd"))} == {
        "idle.taskrun",
        "load.taskrun",
    }
    counted = {name: len(figure.values) for name, figure in measured.figures.items()}
    assert counted["idle.execution.job"] == counted["idle.execution.succeeded"] == counted["idle.pod.ended"] == 2
    assert counted["load.execution.ends"] == counted["load.job.ends"] == 4
    assert measured.figures["idle.requests"].p50 == 6
    assert measured.figures["idle.requests_told"].p50 == 6
    assert measured.figures["crowd.3.rss"].p50 > 2**20
    assert all(value > 0 for figure in measured.figures.values() for value in figure.values)


async def test_a_stage_that_fails_costs_its_own_figures_alone(monkeypatch):
    async def fails(_bench):
        raise TimeoutError

    stages = {"idle": fails, "load": fails}
    monkeypatch.setattr("benchmarks.run.STAGES", stages)
    report = await run(SMALL, ["idle"], [], Console(quiet=True))
    assert report.measured.missing == {
        "idle": "it did not end in time (TimeoutError)",
        "load": "this stage was left out",
    }
