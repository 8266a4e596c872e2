"""The engine must read the reports of `instant` as those of the runner, in each mode."""

import pytest

import kubernaut
from benchmarks.action import NAME, build_job, describe, report
from benchmarks.placement import REPORT
from kubernaut.api.steps import BOTH, DRY_RUN, EXECUTE
from kubernaut.jobs.termination import parse_both_reports, parse_report


def reports_of(rehearsal):
    """Return the reports of the Job's containers, by their names."""
    settings, parameters = _model("settings")(node="n"), _model("parameters")(name="a")
    execution = kubernaut.Execution("e", "ns", "u", NAME, parameters, settings, "any", rehearsal=rehearsal)
    pod = build_job(execution)["spec"]["template"]["spec"]
    containers = [*pod.get("initContainers", []), *pod["containers"]]
    return {c["name"]: next(e["value"] for e in c["env"] if e["name"] == REPORT) for c in containers}


def _model(kind):
    return getattr(describe(), kind)


def test_with_an_init_container_each_container_reports_its_own_step():
    written = reports_of("initContainer")
    assert list(written) == ["dry-run", "execute"]
    for step in (DRY_RUN, EXECUTE):
        found = parse_report(written[step], step)
        assert (found.state, found.changes[0].name) == ("done", "a")


def test_inline_the_one_container_reports_both_steps():
    written = reports_of("inline")
    assert list(written) == ["execute"]
    dry_run, execute = parse_both_reports(written["execute"])
    assert (dry_run.step, dry_run.state) == ("dry-run", "done")
    assert (execute.step, execute.state) == ("execute", "done")
    assert dry_run.changes == execute.changes
    assert execute.changes[0].field == "data.LOG_LEVEL"


@pytest.mark.parametrize("step", [DRY_RUN, EXECUTE])
def test_the_report_of_one_step_holds_no_other(step):
    assert "rehearsal" not in report(step, "a")
    assert "rehearsal" in report(BOTH, "a")
