"""`kubernaut-changing`: an execution is changed by who created it, and who may execute its action or cancel any."""

import asyncio
import copy

import pytest

from kubernaut.api.crd import crd
from tests.conformance.client import Client
from tests.deploy.admission.installation import RBAC, apply, bind
from tests.deploy.admission.requests import DRY, execution, executions, expect
from tests.deploy.manifests import Object

PETER, PAULA = "peter", "paula"
COLLECTOR = "system:serviceaccount:kube-system:generic-garbage-collector"
CANCEL = {"spec": {"cancel": True}}


@pytest.fixture
async def peter(cluster: Client, place: str) -> Client:
    """Return a user who may propose `scale`, as Paula may."""
    await bind(cluster, place, "kubernaut-propose-scale", PETER, PAULA)
    paula = cluster.impersonating(PAULA)
    async with asyncio.timeout(20):  # an API server takes a moment to read a binding
        while (await paula.post(executions(place), execution(dryRun=True), **DRY)).code != 201:
            await asyncio.sleep(0.1)
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


async def owned(cluster: Client, place: str, user: Client) -> tuple[str, list[Object]]:
    """Propose as Peter what two objects own and a finalizer keeps, and return its path and the owners."""
    owners = []
    for name in ("a", "b"):
        made = await cluster.made(f"/api/v1/namespaces/{place}/configmaps", {"metadata": {"name": name}})
        owners.append({"apiVersion": "v1", "kind": "ConfigMap", "name": name, "uid": made["metadata"]["uid"]})
    manifest = execution(requester=PETER, dryRun=True)
    manifest["metadata"] |= {"finalizers": ["a.example/kept"], "ownerReferences": owners}
    made = await user.made(executions(place), manifest)
    return f"{executions(place)}/{made['metadata']['name']}", owners


async def test_the_garbage_collector_removes_owners_and_finalizers(cluster: Client, place: str, peter: Client):
    path, owners = await owned(cluster, place, peter)
    rules = [{"apiGroups": ["kubernaut.io"], "resources": ["kubernetesexecutions"], "verbs": ["patch", "delete"]}]
    await cluster.made(f"{RBAC}/namespaces/{place}/roles", {"metadata": {"name": "collector"}, "rules": rules})
    await bind(cluster, place, "collector", COLLECTOR, kind="Role")
    fewer = {"metadata": {"finalizers": [], "ownerReferences": owners[:1]}}
    expect(await cluster.impersonating(COLLECTOR).patch(path, fewer, **DRY), 200)
    both = {**fewer["metadata"], "labels": {"kubernaut.io/run": "another"}}
    expect(
        await cluster.impersonating(COLLECTOR).patch(path, {"metadata": both}, **DRY), 403, "is not allowed to change"
    )
    expect(await cluster.patch(path, {"metadata": {"finalizers": []}}), 200)


async def test_whoever_may_not_delete_it_removes_no_owner_and_no_finalizer_and_exchanges_none(
    cluster: Client, place: str, peter: Client
):
    path, owners = await owned(cluster, place, peter)
    paula = cluster.impersonating(PAULA)
    for change in (
        {"finalizers": []},
        {"ownerReferences": owners[:1]},
        {"ownerReferences": [{**owners[0], "kind": "Secret"}, {**owners[1], "name": "gone"}]},
    ):
        expect(await paula.patch(path, {"metadata": change}, **DRY), 403, "is not allowed to change execution")
    expect(await cluster.patch(path, {"metadata": {"finalizers": []}}), 200)


async def test_nobody_exchanges_parameters_also_where_the_schema_lets_them(
    cluster: Client, place: str, peter: Client, on_a_real_cluster: bool
):
    """The API server's own comparison of free-form objects overlooks a key that another key takes the place of."""
    if not on_a_real_cluster:
        definition = copy.deepcopy(crd())
        spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
        spec["x-kubernetes-validations"] = [
            one for one in spec["x-kubernetes-validations"] if one["fieldPath"] != ".parameters"
        ]
        await apply(cluster, definition)
    await bind(cluster, place, "kubernaut-canceller", "anna")
    path = await proposed(peter, place, PETER)
    exchanged = {"spec": {"parameters": {"name": None, "namespace": "other"}}}
    for user in (peter, cluster.impersonating("anna"), cluster):
        answer = await user.patch(path, exchanged, **DRY)
        assert answer.code in ((403, 422) if on_a_real_cluster else (403,)), answer.body
        assert "parameters are immutable" in answer.message
