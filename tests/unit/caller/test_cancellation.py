"""Stopping executions: any of them, or only one's own."""

import pytest

from kubernaut.caller.cancellation import cancel_own, cancel_run
from kubernaut.errors import DeniedError, InputError
from kubernaut.kube.objects import EXECUTIONS, Key
from tests.support.executions import make_execution
from tests.support.fake_client import FakeClient

OURS = {"kubernaut.io/agent": "helper 1", "kubernaut.io/requested-by": "anna"}
KEY = Key("prod", "more")


def cluster_with(**annotations):
    return FakeClient((EXECUTIONS, dict(make_execution(phase="Running", annotations={**OURS, **annotations}).json)))


async def test_what_this_user_created_through_this_agent_is_stopped():
    cluster = cluster_with()
    assert (await cancel_own(cluster, KEY, "helper 1")).is_cancelled


async def test_a_proposal_that_this_user_made_through_this_agent_is_withdrawn_until_it_was_approved():
    plan = {"phase": "Succeeded", "planDigest": f"sha256:{'0' * 64}"}
    cluster = FakeClient((EXECUTIONS, dict(make_execution(annotations=OURS, dry_run=True, **plan).json)))
    assert (await cancel_own(cluster, KEY, "helper 1")).is_rejected
    with pytest.raises(InputError, match="more has ended already"):
        await cancel_own(cluster, KEY, "helper 1")


@pytest.mark.parametrize("annotations", [{"kubernaut.io/requested-by": "ben"}, {"kubernaut.io/agent": "other"}])
async def test_anything_else_is_left_to_a_person(annotations):
    cluster = cluster_with(**annotations)
    with pytest.raises(InputError, match="a person can stop it: kubernaut cancel more -n prod"):
        await cancel_own(cluster, KEY, "helper 1")
    assert ("patch", EXECUTIONS.plural) not in cluster.requests


async def test_without_an_agent_nothing_is_an_agent_s_own():
    cluster = FakeClient(
        (EXECUTIONS, dict(make_execution(phase="Running", annotations={"kubernaut.io/requested-by": "anna"}).json))
    )
    with pytest.raises(InputError, match="was not created by this user through this agent"):
        await cancel_own(cluster, KEY, "")


async def test_of_a_run_the_steps_that_this_user_may_cancel_are_cancelled_and_the_others_named():
    cluster = FakeClient()
    for name in ("fix-act", "fix-check"):
        step = dict(make_execution(name, phase="Pending").json)
        step["metadata"] |= {"uid": name, "labels": {"kubernaut.io/run": "fix"}}
        cluster.put(EXECUTIONS, step)
    cluster.failures["patch", EXECUTIONS.plural] = [DeniedError("not yours", by_policy=True)]
    with pytest.raises(DeniedError) as caught:
        await cancel_run(cluster, "prod", "fix")
    (left,) = (one["metadata"]["name"] for one in cluster.all(EXECUTIONS) if not one["spec"].get("cancel"))
    (done,) = (one["metadata"]["name"] for one in cluster.all(EXECUTIONS) if one["spec"].get("cancel"))
    assert str(caught.value) == f"{left} cannot be cancelled: not yours; cancelled: {done}"
    assert caught.value.by_policy
