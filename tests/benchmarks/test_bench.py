"""A whole run on the sandbox, as small as possible."""

import pytest
from rich.console import Console

from benchmarks.options import Options
from benchmarks.run import run

SMALL = Options(idle=2, load=4, at_a_time=2, present=(3,), real=2, scale=6, scale_targets=2)


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
        assert measurements.figures[f"idle.{label}.requests"].p50 == 4
        assert measurements.figures[f"idle.{label}.requests_counted"].p50 == 4
    assert measurements.figures["crowd.3.rss"].p50 > 2**20
    assert all(value > 0 for figure in measurements.figures.values() for value in figure.values)


@pytest.mark.timeout(120)
async def test_requests_are_counted_with_the_clean_up_and_nothing_is_lost_at_scale(monkeypatch):
    monkeypatch.setattr("benchmarks.stages.server.TTL_SECONDS", 1)
    report = await run(SMALL, ["server", "scale", "limits"], [], Console(quiet=True))
    figures, missing = report.measurements.figures, report.measurements.missing
    for label in ("execution", "inline"):
        assert figures[f"server.{label}.engine.requests"].p50 == 5
        assert "shares the process" in missing[f"server.{label}.cpu"]
    for kind in ("shared", "own"):
        assert figures[f"scale.{kind}.created"].p50 == len(figures[f"scale.{kind}.ends"].values) == 6
        assert figures[f"scale.{kind}.lost"].p50 == figures[f"scale.{kind}.overlaps"].p50 == 0
    assert report.measurements.facts["scale.shared"]["targets"] == 2
    assert "no CPU limits" in missing["limits"]


@pytest.mark.timeout(120)
async def test_the_effect_of_real_executions_is_seen_before_they_have_succeeded():
    report = await run(SMALL, ["real"], [], Console(quiet=True))
    figures = report.measurements.figures
    for label in ("execution", "inline"):
        effects, ends = figures[f"real.{label}.effect"].values, figures[f"real.{label}.succeeded"].values
        assert len(effects) == len(ends) == 2
        assert all(effect < end for effect, end in zip(effects, ends, strict=True))
    assert len(figures["real.pod.effect"].values) == len(figures["real.job.container"].values) == 2
    assert report.measurements.missing["real.taskrun"] == "Tekton is not installed"


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
