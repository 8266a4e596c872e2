"""Runbooks and runs as the command line finds them."""

import pytest

from kubernaut.caller.runs import get_runbook, position, read_run, run_selector, step_name
from kubernaut.errors import DeniedError, InputError, NotFoundError
from kubernaut.kube.objects import EXECUTIONS, RUNBOOKS, Key
from tests.support.executions import make_execution
from tests.support.fake_client import FakeClient
from tests.support.runbooks import make_runbook


def step(name, place, run="r-x7k2p"):
    obj = dict(make_execution(f"{run}-{name}", annotations={"kubernaut.io/run-position": place}).json)
    return EXECUTIONS, {**obj, "metadata": {**obj["metadata"], "labels": {"kubernaut.io/run": run}}}


async def test_a_run_is_read_in_the_order_in_which_it_was_created():
    cluster = FakeClient(step("a", "3/3"), step("b", "1/3"), step("c", "2/3"), step("z", "1/1", "other-x7k2p"))
    assert [one.name[-1] for one in await read_run(cluster, "prod", "r-x7k2p")] == ["b", "c", "a"]


@pytest.mark.parametrize("place", ["", "x/3", "-1/3", "²/3", "99999/3", "\x1b"])
def test_a_place_that_somebody_made_up_is_none(place):
    assert position(make_execution(annotations={"kubernaut.io/run-position": place})) == 0


def test_the_name_of_a_step_is_the_executions_where_none_is_known():
    assert step_name(make_execution("more")) == "more"
    assert step_name(make_execution("more", annotations={"kubernaut.io/run-step": "grow"})) == "grow"


async def test_a_missing_runbook_is_bad_input_with_those_that_exist():
    manifest = make_runbook()
    cluster = FakeClient((RUNBOOKS, {**manifest, "metadata": {"name": "grow-web", "namespace": "prod"}}))
    assert (await get_runbook(cluster, Key("prod", "grow-web")))["spec"] == manifest["spec"]
    with pytest.raises(InputError, match="there is no runbook shrink in prod; there are: grow-web"):
        await get_runbook(cluster, Key("prod", "shrink"))


async def test_a_user_who_may_not_list_runbooks_still_learns_that_it_is_missing():
    cluster = FakeClient()
    cluster.failures["list", "runbooks"] = [DeniedError("no")]
    with pytest.raises(InputError, match="there is no runbook shrink in prod: kubectl get krb -n prod"):
        await get_runbook(cluster, Key("prod", "shrink"))


async def test_a_cluster_without_runbooks_is_named_with_the_remedy():
    cluster = FakeClient()
    cluster.failures["list", "runbooks"] = [NotFoundError("the server could not find the requested resource")]
    with pytest.raises(InputError, match=r"does not have the CRD of Runbook: kubernaut crd \| kubectl apply"):
        await get_runbook(cluster, Key("prod", "grow-web"))


@pytest.mark.parametrize("run", ["a,b=c", "a!=b", "", "a" * 64, "A"])
def test_only_a_name_becomes_a_selector(run):
    with pytest.raises(InputError, match="is not the name of a run"):
        run_selector(run)
