from benchmarks.counts import sum_requests
from benchmarks.engine import cpu_seconds_of

EXPOSITION = """
# TYPE apiserver_request_total counter
apiserver_request_total{code="201",component="apiserver",group="batch",resource="jobs",subresource="",verb="POST"} 7
apiserver_request_total{code="409",component="apiserver",group="batch",resource="jobs",subresource="",verb="POST"} 1
apiserver_request_total{code="200",group="batch",resource="jobs",subresource="status",verb="PUT"} 1e+02
apiserver_request_terminations_total{code="429",verb="GET"} 3
"""


def test_requests_are_summed_over_status_codes_but_not_over_subresources():
    assert sum_requests(EXPOSITION) == {"POST jobs": 8, "PUT jobs/status": 100}


def test_cpu_time_is_read_for_a_process_name_with_spaces_and_parentheses():
    fields = ["S", *(["0"] * 10), "150", "50", *(["0"] * 30)]
    assert cpu_seconds_of(f"42 (a) (b c) {' '.join(fields)}") == 2.0
