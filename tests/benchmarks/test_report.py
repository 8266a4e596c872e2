import json

import pytest

from benchmarks.figures import Measurements
from benchmarks.options import Where
from benchmarks.report import Report
from benchmarks.rows import ROWS, cells
from benchmarks.stages import tracing

BY_FIGURE = {row.figure: row for row in ROWS}


def report_on(measurements):
    machine = {
        "cores": 2,
        "processor": "A CPU",
        "memory_bytes": 2**34,
        "kernel": "6.1",
        "python": "3.11.7",
        "load_before": 0.1,
    }
    return Report(Where.SANDBOX, "v1.36.0", machine, {"etcd": 3.0}, ["qps is raised"], 61.2, {"idle": 2}, measurements)


@pytest.mark.parametrize(
    ("figure", "value", "verdict"),
    [
        ("idle.execution.succeeded", 0.149, "met"),
        ("idle.execution.succeeded", 0.151, "**missed**"),
        ("load.inline.rate", 23.9, "**missed**"),
        ("load.inline.rate", 24.1, "met; - (Tekton TaskRun: Tekton is not installed)"),
    ],
)
def test_the_verdict_follows_from_the_side_of_the_bar_that_is_better(figure, value, verdict):
    measurements = Measurements(missing={"load.taskrun": "Tekton is not installed"})
    measurements.add("load.job.rate", 40.0, "per second")
    measurements.add(figure, value, "s")
    assert cells(BY_FIGURE[figure], measurements)[-1] == verdict


def test_a_yardstick_shows_its_measured_value_else_a_known_one_else_the_reason():
    measurements = Measurements(missing={"idle.taskrun": "Tekton is not installed", "idle.job": "no time"})
    measurements.add("idle.execution.succeeded", [0.1, 0.1, 0.2], "s")
    measurements.add("idle.pod.ended", 0.03, "s")
    _, shown, comparison, bar, _ = cells(BY_FIGURE["idle.execution.succeeded"], measurements)
    assert shown == "100 ms (p95 190 ms)"
    assert comparison.split("; ") == [
        "bare Pod 30 ms",
        "bare Job's pod: no time",
        "bare Job's own condition 1,050 ms (known)",
        "Tekton TaskRun 300-340 ms (known)",
    ]
    assert bar == "<= 150 ms"


def test_a_bar_shows_the_yardstick_that_it_is_a_multiple_of_and_its_value():
    measurements = Measurements()
    measurements.add("real.pod.effect", 2.0, "s")
    measurements.add("real.inline.effect", 2.7, "s")
    _, _, _, bar, verdict = cells(BY_FIGURE["real.inline.effect"], measurements)
    assert (bar, verdict) == ("<= 1.4 times bare Pod with the same runner = 2,800 ms", "met")


def test_a_row_without_a_figure_shows_the_reason():
    measurements = Measurements(missing={"real": "no image was named"})
    _, shown, _, _, verdict = cells(BY_FIGURE["real.execution.succeeded"], measurements)
    assert (shown, verdict) == ("not measured: no image was named", "-")


def test_the_report_shows_the_machine_the_requests_and_every_figure():
    measurements = Measurements()
    measurements.add("idle.cpu", 0.02, "s")
    counted = {"POST jobs": 4, "PATCH jobs": 2}
    measurements.facts["idle.inline.requests"] = {"executions": 4, "at the API server": counted, "by the engine": {}}
    text = report_on(measurements).markdown()
    assert "- 2 cores, A CPU, 16,384 MiB of memory, Linux 6.1, Python 3.11.7" in text
    assert "etcd 3 s" in text
    assert "- qps is raised" in text
    assert "| idle.inline | 4 | at the API server | POST jobs 1, PATCH jobs 0.5 |" in text
    assert "| `idle.cpu` | 1 | 20 ms | 20 ms | 20 ms | 20 ms |" in text


def test_the_json_contains_every_value(tmp_path):
    measurements = Measurements()
    measurements.add("idle.post.post", [0.001, 0.003], "s")
    report_on(measurements).write(tmp_path)
    content = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert content["figures"]["idle.post.post"] == {"unit": "s", "p50": 0.002, "p95": 0.0029, "values": [0.001, 0.003]}
    assert len(content["rows"]) == len(ROWS)


def test_a_plot_is_drawn_if_its_figures_exist(tmp_path):
    pytest.importorskip("matplotlib")
    from benchmarks.plots import draw  # noqa: PLC0415 - an optional part

    measurements = Measurements()
    measurements.add("idle.execution.succeeded", [0.08, 0.09], "s")
    measurements.add("crowd.1000.rss", 2**26, "B")
    measurements.add("real.inline.effect", [2.1, 2.4], "s")
    measurements.add("scale.own.ends", [1.0, 1.2], "s")
    assert draw(measurements, tmp_path) == ["latency.png", "real.png", "scale.png", "memory.png"]
    assert (tmp_path / "latency.png").read_bytes().startswith(b"\x89PNG")


async def test_the_collector_counts_traces():
    import aiohttp  # noqa: PLC0415

    async with tracing.Collector() as collector, aiohttp.ClientSession() as session:
        async with session.post(f"{collector.endpoint}/v1/traces", data=b"spans") as answer:
            assert answer.status == 200
        assert collector.requests == 1
