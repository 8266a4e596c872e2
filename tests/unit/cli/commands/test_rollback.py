"""`kubernaut rollback`: what can be undone, and what is done if the target was changed since."""

import io

import pytest

from kubernaut.caller.rollbacks import inverse_of
from kubernaut.errors import InputError
from kubernaut.kube.objects import EXECUTIONS, Key, key_of
from tests.support.executions import CHANGE, ROLLBACK, make_execution
from tests.support.fake_client import FakeClient

DONE = make_execution(phase="Succeeded", result={"changes": [CHANGE], "rollback": ROLLBACK})


def test_the_inverse_is_what_the_action_recorded():
    assert inverse_of(DONE).parameters == ROLLBACK["parameters"]


@pytest.mark.parametrize(
    ("execution", "message"),
    [
        pytest.param(make_execution(phase="Running"), "has not ended: .* kubernaut cancel more -n prod", id="running"),
        pytest.param(
            make_execution(phase="Succeeded", dry_run=True), "was a dry run: it changed nothing", id="dry run"
        ),
        pytest.param(
            make_execution(phase="Failed", message="It failed."), "has no recorded changes: It failed.", id="no result"
        ),
        pytest.param(make_execution(phase="Failed", result={}), "has no recorded changes", id="no changes"),
        pytest.param(
            make_execution(phase="Failed", result={"changes": [CHANGE]}),
            "action scale does not support rollback of more",
            id="no inverse",
        ),
        pytest.param(
            make_execution(phase="Failed", result={"changes": [CHANGE], "irreversible": "its plugin is gone"}),
            "more cannot be undone: its plugin is gone",
            id="no inverse, and why",
        ),
    ],
)
def test_an_execution_that_cannot_be_undone_is_refused_with_the_reason(execution, message):
    with pytest.raises(InputError, match=message):
        inverse_of(execution)


class Cluster(FakeClient):
    """A cluster whose engine ends every new execution at once: with these planned changes, or for this reason."""

    def __init__(self, *planned, reason=None, message="no"):
        super().__init__((EXECUTIONS, dict(DONE.json)))
        self.planned, self.reason, self.message = planned, reason, message

    async def create(self, resource, namespace, manifest, **more):
        created = await super().create(resource, namespace, manifest, **more)
        if resource is not EXECUTIONS:
            return created
        ended = {"phase": "Failed", "reason": self.reason} if self.reason else {"phase": "Succeeded"}
        status = {**ended, "message": self.message, "result": {"changes": self.planned}}
        return self.put(resource, {**created, "status": status})


def created(cluster):
    """The new executions, the rehearsal first."""
    new = [obj for obj in cluster.all(EXECUTIONS) if key_of(obj) != Key("prod", "more")]
    return sorted((obj["metadata"]["name"].split("-")[1], obj["spec"].get("dryRun", False)) for obj in new)


BACK = {**CHANGE, "before": 3, "after": 2}


def test_what_can_be_undone_is_rehearsed_and_undone(kubernaut_on):
    cluster = Cluster(BACK)
    ran = kubernaut_on(cluster, "rollback", "more", "-n", "prod")
    assert ran.code == 0
    assert "Deployment/web spec.replicas: 3 → 2" in ran.err
    assert created(cluster) == [("rehearsed", True), ("undone", False)]
    specs = [obj["spec"] for obj in cluster.all(EXECUTIONS) if obj["spec"].get("undoes")]
    assert [(spec["action"], spec["undoes"], spec.get("parameters")) for spec in specs] == [("scale", "more", None)] * 2


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            Cluster(reason="Diverged", message="Deployment/web spec.replicas is 7 now, not 3 as more left it."),
            "is 7 now, not 3 as more left it. To undo it nevertheless: kubernaut execute scale -n prod",
            id="a changed target",
        ),
        pytest.param(
            Cluster(reason="Forbidden", message="a permission is missing"),
            "the rehearsal of the rollback failed, so nothing was changed: a permission is missing",
            id="a rehearsal that failed",
        ),
        pytest.param(
            Cluster(), "there is nothing to undo: everything that more changed is as it was", id="back already"
        ),
    ],
)
def test_any_other_target_is_left_alone(kubernaut_on, cluster, message):
    ran = kubernaut_on(cluster, "rollback", "more", "-n", "prod")
    assert ran.code == 2
    assert message in ran.err
    assert created(cluster) == [("rehearsed", True)]


@pytest.mark.parametrize(
    ("words", "answer", "code"),
    [((), "y\n", 0), ((), "n\n", 2), ((), "\n", 2), (("--yes",), "", 0)],
    ids=["yes", "no", "nothing", "not asked"],
)
def test_in_a_terminal_it_shows_what_changes_and_asks(kubernaut_on, monkeypatch, words, answer, code):
    cluster = Cluster(BACK)
    terminal = io.StringIO(answer)
    monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stdin", terminal)
    ran = kubernaut_on(cluster, "rollback", "more", "-n", "prod", *words)
    assert ran.code == code
    assert "rollback of more changes:\n  Deployment/web spec.replicas: 3 → 2\n" in ran.err
    assert ("undone", False) in created(cluster) or code == 2
