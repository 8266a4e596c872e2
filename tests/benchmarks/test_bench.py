"""A whole run on the sandbox, as small as possible."""

import pytest
from rich.console import Console

from benchmarks.options import Options
from benchmarks.run import run

SMALL = Options(idle=2, load=4, at_a_time=2, present=(3,))


@pytest.mark.timeout(120)
async def test_a_run_measures_what_the_report_shows():
    report = await run(SMALL, ["idle", "load", "crowd"], [], Console(quiet=True))
    measurements = report.measurements
    assert {name for name in measurements.missing if name.startswith(("idle", "load", "crowd"))} == {
        "idle.taskrun",
        "load.taskrun",
    }
    counted = {name: len(figure.values) for name, figure in measurements.figures.items()}
    for label in ("execution", "inline"):
        assert counted[f"idle.{label}.job"] == counted[f"idle.{label}.succeeded"] == counted["idle.pod.ended"] == 2
        assert counted[f"load.{label}.ends"] == counted["load.job.ends"] == 4
        assert measurements.figures[f"idle.{label}.requests"].p50 == 5
        assert measurements.figures[f"idle.{label}.requests_counted"].p50 == 5
    assert measurements.figures["crowd.3.rss"].p50 > 2**20
    assert all(value > 0 for figure in measurements.figures.values() for value in figure.values)


async def test_a_stage_that_fails_loses_only_its_own_figures(monkeypatch):
    async def fails(_bench):
        raise TimeoutError

    stages = {"idle": fails, "load": fails}
    monkeypatch.setattr("benchmarks.run.STAGES", stages)
    report = await run(SMALL, ["idle"], [], Console(quiet=True))
    assert report.measurements.missing == {
        "idle": "it did not finish in time (TimeoutError)",
        "load": "this stage was not selected",
    }
