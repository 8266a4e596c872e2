"""What the cluster had warned of, when a deadline ended what never began and no status told why."""

from types import SimpleNamespace

import pytest

from kubernaut.api.execution import Reason
from kubernaut.controller.diagnostics import Troubles
from kubernaut.controller.state import Seen
from kubernaut.errors import UnavailableError
from kubernaut.kube.objects import Key


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


def seen(*pods, message="", condition="DeadlineExceeded"):
    metadata = {
        "name": "j",
        "namespace": "ns",
        "uid": "job-uid",
        "annotations": {"kubernaut.io/target": "Deployment/web"},
    }
    status = {"conditions": [{"type": "Failed", "status": "True", "reason": condition}]}
    job = {"metadata": metadata, "spec": {"activeDeadlineSeconds": 5}, "status": status}
    obj = {"metadata": {"name": "e", "namespace": "ns"}, "spec": {}, "status": {"message": message}}
    return Seen(Key("ns", "e"), obj, job, list(pods), [], [])


def pod(second=1, **container):
    told = {"name": "dry-run", "state": container} if container else None
    status = {"phase": "Pending", **({"initContainerStatuses": [told]} if told else {})}
    created = f"2026-01-01T00:00:0{second}Z"
    metadata = {"name": f"p{second}", "namespace": "ns", "uid": f"pod-{second}", "creationTimestamp": created}
    return {"metadata": metadata, "status": status}


MOUNT = event("FailedMount", 'secret "s" not found', 2)


@pytest.mark.parametrize(
    ("pods", "whose"),
    [pytest.param((), "job-uid", id="no pod"), pytest.param((pod(2), pod(1)), "pod-2", id="the last pod")],
)
async def test_the_newest_warning_is_the_cause(pods, whose):
    cluster = Cluster(event("FailedScheduling", "earlier", 1), MOUNT)
    ended = await Troubles(cluster).observed(seen(*pods))
    assert ended.reason is Reason.DEADLINE_EXCEEDED
    assert ended.message.startswith(
        'It was stopped after 5 s, its deadline, before it began: FailedMount: secret "s" not found.'
    )
    assert cluster.asked == [("ns", f"involvedObject.uid={whose},type=Warning")]


async def test_events_that_cannot_be_read_keep_nothing_from_its_end():
    ended = await Troubles(Cluster()).observed(seen(pod()))
    assert "before it began: none of its pods started" in ended.message


@pytest.mark.parametrize(
    "known",
    [
        pytest.param(seen(pod(), message="Its pod does not get on: no node."), id="told while it lasted"),
        pytest.param(seen(pod(running={"startedAt": "2026-01-01T00:00:02Z"})), id="it began"),
        pytest.param(seen(pod(waiting={"reason": "ErrImagePull", "message": "m"})), id="the pod tells"),
        pytest.param(seen(pod(), condition="BackoffLimitExceeded"), id="another end"),
    ],
)
async def test_nothing_is_asked_where_the_cause_is_known(known):
    cluster = Cluster(MOUNT)
    await Troubles(cluster).observed(known)
    assert cluster.asked == []
