"""`kubernaut-changing`: an execution is changed by who created it, and who may execute its action or cancel any."""

import pytest

from tests.conformance.client import Client
from tests.deploy.admission.installation import bind
from tests.deploy.admission.requests import DRY, execution, executions, expect

PETER, PAULA = "peter", "paula"
COLLECTOR = "system:serviceaccount:kube-system:generic-garbage-collector"
CANCEL = {"spec": {"cancel": True}}


@pytest.fixture
async def peter(cluster: Client, place: str) -> Client:
    """Return a user who may propose `scale`, as Paula may."""
    await bind(cluster, place, "kubernaut-propose-scale", PETER, PAULA)
    return cluster.impersonating(PETER)


async def proposed(user: Client, place: str, requester: str = "") -> str:
    made = await user.made(executions(place), execution(requester=requester, dryRun=True))
    return f"{executions(place)}/{made['metadata']['name']}"


async def test_who_may_only_propose_cancels_their_own_and_nobody_elses(cluster: Client, place: str, peter: Client):
    own = await proposed(peter, place, PETER)
    expect(await peter.patch(own, CANCEL, **DRY), 200)
    others = await proposed(cluster.impersonating(PAULA), place, PAULA)
    denied = await peter.patch(others, CANCEL, **DRY)
    expect(denied, 403, "peter is not allowed to change execution")
    expect(denied, 403, "created by paula: this requires the verb execute on actions.kubernaut.io")


async def test_of_one_that_names_nobody_the_creator_is_not_known(place: str, peter: Client):
    nobodys = await proposed(peter, place)
    expect(await peter.patch(nobodys, CANCEL, **DRY), 403, "created by an unnamed user")


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"spec": {"suspend": True}}, id="suspended"),
        pytest.param({"spec": {"ttlSecondsAfterFinished": 1}}, id="deleted soon"),
        pytest.param({"metadata": {"labels": {"kubernaut.io/run": "another"}}}, id="put into a run"),
        pytest.param({"metadata": {"annotations": {"kubernaut.io/reason": "mine"}}}, id="annotated"),
        pytest.param({"metadata": {"finalizers": ["a.example/kept"]}}, id="kept from being deleted"),
        pytest.param(
            {"metadata": {"ownerReferences": [{"apiVersion": "v1", "kind": "Pod", "name": "gone", "uid": "gone"}]}},
            id="deleted as what a made-up object owns",
        ),
    ],
)
async def test_somebody_elses_is_not(cluster: Client, place: str, peter: Client, change):
    others = await proposed(cluster.impersonating(PAULA), place, PAULA)
    expect(await peter.patch(others, change, **DRY), 403, "is not allowed to change execution")


@pytest.mark.parametrize(
    ("role", "code"),
    [("kubernaut-run-scale", 200), ("kubernaut-run-patch-configmap", 403), ("kubernaut-canceller", 200)],
)
async def test_whoever_may_run_an_action_cancels_executions_of_it_and_a_canceller_any(
    cluster: Client, place: str, peter: Client, role: str, code: int
):
    await bind(cluster, place, role, "anna")
    expect(await cluster.impersonating("anna").patch(await proposed(peter, place, PETER), CANCEL, **DRY), code)


async def test_the_garbage_collector_removes_owners_and_finalizers(cluster: Client, place: str, peter: Client):
    owners = []
    for name in ("a", "b"):
        made = await cluster.made(f"/api/v1/namespaces/{place}/configmaps", {"metadata": {"name": name}})
        owners.append({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": made["metadata"]["uid"]})
    owned = execution(requester=PETER, dryRun=True)
    owned["metadata"] |= {"finalizers": ["a.example/kept"], "ownerReferences": owners}
    path = f"{executions(place)}/{(await peter.made(executions(place), owned))['metadata']['name']}"
    await bind(cluster, place, "kubernaut-propose-scale", COLLECTOR)
    fewer = {"metadata": {"finalizers": [], "ownerReferences": owners[:1]}}
    expect(await cluster.impersonating(COLLECTOR).patch(path, fewer, **DRY), 200)
    expect(await cluster.patch(path, {"metadata": {"finalizers": []}}), 200)
