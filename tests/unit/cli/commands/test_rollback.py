"""`kubernaut rollback`: what can be undone, and what is done if the target was changed since."""

import io

import pytest

from kubernaut.cli.commands.rollback import inverse_of
from kubernaut.errors import InputError
from kubernaut.kube.objects import EXECUTIONS, Key, key_of, resource_of
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
    """A cluster whose engine ends every new execution at once with these planned changes."""

    def __init__(self, *planned, phase="Succeeded"):
        super().__init__((EXECUTIONS, dict(DONE.json)))
        self.planned, self.phase = planned, phase

    async def create(self, resource, namespace, manifest, **more):
        created = await super().create(resource, namespace, manifest, **more)
        if resource is not EXECUTIONS:
            return created
        status = {"phase": self.phase, "message": "no", "result": {"changes": self.planned}}
        return self.put(resource, {**created, "status": status})


def created(cluster):
    """The new executions, the rehearsal first."""
    new = [obj for obj in cluster.all(EXECUTIONS) if key_of(obj) != Key("prod", "more")]
    return sorted((obj["metadata"]["name"].split("-")[1], obj["spec"].get("dryRun", False)) for obj in new)


BACK = {**CHANGE, "before": 3, "after": 2}


def test_an_unchanged_target_is_rehearsed_and_undone(kubernaut_on):
    cluster = Cluster(BACK)
    assert kubernaut_on(cluster, "rollback", "more", "-n", "prod").code == 0
    assert created(cluster) == [("rehearsed", True), ("undone", False)]
    annotations = [obj["metadata"].get("annotations", {}) for obj in cluster.all(EXECUTIONS)]
    assert [one.get("kubernaut.io/rollback-of") for one in annotations] == [None, "more", "more"]


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        pytest.param(
            Cluster({**BACK, "before": 7}),
            "Deployment/web spec.replicas is 7 now, not 3 as more left it. Nothing was changed. "
            "To undo it nevertheless: kubernaut execute scale -n prod -p name=web -p replicas=2",
            id="a changed target",
        ),
        pytest.param(
            Cluster(BACK, {**BACK, "kind": "ConfigMap", "field": "data.PLANTED"}),
            "its rollback would change ConfigMap/web data.PLANTED, which more did not record. Nothing was changed",
            id="a field that was not recorded",
        ),
        pytest.param(
            Cluster(), "there is nothing to undo: everything that more changed is as it was before", id="already undone"
        ),
        pytest.param(
            Cluster(BACK, phase="Failed"),
            "the rehearsal of the rollback failed, so nothing was changed: no",
            id="a failed rehearsal",
        ),
    ],
)
def test_any_other_target_is_left_alone(kubernaut_on, cluster, message):
    ran = kubernaut_on(cluster, "rollback", "more", "-n", "prod")
    assert (ran.code, message in ran.err) == (2, True)
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


@pytest.mark.parametrize(
    ("since", "said"), [({"time": "2026-11-01T11:00:00Z"}, "last, at 2026-11-01T11:00:00Z."), ({}, "last.")]
)
def test_the_writer_of_a_later_change_is_named_if_the_target_can_be_read(kubernaut_on, since, said):
    cluster = Cluster({**BACK, "before": 7})
    owner = {"manager": "helm", **since, "fieldsV1": {"f:spec": {"f:replicas": {}}}}
    metadata = {"name": "web", "namespace": "prod", "managedFields": [owner]}
    cluster.put(resource_of("apps/v1/deployments"), {"metadata": metadata})
    ran = kubernaut_on(cluster, "rollback", "more", "-n", "prod")
    assert f"as more left it; helm wrote it {said} Nothing was changed." in ran.err
