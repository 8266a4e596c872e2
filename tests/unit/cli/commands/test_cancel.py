"""`kubernaut cancel`: asks for the stop, waits for the end, and succeeds only if the execution was cancelled."""

import pytest

from kubernaut.kube.objects import EXECUTIONS
from tests.support.executions import make_execution
from tests.support.fake_client import FakeClient


class Cluster(FakeClient):
    """A cluster whose engine ends a patched execution in this phase."""

    def __init__(self, phase, before="Running"):
        super().__init__((EXECUTIONS, dict(make_execution(phase=before, message="Stopped.").json)))
        self.phase = phase

    async def patch(self, resource, namespace, name, patch, **more):
        patched = await super().patch(resource, namespace, name, patch, **more)
        return self.put(resource, {**patched, "status": {**patched["status"], "phase": self.phase}})


@pytest.mark.parametrize(("phase", "code"), [("Cancelled", 0), ("Succeeded", 1)])
def test_the_command_succeeds_if_the_execution_was_cancelled(kubernaut_on, phase, code):
    cluster = Cluster(phase)
    ran = kubernaut_on(cluster, "cancel", "more", "-n", "prod")
    assert (ran.code, ran.out) == (code, f"{phase}  Stopped.\n")
    assert cluster.all(EXECUTIONS)[0]["spec"]["cancel"] is True


def test_an_ended_execution_is_not_cancelled(kubernaut_on):
    cluster = Cluster("Cancelled", before="Failed")
    ran = kubernaut_on(cluster, "cancel", "more", "-n", "prod")
    assert (ran.code, "more has ended already: Failed" in ran.err) == (2, True)
    assert ("patch", "kubernetesexecutions") not in cluster.requests
