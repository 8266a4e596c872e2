"""Everything that the cluster has on an execution, and what could not be read."""

import pytest

from kubernaut.caller.details import read_details
from kubernaut.errors import DeniedError
from kubernaut.kube.objects import EVENTS, PODS
from tests.support.executions import UID, make_execution, make_pod
from tests.support.fake_client import FakeClient

EXECUTION = make_execution(phase="Failed", jobName="more-1")


def event(name, kind, about, *, uid="", type_="Normal", time="10:00:00", **more):
    involved = {"kind": kind, "name": about, "uid": uid}
    stamp = {"lastTimestamp": f"2026-11-01T{time}Z"}
    whole = {
        "metadata": {"name": name, "namespace": "prod"},
        "involvedObject": involved,
        "type": type_,
        **stamp,
        **more,
    }
    return EVENTS, {"reason": name, "message": "", **whole}


async def reasons(*events, pods=()):
    cluster = FakeClient(*events, *((PODS, pod) for pod in pods))
    return [found.reason for found in (await read_details(cluster, EXECUTION)).events]


async def test_its_pods_are_attempts():
    details = await read_details(FakeClient((PODS, make_pod("b", created=5)), (PODS, make_pod("a"))), EXECUTION)
    assert [attempt.pod for attempt in details.attempts] == ["a", "b"]
    assert details.unread == ()


async def test_its_own_events_are_shown_oldest_first_and_those_of_others_are_not():
    own = {"kind": "KubernetesExecution", "about": "more", "uid": UID}
    found = await reasons(
        event("Ended", **own, time="10:00:02"),
        event("Started", **own, time="10:00:01"),
        event("Other", "KubernetesExecution", "other", uid="another"),
    )
    assert found == ["Started", "Ended"]


async def test_of_its_job_only_warnings_are_shown():
    found = await reasons(event("Created", "Job", "more-1"), event("Failed", "Job", "more-1", type_="Warning"))
    assert found == ["Failed"]


@pytest.mark.parametrize("pods", [[make_pod("more-1-x7k2q")], []], ids=["it exists", "it is deleted"])
async def test_warnings_of_a_pod_are_shown_while_it_exists_and_after(pods):
    warning = event("FailedMount", "Pod", "more-1-x7k2q", type_="Warning")
    normal = event("Pulling", "Pod", "more-1-x7k2q")
    of_another_job = event("BackOff", "Pod", "more-2-x7k2q", type_="Warning")
    assert await reasons(warning, normal, of_another_job, pods=pods) == ["FailedMount"]


async def test_a_repeated_event_has_its_count_and_latest_time():
    series = {"count": 7, "lastObservedTime": "2026-11-01T11:00:00.000000Z"}
    cluster = FakeClient(event("Again", "KubernetesExecution", "more", uid=UID, series=series))
    (found,) = (await read_details(cluster, EXECUTION)).events
    assert (found.count, found.time, found.about) == (7, "2026-11-01T11:00:00.000000Z", "KubernetesExecution/more")


async def test_what_cannot_be_read_is_listed_once():
    cluster = FakeClient()
    cluster.failures["list", "pods"] = [DeniedError("no pods")]
    cluster.failures["list", "events"] = [DeniedError("no events")] * 3
    details = await read_details(cluster, EXECUTION)
    assert details.unread == ("pods could not be read: no pods", "events could not be read: no events")
    assert (details.pods, details.events) == ((), ())
