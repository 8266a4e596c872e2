"""Causes that only Events show: what the cluster warned of, and how long images were pulled."""

from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest

from kubernaut.api.execution import Reason
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.controller.diagnostics import Diagnostics, pull_time
from kubernaut.controller.state import Monitor
from kubernaut.errors import UnavailableError
from kubernaut.jobs.attempts import read_attempts
from kubernaut.jobs.outcome import InProgress
from kubernaut.jobs.stages import Pull
from kubernaut.kube.objects import CachedObject


async def observed(diagnostics, run):
    return await diagnostics.observe(run, read_attempts(run.pods))


class Cluster:
    """Answers with these Events, or fails."""

    def __init__(self, *events):
        self.events, self.asked = events, []

    async def list(self, _resource, namespace, *, fields):
        self.asked.append((namespace, fields))
        if not self.events:
            raise UnavailableError("no answer")
        return SimpleNamespace(items=list(self.events))


def event(reason, message, second):
    return {"reason": reason, "message": message, "lastTimestamp": f"2026-01-01T00:00:0{second}Z"}


def run(*pods, conditions=(), condition="DeadlineExceeded"):
    metadata = {
        "name": "j",
        "namespace": "ns",
        "uid": "job-uid",
        "annotations": {"kubernaut.io/target": "Deployment/web"},
    }
    status = {"conditions": [{"type": "Failed", "status": "True", "reason": condition}]}
    job = {"metadata": metadata, "spec": {"activeDeadlineSeconds": 5}, "status": status}
    obj = {"metadata": {"name": "e", "namespace": "ns"}, "spec": {}, "status": {"conditions": list(conditions)}}
    return Monitor(ExecutionView(obj), job, list(pods))


def pod(second=1, **container):
    statuses = {"initContainerStatuses": [{"name": "dry-run", "state": container}]} if container else {}
    status = {"phase": "Pending", **statuses}
    created = f"2026-01-01T00:00:0{second}Z"
    metadata = {"name": f"p{second}", "namespace": "ns", "uid": f"pod-{second}", "creationTimestamp": created}
    return CachedObject({"metadata": metadata, "status": status})


NOT_READY = {
    "type": "PodReady",
    "status": "False",
    "reason": "Unschedulable",
    "message": "no node",
    "lastTransitionTime": "2026-01-01T00:00:00Z",
}
MOUNT = event("FailedMount", 'secret "s" not found', 2)


@pytest.mark.parametrize(
    ("pods", "whose"),
    [pytest.param((), "job-uid", id="no pod"), pytest.param((pod(2), pod(1)), "pod-2", id="the last pod")],
)
async def test_the_newest_warning_is_the_cause(pods, whose):
    cluster = Cluster(event("FailedScheduling", "earlier", 1), MOUNT)
    ended = await observed(Diagnostics(cluster), run(*pods))
    assert ended.reason is Reason.DEADLINE_EXCEEDED
    assert ended.message.startswith(
        'Deadline of 5 s exceeded before any step started: FailedMount: secret "s" not found.'
    )
    assert cluster.asked == [("ns", f"involvedObject.uid={whose},type=Warning")]


async def test_unreadable_events_do_not_keep_an_execution_from_ending():
    ended = await observed(Diagnostics(Cluster()), run(pod()))
    assert "before any step started: none of its pods started" in ended.message


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(run(pod(), conditions=[NOT_READY]), id="recorded while it lasted"),
        pytest.param(run(pod(running={"startedAt": "2026-01-01T00:00:02Z"})), id="it began"),
        pytest.param(run(pod(waiting={"reason": "ErrImagePull", "message": "m"})), id="the pod tells"),
        pytest.param(run(pod(), condition="BackoffLimitExceeded"), id="another end"),
    ],
)
async def test_no_events_are_read_where_the_cause_is_known(known):
    cluster = Cluster(MOUNT)
    await observed(Diagnostics(cluster), known)
    assert cluster.asked == []


def job_of(seconds_ago):
    found = run()
    created = (now() - timedelta(seconds=seconds_ago)).isoformat()
    return Monitor(
        found.execution, {**found.job, "metadata": {**found.job["metadata"], "creationTimestamp": created}}, []
    )


async def test_a_job_without_pods_is_checked_only_after_a_while_and_then_less_and_less():
    cluster = Cluster(event("FailedCreate", "exceeded quota", 1))
    early = await Diagnostics(cluster).check(job_of(1), InProgress(()))
    assert (early.diagnosis, early.seconds > 1, cluster.asked) == (None, True, [])
    late = await Diagnostics(cluster).check(job_of(100), InProgress(()))
    assert (late.diagnosis.reason, late.diagnosis.message) == ("FailedCreate", "FailedCreate: exceeded quota")
    assert 49 < late.seconds < 52


async def test_a_pod_that_was_told_to_stop_long_ago_shows_an_unresponsive_node():
    asked = (now() - timedelta(seconds=100)).isoformat()
    leaving = pod(running={"startedAt": "2026-01-01T00:00:02Z"})
    leaving.json["metadata"]["deletionTimestamp"] = asked
    leaving.json["spec"] = {"nodeName": "n1"}
    checkup = await Diagnostics(Cluster()).check(run(leaving), InProgress(read_attempts([leaving])))
    assert checkup.diagnosis.reason == "NodeNotResponding"
    assert "kubectl delete node n1" in checkup.diagnosis.message


def test_a_pull_lasts_from_the_first_pulling_to_the_last_pulled():
    pulling = {"reason": "Pulling", "firstTimestamp": "2026-01-01T00:00:02Z"}
    pulled = {"reason": "Pulled", "firstTimestamp": "2026-01-01T00:00:08Z"}
    times = [datetime.fromisoformat(entry["firstTimestamp"]) for entry in (pulling, pulled)]
    assert pull_time([pulled, pulling]) == Pull(*times)
    assert pull_time([pulled]) is None, "the image was on the node already"
