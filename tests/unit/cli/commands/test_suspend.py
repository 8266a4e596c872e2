"""`kubernaut suspend`: an execution that has not started is kept from starting, and any other is not."""

from kubernaut.kube.objects import EXECUTIONS
from tests.support.executions import make_execution
from tests.support.fake_client import FakeClient


def suspend(kubernaut_on, execution):
    """The result of the command, and the execution as it is stored then."""
    cluster = FakeClient((EXECUTIONS, dict(execution.json)))
    ran = kubernaut_on(cluster, "suspend", "more", "-n", "prod")
    return ran, cluster.all(EXECUTIONS)[0]


def test_a_pending_execution_is_suspended(kubernaut_on):
    ran, stored = suspend(kubernaut_on, make_execution(phase="Pending"))
    assert (ran.code, ran.out) == (0, "more is suspended; to start it: kubernaut resume more -n prod\n")
    assert stored["spec"]["suspend"] is True


def test_a_running_execution_continues_and_the_command_that_stops_it_is_named(kubernaut_on):
    ran, _ = suspend(kubernaut_on, make_execution(phase="Running", jobName="more-1"))
    assert ran.code == 2
    assert "more is running already and continues; to stop it: kubernaut cancel more -n prod" in ran.err


def test_an_ended_execution_is_not_changed(kubernaut_on):
    ended = make_execution(phase="Succeeded")
    ran, stored = suspend(kubernaut_on, ended)
    assert (ran.code, "more has ended already: Succeeded" in ran.err) == (2, True)
    assert stored["spec"] == ended.json["spec"]
