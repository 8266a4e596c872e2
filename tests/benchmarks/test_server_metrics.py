import pytest

from benchmarks.server_metrics import ALLOCATED, CPU, growth, read_counters

EXPOSITION = """
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 120.5
go_memstats_alloc_bytes_total 1.5e+09
go_memstats_alloc_bytes 3e+08
go_gc_duration_seconds{quantile="0.5"} 0.0002
go_gc_duration_seconds_sum 0.25
go_gc_duration_seconds_count 40
apiserver_request_total{code="200",verb="GET"} 9
"""


def test_cpu_allocations_and_collections_are_read():
    assert read_counters(EXPOSITION) == {
        CPU: 120.5,
        ALLOCATED: 1.5e9,
        "go_gc_duration_seconds_sum": 0.25,
        "go_gc_duration_seconds_count": 40.0,
    }


def test_an_object_costs_what_was_spent_beyond_as_many_idle_seconds():
    idle = growth({CPU: 10.0}, {CPU: 11.0}, 10.0)
    spent = growth({CPU: 11.0, ALLOCATED: 0.0}, {CPU: 20.0, ALLOCATED: 600.0}, 30.0)
    assert spent.beyond(idle, 300) == pytest.approx({CPU: (9.0 - 3.0) / 300, ALLOCATED: 2.0})
