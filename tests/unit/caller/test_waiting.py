"""Waiting for an execution or a run: to the end, or for as long as is wanted."""

import asyncio

import pytest

from kubernaut.caller.waiting import wait_for_execution, wait_for_run
from kubernaut.errors import InputError
from kubernaut.kube.answers import WatchEvent
from kubernaut.kube.objects import EXECUTIONS, Key
from tests.support.executions import make_execution
from tests.support.fake_client import FakeClient

KEY = Key("prod", "more")
APPROVAL = {"execution": "more-approved", "uid": "u", "time": "2026-11-01T10:05:00Z"}
PLAN = {"phase": "Succeeded", "planDigest": f"sha256:{'0' * 64}"}
RUN = {"kubernaut.io/run": "r-x"}


class Watched(FakeClient):
    """A cluster in which these states follow, and then nothing."""

    def __init__(self, first, *states):
        super().__init__((EXECUTIONS, dict(first.json)))
        self.states = list(states)

    async def watch(self, *_, **__):
        while self.states:
            state = self.states.pop(0)
            yield WatchEvent("MODIFIED", self.put(EXECUTIONS, state.json))
        await asyncio.sleep(30)


async def waited(cluster, seconds=60.0, **options):
    seen = []

    async def on_change(executions):
        seen.extend(str(one.phase) for one in executions)

    async with asyncio.timeout(3):
        return await wait_for_execution(cluster, KEY, seconds, on_change, **options), seen


async def test_each_state_is_reported_to_the_end():
    cluster = Watched(make_execution(), make_execution(phase="Running"), make_execution(phase="Failed"))
    execution, seen = await waited(cluster)
    assert (str(execution.phase), seen) == ("Failed", ["Pending", "Running", "Failed"])


async def test_when_the_time_is_up_the_last_state_is_returned():
    execution, _ = await waited(Watched(make_execution(), make_execution(phase="Running")), 0.2)
    assert str(execution.phase) == "Running"


async def test_a_proposal_is_followed_over_its_approval_to_the_end_of_what_carries_it_out():
    plan = make_execution(dry_run=True, **PLAN)
    cluster = Watched(
        plan,
        make_execution(dry_run=True, **PLAN, approval=APPROVAL),
        make_execution("more-approved", phase="Succeeded"),
    )
    cluster.put(EXECUTIONS, make_execution("more-approved", phase="Running").json)
    execution, _ = await waited(cluster, carried_out=True)
    assert (execution.name, str(execution.phase)) == ("more-approved", "Succeeded")
    execution, _ = await waited(Watched(plan), 0.2, carried_out=True)
    assert execution.name == "more", "nobody approved it"


async def test_waiting_for_a_decision_ends_when_a_proposal_is_rejected():
    rejected = make_execution(dry_run=True, **PLAN)
    rejected.json["spec"]["cancel"] = True
    execution, _ = await waited(Watched(make_execution(dry_run=True, **PLAN), rejected), carried_out=True)
    assert (execution.name, execution.is_rejected) == ("more", True)


async def test_what_does_not_exist_is_bad_input_at_once():
    with pytest.raises(InputError, match="there is no execution more in prod"):
        await waited(FakeClient())


async def test_a_run_has_ended_when_all_of_it_has():
    first, second = make_execution("r-x-a", phase="Succeeded"), make_execution("r-x-b", phase="Running")
    ended = make_execution("r-x-b", phase="Succeeded")
    for one in (first, second, ended):
        one.json["metadata"]["labels"] = RUN
    cluster = Watched(first, ended)
    cluster.put(EXECUTIONS, second.json)

    async def on_change(_):
        pass

    async with asyncio.timeout(3):
        steps = await wait_for_run(cluster, "prod", "r-x", 60, on_change)
    assert [str(one.phase) for one in steps] == ["Succeeded", "Succeeded"]
    with pytest.raises(InputError, match="there is no run r-y in prod"):
        await wait_for_run(cluster, "prod", "r-y", 5, on_change)
