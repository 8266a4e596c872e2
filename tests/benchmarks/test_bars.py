import pytest

from benchmarks.bars import Bar, verdict
from benchmarks.figures import Figure, Measurements
from benchmarks.rows import ROWS

LABELS = {"real.pod.effect": "bare Pod", "real.taskrun.succeeded": "TaskRun", "real.job.complete": "bare Job"}


def measured(**medians):
    measurements = Measurements(missing={"real.taskrun": "Tekton is not installed"})
    for name, median in medians.items():
        measurements.add(name.replace("_", "."), median, "s")
    return measurements


@pytest.mark.parametrize(
    ("bar", "value", "wanted"),
    [
        (Bar(2.0), 2.0, "met"),
        (Bar(2.0), 2.1, "**missed**"),
        (Bar(2.0, at_least=True), 1.9, "**missed**"),
        (Bar(times=1.4, of="real.pod.effect"), 2.8, "met"),
        (Bar(times=1.4, of="real.pod.effect"), 2.81, "**missed**"),
        (Bar(times=0.6, of="real.pod.effect", at_least=True), 1.19, "**missed**"),
        (Bar(times=0.6, of="real.pod.effect", at_least=True), 1.21, "met"),
    ],
    ids=str,
)
def test_a_bar_is_a_number_or_a_multiple_of_the_median_of_another_figure(bar, value, wanted):
    assert verdict(Figure((value,), "s"), [bar], measured(real_pod_effect=[1.0, 2.0, 9.0]), LABELS) == wanted


def test_without_its_yardstick_a_bar_has_no_verdict_and_the_reason_is_shown():
    bar = Bar(times=1.0, of="real.taskrun.succeeded")
    assert verdict(Figure((1.0,), "s"), [bar], measured(), LABELS) == "- (TaskRun: Tekton is not installed)"
    assert bar.show("s", measured(), LABELS) == "<= 1 times TaskRun"


def test_another_yardstick_is_used_where_the_first_was_not_measured():
    bar = Bar(times=1.0, of="real.taskrun.succeeded", otherwise="real.job.complete")
    only_job, both = measured(real_job_complete=3.0), measured(real_job_complete=3.0, real_taskrun_succeeded=2.5)
    assert bar.show("s", only_job, LABELS) == "<= 1 times bare Job = 3,000 ms"
    assert bar.show("s", both, LABELS) == "<= 1 times TaskRun = 2,500 ms"
    assert verdict(Figure((2.9,), "s"), [bar], only_job, LABELS) == "met"
    assert verdict(Figure((2.9,), "s"), [bar], both, LABELS) == "**missed**"


def test_every_bar_must_be_met_and_one_that_cannot_be_judged_does_not_hide_another():
    number, ratio = Bar(1.0), Bar(times=1.0, of="real.taskrun.succeeded")
    assert verdict(Figure((2.0,), "s"), [ratio, number], measured(), LABELS) == "**missed**"
    assert (
        verdict(Figure((0.5,), "s"), [ratio, number], measured(), LABELS) == "met; - (TaskRun: Tekton is not installed)"
    )


def test_each_row_compares_with_something_and_shows_the_yardsticks_of_its_bars():
    for row in ROWS:
        compared = {yardstick.figure for yardstick in row.yardsticks}
        assert compared, row.title
        for bar in row.bars:
            assert {bar.of, bar.otherwise} - {""} <= compared, row.title
