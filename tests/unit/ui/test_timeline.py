"""Bars of a timeline: within the whole, and visible however short."""

from kubernaut.api.timestamps import parse_time
from kubernaut.ui.timeline import timeline
from tests.support.executions import T, make_execution, make_stage

DONE = make_execution(
    phase="Succeeded",
    startTime=T.format(0),
    completionTime=T.format(9),
    stages=[make_stage("validate", 0, 0), make_stage("create-job", 1, 2), make_stage("execute", 2, 9)],
)


def test_every_bar_is_within_the_whole_and_wide_enough_to_be_seen():
    bars = timeline(DONE, parse_time("2026-11-01T10:00:20Z"))
    assert bars[0].depth == 0
    assert len(bars) == 4
    assert all(bar.start >= 0 and bar.start + bar.width <= 100.5 and bar.width >= 0.4 for bar in bars)
    assert {bar.kind for bar in bars} == {"whole", "step", "execute"}


def test_what_runs_ends_now():
    running = make_execution(
        phase="Running", startTime=T.format(0), stages=[{"name": "wait", "startTime": T.format(0)}]
    )
    bars = timeline(running, parse_time(T.format(5)))
    assert bars[0].open
    assert bars[-1].seconds > 0
