from benchmarks.figures import Measurements
from benchmarks.sections import limits, scale, server
from benchmarks.server_metrics import ALLOCATED, CPU


def test_without_figures_a_section_says_so():
    empty = Measurements()
    assert limits(empty) == scale(empty) == server(empty) == ["not measured"]


def test_each_cpu_limit_shows_what_it_costs():
    measurements = Measurements()
    for limit, effect in {"200m": [2.9, 3.1], "1": [2.0, 2.2]}.items():
        measurements.add(f"limits.{limit}.inline.effect", effect, "s")
        measurements.add(f"limits.{limit}.inline.succeeded", [value + 1 for value in effect], "s")
    measurements.add("real.inline.effect", 2.5, "s")
    assert limits(measurements)[2:] == ["| 200m | 3,000 ms | 4,000 ms |", "| 1 | 2,100 ms | 3,100 ms |"]


def test_a_stage_that_was_late_still_shows_what_was_lost():
    measurements = Measurements(missing={"scale.own": "not all executions ended"})
    measurements.add("scale.own.lost", 3, "executions")
    measurements.facts["scale.own"] = {"executions": 1000, "targets": 1000}
    (line,) = scale(measurements)[2:]
    assert line.startswith("| a target each | 1,000 | 1,000 | not all executions ended |")
    assert line.endswith("| 3 executions |")


def test_the_cost_to_the_api_server_names_allocations_and_garbage_collections():
    measurements = Measurements()
    measurements.facts["server.inline"] = {
        "objects": 300,
        "seconds": 21.4,
        "idle CPU seconds per second": 0.05,
        "per object, beyond idle": {CPU: 0.04, ALLOCATED: 2.0**20, "go_gc_duration_seconds_count": 0.1},
    }
    assert server(measurements)[2:] == ["| execution, inline | 300 | 40 ms | 1 MiB | 30 | 50 ms | 21.4 s |"]
