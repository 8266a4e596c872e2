"""How a step ends, and what it leaves in its report."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("body", "code", "state", "message", "reason"),
    [
        pytest.param("pass", 0, "done", "", "", id="does its work"),
        pytest.param("action.reject('no such thing')", 42, "rejected", "no such thing", "", id="refuses"),
        pytest.param("{}['x']", 42, "error", "KeyError: 'x'", "PluginError", id="has a bug"),
        pytest.param("raise OSError('no disk')", 1, "error", "OSError: no disk", "PluginError", id="meets an error"),
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
    for command in (["kubernaut_scale.perform"], ["kubernaut.runner", "kubernaut_scale.perform"]):
        ran = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert ran.stderr.startswith("This runs inside a Job")
        assert "kubernaut render ACTION" in ran.stderr


def test_run_without_a_module_it_says_how_it_is_used():
    ran = subprocess.run([sys.executable, "-m", "kubernaut.runner"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (1, "usage: python -m kubernaut.runner MODULE\n")


PLUGIN = """
import sys
from kubernaut.runner import run

def perform(action):
    action.output("seen", [__name__, sys.argv[0].rpartition("/")[2], len(sys.argv), sys.modules["__main__"].perform is perform])

if __name__ == "__main__":
    run(perform)
"""


def test_a_module_written_for_the_first_version_runs_as_it_did(step):
    code, report = step("", module=PLUGIN)
    assert (code, report.outputs["seen"]) == (0, ["__main__", "a_plugin.py", 1, True])


@pytest.mark.parametrize("steps", ["dry-run", "execute", "dry-run,execute"])
@pytest.mark.parametrize(
    ("module", "message"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module' (a_plugin.py:1)"),
        ("\nfrom os import nothing", "ImportError: cannot import name 'nothing' from 'os'"),
        ("x = (", "SyntaxError: '(' was never closed (a_plugin.py, line 1)"),
        ("\n\nCOLOURS['red']", "NameError: name 'COLOURS' is not defined (a_plugin.py:3)"),
        ("pass", "Misuse: the module a_plugin does not call kubernaut.runner.run(perform)"),
    ],
    ids=["a missing module", "a missing name", "no Python", "a name", "no call of run"],
)
def test_a_module_that_cannot_be_run_ends_at_once_with_its_place(step, steps, module, message):
    code, report = step("", steps, module=module)
    report, executed = report if isinstance(report, tuple) else (report, None)
    assert (code, report.state, report.reason, executed) == (42, "error", "PluginError", None)
    assert report.message.startswith(message)
    assert report.message.endswith(": a defect of the action's plugin")
    assert message.partition(":")[0] in report.log


def test_a_module_that_meets_a_passing_error_is_tried_again(step):
    code, report = step("", module="raise ConnectionRefusedError('no forge')")
    assert (code, report.reason) == (1, "PluginError")


@pytest.mark.parametrize(
    "defect",
    [
        "import no_such_module",
        "None.x",
        "{}['x']",
        "[][1]",
        "undefined",
        "len(1)",
        "assert not action",
        "1 / 0",
        "raise NotImplementedError",
        "action.api.get('pods', 'x')",
        "action.api.delete('v1/pods', '')",
    ],
)
def test_a_defect_before_anything_was_changed_ends_at_once(step, defect):
    code, report = step(defect)
    assert (code, report.state, report.reason, report.unsure) == (42, "error", "PluginError", False)
    assert report.message.endswith("(<string>:4): a defect of the action's plugin")


@pytest.mark.parametrize("change", ["action.changed('T', 'x', 'f', 1, 2)", "action.unsure('T', 'x')"])
def test_a_defect_after_something_may_have_been_changed_is_tried_again(step, change):
    code, report = step(f"{change}; None.x")
    assert (code, report.reason) == (1, "PluginError")
    assert "defect" not in report.message
    assert step("action.changed('T', 'x', 'f', 1, 2); None.x", "dry-run")[0] == 42, "a plan changes nothing"


def test_the_place_of_a_defect_is_found_in_an_installed_package(step, tmp_path):
    packages = tmp_path / "lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (packages / "installed.py").write_text("def go():\n    return {}['x']\n", "utf-8")
    _, report = step(f"import sys; sys.path.insert(0, {str(packages)!r}); import installed; installed.go()")
    assert "(installed.py:2)" in report.message


def test_the_pod_side_starts_without_the_heavy_libraries():
    heavy = ("pydantic", "pluggy", "kubernetes", "aiohttp", "urllib3", "typing", "traceback")
    source = f"import sys, kubernaut.runner; print([m for m in {heavy} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


PLAN = "action.changed('Thing', 'x', 'f', 1, 2)"
FIRST = "if action.dry_run:\n        {}\n    else:\n        {}"


@pytest.mark.parametrize(
    ("first", "second", "code", "states"),
    [
        pytest.param("pass", "pass", 0, ("done", "done"), id="both pass"),
        pytest.param("action.reject('no')", "pass", 42, ("rejected", None), id="the first refuses"),
        pytest.param("{}['x']", "pass", 42, ("error", None), id="the first has a bug"),
        pytest.param("raise OSError", "pass", 43, ("error", None), id="the first meets an error"),
        pytest.param("pass", "action.reject('no')", 42, ("done", "rejected"), id="the second refuses"),
        pytest.param("pass", "{}['x']", 42, ("done", "error"), id="the second has a bug"),
        pytest.param(PLAN, "os.kill(os.getpid(), 9)", -9, ("done", "error"), id="the second is killed"),
    ],
)
def test_a_process_of_both_steps_executes_only_after_the_dry_run_passed(step, first, second, code, states):
    ended, reports = step(FIRST.format(first, second), "dry-run,execute")
    assert (ended, tuple(report and report.state for report in reports)) == (code, states)
    assert reports[1] is None or reports[1].final == (code != -9)


def test_the_plan_of_a_process_that_dies_before_it_reports_a_change_is_known(step):
    _, (plan, executed) = step(FIRST.format(PLAN, "os.kill(os.getpid(), 9)"), "dry-run,execute")
    assert [(c.before, c.after) for c in plan.changes] == [(1, 2)]
    assert executed.changes == ()


@pytest.mark.parametrize(("stopped_in", "code"), [("dry-run", 43), ("execute", 143)])
def test_a_process_of_both_steps_that_is_stopped_says_in_which(step, stopped_in, code):
    wait = "print('here', flush=True); time.sleep(30)"
    bodies = (wait, "pass") if stopped_in == "dry-run" else (PLAN, f"{PLAN}; {wait}")
    ended, (rehearsed, executed) = step(FIRST.format(*bodies), "dry-run,execute", interrupt=True)
    assert ended == code
    last = rehearsed if stopped_in == "dry-run" else executed
    assert (last.state, last.message) == ("error", "it was stopped before it finished")
    assert (executed is None) == (stopped_in == "dry-run")
    assert executed is None or len(executed.changes) == 1


def test_a_stop_while_a_report_is_written_spoils_neither_the_report_nor_the_end(step):
    stopped_in_write = (
        "from kubernaut.runner.report import Report; write = Report.write; "
        "Report.write = lambda report: (os.kill(os.getpid(), 15), write(report))"
    )
    code, report = step(f"action.changed('T', 'x', 'f', 1, 2); {stopped_in_write}")
    assert (code, report.state, len(report.changes)) == (0, "done", 1)
