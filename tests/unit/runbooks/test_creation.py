"""The executions of a run are created all together: what fails in between leaves nothing that goes on."""

import pytest

from kubernaut.errors import DeniedError, InputError, QuotaError, UnavailableError
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.runbooks.creation import create_run, execution_manifests, runbook_version
from kubernaut.runbooks.expansion import expand
from tests.support.fake_cluster import FakeCluster
from tests.support.runbooks import make_spec, make_step

RUN = expand(
    "r",
    make_spec(make_step("a"), make_step("b"), make_step("c"), parameters={"x": {"default": "1"}}),
    {"x": "2"},
    "x7k2p",
)
MANIFESTS = execution_manifests(RUN, "prod", {"traceparent": "00-1"}, "uid/3", approvable=True)


class Cluster(FakeCluster):
    """A cluster whose creates fail from the given one on; dry runs count."""

    def __init__(self, error=None, after=0, patch_error=None):
        super().__init__()
        self.error, self.after, self.patch_error, self.creates = error, after, patch_error, 0

    async def create(self, *args, **more):
        self.creates += 1
        if self.error and self.creates > self.after:
            raise self.error
        return await super().create(*args, **more)

    async def patch(self, *args, **more):
        if self.patch_error:
            raise self.patch_error
        return await super().patch(*args, **more)


def cancelled(cluster):
    return {obj["metadata"]["name"]: obj["spec"].get("cancel", False) for obj in cluster.all(EXECUTIONS)}


async def test_all_are_created_in_their_order_after_a_dry_run_of_all():
    cluster = Cluster()
    created = await create_run(cluster, MANIFESTS)
    assert [obj["metadata"]["name"] for obj in created] == ["r-x7k2p-a", "r-x7k2p-b", "r-x7k2p-c"]
    assert cluster.creates == 6


async def test_a_refused_dry_run_names_the_step_and_creates_nothing():
    cluster = Cluster(DeniedError("no", by_policy=True), after=2)
    with pytest.raises(DeniedError, match=r"step c \(r-x7k2p-c\): no. Nothing was created") as refused:
        await create_run(cluster, MANIFESTS)
    assert refused.value.by_policy
    assert cancelled(cluster) == {}


async def test_what_was_created_before_a_failure_is_cancelled_the_last_first():
    cluster = Cluster(DeniedError("no"), after=5)
    with pytest.raises(DeniedError, match=r"step c .*: no. Those created before were cancelled: r-x7k2p-b, r-x7k2p-a$"):
        await create_run(cluster, MANIFESTS)
    assert cancelled(cluster) == {"r-x7k2p-a": True, "r-x7k2p-b": True}


async def test_an_execution_that_may_exist_is_cancelled_too():
    cluster = LostAnswer(UnavailableError("timed out"), after=4)
    with pytest.raises(UnavailableError, match="cancelled: r-x7k2p-b, r-x7k2p-a"):
        await create_run(cluster, MANIFESTS)
    assert cancelled(cluster) == {"r-x7k2p-a": True, "r-x7k2p-b": True}


class LostAnswer(Cluster):
    """A cluster that creates the object, and whose answer does not arrive."""

    async def create(self, *args, **more):
        self.creates += 1
        created = await FakeCluster.create(self, *args, **more)
        if self.creates > self.after:
            raise self.error
        return created


async def test_what_somebody_else_created_by_that_name_meanwhile_goes_on():
    class Overtaken(Cluster):
        async def create(self, *args, **more):
            if self.creates == 3:
                self.put(
                    EXECUTIONS,
                    {**MANIFESTS[0], "metadata": {**MANIFESTS[0]["metadata"], "annotations": {"traceparent": "00-2"}}},
                )
            return await super().create(*args, **more)

    cluster = Overtaken(UnavailableError("timed out"), after=3)
    with pytest.raises(UnavailableError, match="Nothing was created"):
        await create_run(cluster, MANIFESTS)
    assert cancelled(cluster) == {"r-x7k2p-a": False}


@pytest.mark.parametrize("given", [None, {"execution": "p", "digest": "other"}])
async def test_a_step_whose_approved_plan_the_cluster_would_change_is_not_created(given):
    class Mutating(Cluster):
        async def create(self, resource, namespace, manifest, **more):
            return await super().create(
                resource, namespace, {**manifest, "spec": {**manifest["spec"], "approvedPlan": given}}, **more
            )

    plan = {"approvedPlan": {"execution": "p", "digest": "d"}}
    cluster, wanted = Mutating(), [{**one, "spec": {**one["spec"], **plan}} for one in MANIFESTS]
    with pytest.raises(
        InputError, match=r"step a .* webhook of this cluster changes spec.approvedPlan, .* Nothing was created"
    ):
        await create_run(cluster, wanted)
    assert cluster.all(EXECUTIONS) == []


async def test_what_cannot_be_cancelled_is_named():
    cluster = Cluster(QuotaError("full"), after=4, patch_error=DeniedError("no patch"))
    with pytest.raises(QuotaError, match=r"These could not be cancelled, and go on: r-x7k2p-a$"):
        await create_run(cluster, MANIFESTS)


def test_each_execution_says_which_run_and_step_it_is():
    assert MANIFESTS[1]["metadata"] == {
        "name": "r-x7k2p-b",
        "namespace": "prod",
        "labels": {"kubernaut.io/run": "r-x7k2p", "kubernaut.io/runbook": "r"},
        "annotations": {
            "traceparent": "00-1",
            "kubernaut.io/run-step": "b",
            "kubernaut.io/run-position": "2/3",
            "kubernaut.io/runbook-version": "uid/3",
            "kubernaut.io/run-arguments": '{"x": "2"}',
        },
    }


def test_without_a_callers_trace_all_get_the_same_new_one():
    first, second = (
        {m["metadata"]["annotations"]["traceparent"] for m in execution_manifests(RUN, "p", {})} for _ in "12"
    )
    assert len(first) == len(second) == 1
    assert first != second


def test_the_version_of_a_runbook_is_its_uid_and_generation():
    assert runbook_version({"metadata": {"uid": "u", "generation": 4}}) == "u/4"
