"""The audit records: as a table for people, and as CSV in which no cell is a formula to a spreadsheet."""

import csv
import io
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kubernaut.cli.commands.history import history_table, write_csv
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.telemetry.audit import audit_record
from tests.support.executions import CHANGE, T, make_execution
from tests.support.fake_client import FakeClient
from tests.support.shown import shown

NOW = datetime(2026, 11, 1, 10, 1, tzinfo=UTC)


def record(**more):
    return replace(audit_record(make_execution("x")), **more)


def read_back(*records):
    out = io.StringIO()
    write_csv(records, out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\uff1d1"])
def test_no_cell_is_a_formula(text):
    (row,) = read_back(record(message=text, requested_by=text))
    assert row["message"] == row["requestedBy"] == f"'{text}"


def test_lists_and_mappings_are_json_and_unknown_values_are_empty():
    changes = [{"kind": "ConfigMap", "name": "c", "field": "data.A", "before": None, "after": 'a "b", c\n'}]
    (row,) = read_back(record(changes=changes, parameters={"name": "web"}, dry_run=True, seconds=0.5))
    assert row["parameters"] == '{"name": "web"}'
    assert (
        row["changes"]
        == '[{"kind": "ConfigMap", "name": "c", "field": "data.A", "before": null, "after": "a \\"b\\", c\\n"}]'
    )
    assert (row["dryRun"], row["seconds"], row["target"], row["rollback"]) == ("true", "0.5", "", "")


def test_commas_quotes_and_line_ends_stay_in_their_cell_and_control_characters_do_not():
    first, second = read_back(record(message='a, "b"\nc'), record(message="\x1b[2Jx"))
    assert first["message"] == 'a, "b"\nc'
    assert "\x1b" not in second["message"]


def test_the_columns_are_named_even_without_records():
    out = io.StringIO()
    write_csv([], out)
    assert out.getvalue().split(",")[0] == "execution"


def outcome(**status):
    """The cells of the table's only row from the target on."""
    execution = make_execution(target="Deployment/web", requestedBy="anna", **status)
    _, row = shown(history_table([audit_record(execution)], NOW, namespaced=False)).splitlines()
    return row.split("Deployment/web  ")[1].rstrip()


def test_an_admitted_execution_has_its_phase_duration_and_changes():
    times = {"startTime": T.format(1), "completionTime": T.format(3)}
    found = outcome(phase="Succeeded", jobName="j", result={"changes": [CHANGE]}, **times)
    assert found.split(maxsplit=3) == ["Succeeded", "2.0", "s", "Deployment/web spec.replicas: 2 → 3"]


def test_an_execution_without_a_job_has_the_decision():
    assert outcome(phase="Failed", reason="Forbidden") == "refused: Forbidden"
    assert outcome(phase="Cancelled", reason="CancelRequested") == "cancelled: CancelRequested"
    assert outcome(phase="Pending", reason="Queued") == "Pending (Queued)"


def test_of_many_changes_three_are_shown():
    assert outcome(phase="Succeeded", jobName="j", result={"changes": [CHANGE] * 5}).endswith("; and 2 more")
    assert "more" not in outcome(phase="Succeeded", jobName="j", result={"changes": [CHANGE] * 3})


def test_a_rollback_names_what_it_undoes_and_a_dry_run_has_no_changes():
    undoing = audit_record(make_execution(annotations={"kubernaut.io/rollback-of": "more"}, phase="Succeeded"))
    rehearsed = audit_record(make_execution(dry_run=True, phase="Succeeded", result={"changes": [CHANGE]}))
    _, first, second = shown(history_table([undoing, rehearsed], NOW, namespaced=True)).splitlines()
    assert first.rstrip().endswith("undoing more")
    assert second.rstrip().endswith("Succeeded")
    assert "scale (dry run)" in second
    assert first.split()[2] == "prod"


def cluster():
    """Two executions of one namespace, a second apart, the later one first."""
    found = (make_execution("later", created=T.format(5)), make_execution("earlier", created=T.format(4)))
    return FakeClient(*((EXECUTIONS, dict(execution.json)) for execution in found))


@pytest.mark.parametrize(
    ("since", "names"),
    [
        ((), ["earlier", "later"]),
        (("--since", T.format(4)), ["earlier", "later"]),
        (("--since", T.format(5)), ["later"]),
        (("--since", T.format(6)), []),
    ],
    ids=["always", "the first one's time", "the second one's time", "later"],
)
def test_records_are_in_order_of_creation_from_a_given_time_on(kubernaut_on, since, names):
    ran = kubernaut_on(cluster(), "history", "-n", "prod", "-o", "json", *since)
    assert [record["execution"] for record in json.loads(ran.out)] == names


def test_people_get_a_table_and_an_empty_one_is_reported_on_standard_error(kubernaut_on):
    assert len(kubernaut_on(cluster(), "history", "-n", "prod").out.splitlines()) == 3
    ran = kubernaut_on(cluster(), "history", "-n", "prod", "--since", "2090-01-01")
    assert (ran.out, ran.err) == ("", "no executions in prod since 2090-01-01\n")
    assert kubernaut_on(FakeClient(), "history", "-A").err == "no executions\n"


def test_a_proposal_names_who_approved_it_and_what_carries_it_out_who_proposed_it():
    approval = {"execution": "more-approved", "uid": "u", "requestedBy": "ben", "time": T.format(8)}
    times = {"startTime": T.format(1), "completionTime": T.format(3)}
    found = outcome(phase="Succeeded", jobName="j", planDigest="sha256:1", approval=approval, **times)
    assert "approved by ben after 5.0 s, as more-approved" in found
    execution = make_execution(target="Deployment/web", requestedBy="ben", proposedBy="anna", phase="Failed", **times)
    execution.json["spec"]["approvedPlan"] = {"execution": "more", "digest": "sha256:1"}
    _, row = shown(history_table([audit_record(execution)], NOW, namespaced=False)).splitlines()
    assert "as more planned, proposed by anna" in row


def test_a_proposal_that_was_rejected_says_so():
    execution = make_execution(dry_run=True, phase="Succeeded", jobName="j", planDigest="sha256:1")
    execution.json["spec"]["cancel"] = True
    _, row = shown(history_table([audit_record(execution)], NOW, namespaced=False)).splitlines()
    assert row.endswith("rejected")


def test_an_agent_is_named_beside_the_user_whose_credentials_it_used():
    execution = make_execution(annotations={"kubernaut.io/agent": "helper 1.2"}, requestedBy="anna")
    _, row = shown(history_table([audit_record(execution)], NOW, namespaced=False)).splitlines()
    assert "anna (helper 1.2)" in row
