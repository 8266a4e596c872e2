"""The audit records as CSV: what a spreadsheet reads is data, never a formula."""

import csv
import io
from dataclasses import replace

import pytest

from kubernaut.api.view import ExecutionView
from kubernaut.cli.commands.history import write_csv
from kubernaut.telemetry.audit import audit_record


def record(**more):
    execution = {"metadata": {"name": "x", "namespace": "prod"}, "spec": {"action": "scale"}}
    return replace(audit_record(ExecutionView(execution)), **more)


def read_back(*records):
    out = io.StringIO()
    write_csv(records, out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1"])
def test_no_cell_is_a_formula(text):
    (row,) = read_back(record(message=text, requested_by=text))
    assert row["message"] == row["requestedBy"] == f"'{text}"


def test_lists_and_mappings_are_json_and_what_is_unknown_is_empty():
    changes = [{"kind": "ConfigMap", "name": "c", "field": "data.A", "before": None, "after": 'a "b", c\n'}]
    (row,) = read_back(record(changes=changes, parameters={"name": "web"}, dry_run=True, seconds=0.5))
    assert row["parameters"] == '{"name": "web"}'
    assert (
        row["changes"]
        == '[{"kind": "ConfigMap", "name": "c", "field": "data.A", "before": null, "after": "a \\"b\\", c\\n"}]'
    )
    assert (row["dryRun"], row["seconds"], row["target"], row["rollback"]) == ("true", "0.5", "", "")


def test_commas_quotes_and_line_ends_stay_in_their_cell_and_steering_does_not():
    first, second = read_back(record(message='a, "b"\nc'), record(message="\x1b[2Jx"))
    assert first["message"] == 'a, "b"\nc'
    assert "\x1b" not in second["message"]


def test_no_records_still_name_the_columns():
    out = io.StringIO()
    write_csv([], out)
    assert out.getvalue().split(",")[0] == "execution"
