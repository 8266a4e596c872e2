"""The pods of an execution are those of its own Job, whatever labels others carry."""

from kubernaut.caller.pods import own_pods
from kubernaut.kube.objects import PODS
from tests.support.executions import make_execution, make_pod
from tests.support.fake_client import FakeClient


async def test_only_pods_of_its_own_job_are_found():
    forged = make_pod("forged")
    forged["metadata"]["ownerReferences"][0]["name"] = "another-job"
    unlabelled = make_pod("unlabelled")
    unlabelled["metadata"]["labels"] = {}
    elsewhere = make_pod("elsewhere")
    elsewhere["metadata"]["namespace"] = "other"
    pods = [make_pod("own"), forged, unlabelled, elsewhere]
    found = await own_pods(FakeClient(*((PODS, pod) for pod in pods)), make_execution())
    assert [pod["metadata"]["name"] for pod in found] == ["own"]
