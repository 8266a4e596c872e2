"""`kubernaut logs`: the lines of pods, and what is left or missing when there are none."""

import pytest

from kubernaut.kube.objects import EXECUTIONS, PODS
from tests.support.executions import RUNNING, make_execution, make_pod
from tests.support.fake_client import FakeClient


@pytest.fixture
def run(kubernaut_on):
    """Print the logs of this execution, whose dry run has written these lines (None: it has no pod)."""

    def printed(execution, *words, lines=None):
        cluster = FakeClient((EXECUTIONS, dict(execution.json)))
        if lines is not None:
            cluster.put(PODS, make_pod(dry_run=RUNNING))
            cluster.logs["p", "dry-run"] = lines
        return kubernaut_on(cluster, "logs", "more", "-n", "prod", *words)

    return printed


RUNS = make_execution(phase="Running", jobName="more-1")


def test_each_line_has_its_attempt_and_step_and_no_control_characters(run):
    ran = run(RUNS, lines=["one", "\x1b[2Jtwo"])
    assert (ran.code, ran.out) == (0, "1 dry-run │ one\n1 dry-run │ \N{REPLACEMENT CHARACTER}[2Jtwo\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [((), "its pods wrote nothing\n"), (("--step", "dry-run"), "its pods wrote nothing in step dry-run\n")],
)
def test_pods_that_wrote_nothing_are_reported(run, words, message):
    ran = run(RUNS, *words, lines=[])
    assert (ran.code, ran.out, ran.err) == (0, "", message)


def test_a_step_that_has_not_started_is_bad_input(run):
    ran = run(RUNS, "--step", "execute", "--attempt", "2", lines=["one"])
    assert (ran.code, ran.out) == (2, "")
    assert "more has no step execute of attempt 2 that started: kubernaut describe more -n prod" in ran.err


def test_the_log_that_status_kept_is_printed_when_the_pods_are_gone(run):
    ran = run(make_execution(phase="Failed", jobName="more-1", logTail="one\ntwo"))
    assert (ran.code, ran.out) == (0, "kept      │ one\nkept      │ two\n")
    assert "its pods are gone; this is what its status kept of their log" in ran.err


@pytest.mark.parametrize(
    ("execution", "message"),
    [
        pytest.param(
            make_execution(phase="Pending", reason="Suspended"),
            "more has no pod yet: it is Pending (Suspended)",
            id="not started",
        ),
        pytest.param(
            make_execution(phase="Failed", reason="Forbidden"),
            "more never had a pod: it is Failed (Forbidden)",
            id="rejected",
        ),
        pytest.param(RUNS, "more has no pod that started yet: wait for it with -f", id="starting"),
        pytest.param(
            make_execution(phase="Succeeded", jobName="more-1"),
            "the pods of more are gone, and only a failed pod's last lines are kept",
            id="succeeded",
        ),
    ],
)
def test_an_execution_without_logs_is_bad_input_with_the_reason(run, execution, message):
    ran = run(execution)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert "kubernaut describe more -n prod" in ran.err
