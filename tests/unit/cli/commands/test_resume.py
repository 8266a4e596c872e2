"""`kubernaut resume`: suspended and held executions start, and only the present hold is lifted."""

from kubernaut.api.timestamps import parse_time
from kubernaut.kube.objects import EXECUTIONS
from tests.support.executions import T, make_execution
from tests.support.fake_client import FakeClient


def resume(kubernaut_on, execution, *names):
    """The result of the command, and the execution as it is stored then."""
    cluster = FakeClient((EXECUTIONS, dict(execution.json)))
    ran = kubernaut_on(cluster, "resume", "more", *names, "-n", "prod")
    return ran, cluster.all(EXECUTIONS)[0]


def test_a_suspended_execution_is_resumed(kubernaut_on):
    ran, stored = resume(kubernaut_on, make_execution(phase="Pending", reason="Suspended"))
    assert (ran.code, ran.out) == (0, "more is resumed; it starts when nothing else holds it back\n")
    assert stored["spec"]["suspend"] is False
    assert "kubernaut.io/resumed" not in stored["metadata"]["annotations"]


def test_the_hold_that_status_records_is_lifted(kubernaut_on):
    held = make_execution(phase="Pending", reason="BudgetExceeded", heldSince=T.format(7))
    _, stored = resume(kubernaut_on, held)
    assert parse_time(stored["metadata"]["annotations"]["kubernaut.io/resumed"]) == parse_time(T.format(7))


def test_an_ended_execution_is_not_changed(kubernaut_on):
    ended = make_execution(phase="Succeeded")
    ran, stored = resume(kubernaut_on, ended)
    assert (ran.code, "more has ended already: Succeeded" in ran.err) == (2, True)
    assert stored["spec"] == ended.json["spec"]


def test_names_are_resumed_in_their_order_until_one_does_not_exist(kubernaut_on):
    ran, stored = resume(kubernaut_on, make_execution(phase="Pending", reason="Suspended"), "other")
    assert ran.code == 2
    assert ran.out.startswith("more is resumed")
    assert "there is no execution other in prod" in ran.err
    assert stored["spec"]["suspend"] is False
