"""A report fits a termination message, whatever is in it."""

import hashlib
import json
import os
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut.jobs.termination import parse_both_reports, parse_report
from kubernaut.runner.report import LIMIT, Report


@given(
    st.lists(st.tuples(st.text(max_size=300), st.text(max_size=3000)), max_size=30),
    st.dictionaries(st.text(max_size=20), st.text(max_size=5000), max_size=10),
    st.text(max_size=9000),
)
def test_any_report_fits_a_termination_message_and_says_when_it_was_cut(changes, outputs, message):
    report = Report("execute")
    report.changes = [
        {"kind": "K", "name": "n", "field": field, "before": None, "after": value} for field, value in changes
    ]
    report.outputs, report.message = outputs, message
    encoded = report.encode()
    assert len(encoded) <= LIMIT
    read = parse_report(encoded.decode(), "execute")
    assert read is not None
    whole = len(read.changes) == len(changes) and read.outputs == outputs and read.message == message
    assert read.truncated or whole
    assert len(read.changes) + read.changes_left_out == len(changes)


@given(
    st.lists(st.tuples(st.text(max_size=300), st.text(max_size=3000)), max_size=20),
    st.integers(0, 20),
    st.text(max_size=5000),
    st.text(max_size=5000),
)
def test_the_reports_of_both_steps_fit_one_termination_message_and_say_when_they_were_cut(
    changes, made, planned_message, message
):
    rehearsal = Report("dry-run")
    rehearsal.changes = [
        {"kind": "K", "name": "n", "field": field, "before": None, "after": value} for field, value in changes
    ]
    rehearsal.state, rehearsal.message = "done", planned_message
    rehearsal.record_call("GET", "v1/pods", "p" * 250, 0, 1, 200)
    report = Report("execute", rehearsal)
    report.changes, report.message = rehearsal.changes[:made], message
    encoded = report.encode()
    assert len(encoded) <= LIMIT
    plan, read = parse_both_reports(encoded.decode())
    assert (plan.state, len(read.changes) + read.changes_left_out) == ("done", len(report.changes))
    if not read.truncated:
        assert (len(plan.changes), plan.message, read.message) == (len(changes), planned_message, message)
    else:
        assert plan.truncated


def test_a_large_plan_is_known_until_it_is_carried_out_and_then_reported_once():
    before = directives(190)
    rehearsal = Report("dry-run")
    change = {"kind": "K", "name": "n", "field": "f", "before": before, "after": before.replace("1;", "2;")}
    rehearsal.changes, rehearsal.state = [change], "done"
    report = Report("execute", rehearsal)
    for made in ([], [change]):
        report.changes = made
        plan, read = parse_both_reports(report.encode().decode())
        assert (plan.truncated, read.truncated) == (False, False)
        assert [c.model_dump(exclude={"volatile"}) for c in plan.changes] == [change]
        assert [c.model_dump(exclude={"volatile"}) for c in read.changes] == made


def test_a_plan_that_was_carried_out_as_it_was_is_written_once():
    rehearsal = Report("dry-run")
    rehearsal.changes = [{"kind": "K", "name": "n", "field": "f", "before": 1, "after": 2}]
    report = Report("execute", rehearsal)
    assert "asExecuted" not in json.loads(report.encode())["rehearsal"]
    report.changes = list(rehearsal.changes)
    written = json.loads(report.encode())["rehearsal"]
    assert (written["asExecuted"], "changes" in written) == (True, False)


def test_of_a_plan_that_is_too_large_as_much_as_fits_is_known_before_it_is_carried_out():
    noise = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))
    rehearsal = Report("dry-run")
    rehearsal.changes = [
        {"kind": "K", "name": "n", "field": f"f{n}", "before": noise[n:], "after": "x"} for n in range(3)
    ]
    plan, read = parse_both_reports(Report("execute", rehearsal).encode().decode())
    assert (plan.truncated, read.truncated) == (True, True)
    assert [c.field for c in plan.changes] == ["f0", "f1", "f2"]


def test_a_process_that_is_killed_as_it_reports_leaves_a_whole_report(tmp_path):
    (tmp_path / "dev").mkdir()
    source = (
        "from kubernaut.runner.report import Report\nreport, n = Report('execute'), 0\nreport.write()\nprint(flush=True)\n"
        "while True:\n    n += 1\n    report.message = 'm' * (n % 2 * 1000)\n    report.write()\n"
    )
    environment = {**os.environ, "SANDBOX_POD_ROOT": str(tmp_path)}
    for moment in range(30):
        with subprocess.Popen([sys.executable, "-c", source], env=environment, stdout=subprocess.PIPE) as process:
            process.stdout.readline()
            time.sleep(0.001 * moment)
            process.kill()
        text = (tmp_path / "dev/termination-log").read_text("utf-8")
        assert parse_report(text, "execute") is not None, text


def test_repeated_requests_are_one_entry_with_their_number():
    report = Report("execute")
    for n in range(3):
        report.record_call("GET", "v1/pods", "p", report.started + n, report.started + n + 0.5, 200)
    report.record_call("GET", "v1/pods", "p", report.started + 3, report.started + 4, 404)
    assert [(c["code"], c["times"], c["at"], c["ms"]) for c in report.calls] == [
        (200, 3, 0, 2500),
        (404, 1, 3000, 1000),
    ]


def test_no_more_than_a_dozen_requests_are_kept_apart():
    report = Report("execute")
    for n in range(20):
        report.record_call("GET", "v1/pods", f"p{n}", report.started, report.started, 200)
    assert (len(report.calls), report.calls[-1]["times"]) == (12, 9)


@pytest.mark.parametrize(("state", "logged"), [("done", False), ("error", True)])
def test_the_last_lines_of_the_log_are_reported_for_a_step_that_failed(state, logged):
    report = Report("execute")
    report.log("\n".join(str(n) for n in range(100)))
    report.state = state
    content = json.loads(report.encode())
    assert ("log" in content) is logged
    assert not logged or content["log"].splitlines() == [str(n) for n in range(88, 100)]


def directives(servers):
    """Return an nginx configuration."""
    return "".join(
        f"upstream backend{n} {{ server 10.0.{n % 7}.{n % 250}:{8000 + n}; keepalive {n % 32}; }}\n"
        for n in range(servers)
    )


def changed(before, after):
    report = Report("execute")
    report.state = "done"
    report.changes = [{"kind": "ConfigMap", "name": "n", "field": "data.f", "before": before, "after": after}]
    return report.encode()


def test_texts_of_a_dozen_kilobytes_are_reported_whole():
    before = directives(200)
    after = before.replace("keepalive 1;", "keepalive 64;")
    assert len(before) > 12_000
    encoded = changed(before, after)
    read = parse_report(encoded.decode(), "execute")
    assert len(encoded) <= LIMIT
    assert (read.truncated, read.changes[0].before, read.changes[0].after) == (False, before, after)


def test_texts_that_compress_badly_are_cut_and_that_is_told():
    noise = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))
    read = parse_report(changed(noise, "").decode(), "execute")
    assert read.truncated
    assert read.changes[0].before.endswith("… (cut)")


def test_fields_that_did_not_change_are_the_first_to_go():
    noise = "".join(hashlib.sha256(bytes([n])).hexdigest() for n in range(200))
    report = Report("execute")
    report.state = "done"
    for before in (noise, "x"):
        report.record_change({"kind": "ConfigMap", "name": "n", "field": "data.f", "before": before, "after": noise})
        noise = "y"
    read = parse_report(report.encode().decode(), "execute")
    assert (read.truncated, [change.after for change in read.changes]) == (False, ["y"])


def test_no_more_is_compressed_than_is_decompressed():
    read = parse_report(changed("a" * 2**20, "").decode(), "execute")
    assert read.truncated
