import pytest

from benchmarks.queue_watch import Depths
from benchmarks.stages.scale import lost, overlaps


def execution(name, start="", end="", *, target="ConfigMap/a", phase="Succeeded", job_creation=""):
    times = {"startTime": start, "completionTime": end} if start else {}
    stages = [{"name": "validate", "startTime": start}, {"name": "create-job", "startTime": job_creation}]
    recorded = {"stages": stages} if job_creation else {}
    reason = {} if phase == "Succeeded" else {"reason": "OutOfMemory"}
    return {"metadata": {"name": name}, "status": {"phase": phase, "target": target, **reason, **times, **recorded}}


def at(second):
    return f"2026-01-01T00:00:{second:09.6f}Z"


@pytest.mark.parametrize(
    ("phase", "jobs", "wanted"),
    [
        ("Succeeded", {"e": 1}, {}),
        ("Failed", {"e": 1}, {"e": "Failed OutOfMemory"}),
        ("Pending", {"e": 1}, {"e": "Pending OutOfMemory"}),
        ("Succeeded", {}, {"e": "0 Jobs"}),
        ("Succeeded", {"e": 2}, {"e": "2 Jobs"}),
    ],
    ids=["it succeeded with one Job", "it failed", "it never ran", "it has no Job", "it has two Jobs"],
)
def test_an_execution_is_lost_unless_it_succeeded_with_exactly_one_job(phase, jobs, wanted):
    assert lost([execution("e", phase=phase)], jobs) == wanted


def test_an_execution_that_starts_before_the_one_before_it_on_its_target_has_ended_overlaps():
    first, second = execution("a", at(1), at(3)), execution("b", at(2.5), at(4))
    assert overlaps([second, first]) == 1
    assert overlaps([first, execution("b", at(3), at(4))]) == 0
    assert overlaps([first, execution("b", at(2.5), at(4), target="ConfigMap/b")]) == 0


def test_a_short_execution_within_a_long_one_does_not_hide_the_next_overlap():
    assert overlaps([execution("a", at(1), at(9)), execution("b", at(2), at(3)), execution("c", at(4), at(5))]) == 2


def test_an_execution_runs_from_the_creation_of_its_job_not_from_its_validation():
    waited = execution("b", at(2.5), at(4), job_creation=at(3.1))
    assert overlaps([execution("a", at(1), at(3)), waited]) == 0


def test_the_greatest_depths_are_kept_each_for_itself():
    depths = Depths()
    sample = 'kubernaut_workqueue_depth {0}\nkubernaut_running {1}\nkubernaut_waiting{{reason="Queued"}} {2}\n'
    for numbers in ((7.0, 1.0, 5.0), (3.0, 9.0, 2.0)):
        depths.record(sample.format(*numbers) + 'kubernaut_waiting{reason="TargetBusy"} 4.0\n')
    assert (depths.queue, depths.running, depths.waiting, depths.samples) == (7.0, 9.0, 9.0, 2)
    assert depths.waiting_by_reason == {"Queued": 5.0, "TargetBusy": 4.0}
