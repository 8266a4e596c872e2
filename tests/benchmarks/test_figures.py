import pytest

from benchmarks.figures import Figure, Measurements, differences, format_value, percentile


@pytest.mark.parametrize(
    ("values", "percent", "wanted"),
    [([7.0], 95, 7.0), ([3.0, 1.0, 2.0], 50, 2.0), ([1.0, 2.0], 50, 1.5), ([float(n) for n in range(101)], 95, 95.0)],
    ids=[
        "one value is every percentile",
        "the median is the middle one",
        "between two ranks",
        "one in twenty exceeds it",
    ],
)
def test_a_percentile_is_interpolated_between_ranks(values, percent, wanted):
    assert percentile(values, percent) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("value", "unit", "wanted"),
    [
        (0.0283, "s", "28.3 ms"),
        (1.05, "s", "1,050 ms"),
        (42.0, "s", "42 s"),
        (120 * 2**20, "B", "120 MiB"),
        (1874, "B", "1.83 KiB"),
        (43.2, "per second", "43.2 per second"),
    ],
    ids=str,
)
def test_a_number_is_rounded_and_has_its_unit(value, unit, wanted):
    assert format_value(value, unit) == wanted


def test_a_series_keeps_its_order_and_a_number_is_a_series_of_one():
    measurements = Measurements()
    measurements.add("many", [3.0, 1.0], "s")
    measurements.add("one", 2, "requests")
    assert measurements.figures == {"many": Figure((3.0, 1.0), "s"), "one": Figure((2,), "requests")}


def test_the_reason_for_a_missing_figure_is_that_of_its_longest_prefix():
    measurements = Measurements(missing={"load": "it took too long", "load.taskrun": "Tekton is not installed"})
    assert measurements.why_missing("load.taskrun.rate") == "Tekton is not installed"
    assert measurements.why_missing("load.cpu") == "it took too long"
    assert measurements.why_missing("idle.cpu") == "not measured"


def test_differences_omit_counts_that_did_not_change():
    assert differences({"GET a": 1, "PUT b": 2}, {"GET a": 4, "PUT b": 2, "POST c": 1}) == {"GET a": 3, "POST c": 1}
