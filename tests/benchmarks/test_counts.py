from benchmarks.counts import counted_in
from benchmarks.engine import cpu_seconds_of

EXPOSITION = """
# TYPE apiserver_request_total counter
apiserver_request_total{code="201",component="apiserver",group="batch",resource="jobs",subresource="",verb="POST"} 7
apiserver_request_total{code="409",component="apiserver",group="batch",resource="jobs",subresource="",verb="POST"} 1
apiserver_request_total{code="200",group="batch",resource="jobs",subresource="status",verb="PUT"} 1e+02
apiserver_request_terminations_total{code="429",verb="GET"} 3
"""


def test_requests_are_added_up_over_codes_and_subresources_told_apart():
    assert counted_in(EXPOSITION) == {"POST jobs": 8, "PUT jobs/status": 100}


def test_cpu_time_is_read_whatever_the_process_is_called():
    fields = ["S", *(["0"] * 10), "150", "50", *(["0"] * 30)]
    assert cpu_seconds_of(f"42 (a) (b c) {' '.join(fields)}") == 2.0
