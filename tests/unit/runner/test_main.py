"""How a step ends, and what it leaves in its report."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("body", "code", "state", "message", "reason"),
    [
        pytest.param("pass", 0, "done", "", "", id="does its work"),
        pytest.param("action.reject('no such thing')", 42, "rejected", "no such thing", "", id="refuses"),
        pytest.param("{}['x']", 1, "error", "KeyError: 'x'", "PluginError", id="has a bug"),
        pytest.param("raise SystemExit(0)", 1, "error", "SystemExit: 0", "PluginError", id="leaves without a word"),
        pytest.param(
            "action.api.get('v1/pods', 'x')", 42, "rejected", "this action declares no rules", "", id="has no token"
        ),
    ],
)
def test_a_step_ends_with_an_exit_code_and_a_report(step, body, code, state, message, reason):
    ended, report = step(body)
    assert ended == code
    assert (report.state, report.reason) == (state, reason)
    assert report.message.startswith(message)
    assert ("(<string>:" in report.message) == (reason == "PluginError"), "a bug is told with its place"


def test_a_step_that_is_stopped_still_reports_what_it_changed(step):
    code, report = step(
        "action.changed('Thing', 'x', 'f', 1, 2); print('here', flush=True); time.sleep(30)", interrupt=True
    )
    assert code == 143
    assert report.message == "it was stopped before it finished"
    assert [(c.before, c.after) for c in report.changes] == [(1, 2)]


def test_a_step_that_is_killed_has_reported_its_changes_but_not_its_end(step):
    code, report = step("action.changed('Thing', 'x', 'f', 1, 2); os.kill(os.getpid(), 9)")
    assert code == -9
    assert len(report.changes) == 1
    assert not report.final


def test_run_outside_a_pod_a_module_says_what_it_is_for():
    ran = subprocess.run([sys.executable, "-m", "kubernaut_scale.perform"], capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert "kubernaut render ACTION" in ran.stderr


def test_the_pod_side_starts_without_the_heavy_libraries():
    heavy = ("pydantic", "pluggy", "kubernetes", "aiohttp", "urllib3", "typing", "traceback")
    source = f"import sys, kubernaut.runner; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
