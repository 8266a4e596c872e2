"""`kubernaut execute`: the execution that is created, and what is printed of it."""

import json

import pytest

from kubernaut.kube.objects import EXECUTIONS
from tests.support.fake_client import FakeClient

SCALE = ("execute", "scale", "-n", "prod", "-p", "name=web", "-p", "replicas=3")


class Cluster(FakeClient):
    """A cluster whose engine ends every new execution at once with this status."""

    def __init__(self, **status):
        super().__init__()
        self.status = status

    async def create(self, resource, namespace, manifest, **more):
        created = await super().create(resource, namespace, manifest, **more)
        return self.put(resource, {**created, "status": self.status}) if resource is EXECUTIONS else created


def test_the_options_become_the_spec(kubernaut_on):
    cluster = FakeClient()
    ran = kubernaut_on(cluster, *SCALE, "--name", "more", "--dry-run", "--deadline", "60", "--no-wait")
    assert (ran.code, ran.out) == (0, "more created in prod\n")
    (obj,) = cluster.all(EXECUTIONS)
    parameters = {"name": "web", "replicas": 3}
    assert obj["spec"] == {"action": "scale", "parameters": parameters, "dryRun": True, "deadlineSeconds": 60}


def test_an_action_that_is_not_installed_here_is_left_to_the_engine(kubernaut_on):
    cluster = FakeClient()
    kubernaut_on(cluster, "execute", "elsewhere", "-p", "replicas=3", "--no-wait")
    (obj,) = cluster.all(EXECUTIONS)
    assert obj["spec"]["parameters"] == {"replicas": 3}
    assert obj["metadata"]["name"].startswith("elsewhere-")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ({"phase": "Succeeded", "message": "Done."}, 0),
        ({"phase": "Failed", "reason": "ActionFailed", "message": "No."}, 1),
        ({"phase": "Failed", "reason": "UnknownAction", "message": "No."}, 2),
    ],
    ids=["success", "failure", "bad input"],
)
def test_the_end_decides_the_exit_code(kubernaut_on, status, code):
    ran = kubernaut_on(Cluster(**status), *SCALE)
    assert ran.code == code
    assert status["message"] in ran.out


def test_json_is_the_object_of_the_api_server(kubernaut_on):
    cluster = Cluster(phase="Succeeded", message="Done.")
    ran = kubernaut_on(cluster, *SCALE, "-o", "json")
    assert json.loads(ran.out) == cluster.all(EXECUTIONS)[0]
