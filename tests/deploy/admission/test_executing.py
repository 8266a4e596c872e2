"""`kubernaut-executing`: to run an action takes the permission to execute it."""

from kubernaut.api.labels import ANNOTATION_RESUMED
from tests.conformance.client import Client
from tests.deploy.admission.installation import bind
from tests.deploy.admission.requests import ALICE, DRY, MALLORY, execution, executions, expect


async def test_only_a_user_with_the_verb_execute_runs_an_action(cluster: Client, place: str):
    alice, mallory = cluster.impersonating(ALICE), cluster.impersonating(MALLORY)
    expect(await alice.post(executions(place), execution(), **DRY), 201)
    other = await alice.post(executions(place), execution("patch-configmap"), **DRY)
    expect(other, 403, "kubernaut-run-patch-configmap")
    denied = await mallory.post(executions(place), execution(), **DRY)
    expect(denied, 403, "mallory is not allowed to run action scale in namespace")


async def test_a_user_with_the_verb_propose_runs_a_dry_run_and_nothing_else(cluster: Client, place: str):
    await bind(cluster, place, "kubernaut-propose-scale", "peter")
    peter, alice = cluster.impersonating("peter"), cluster.impersonating(ALICE)
    expect(await peter.post(executions(place), execution(dryRun=True), **DRY), 201)
    expect(await peter.post(executions(place), execution(), **DRY), 403, "requires the verb execute")
    other = await peter.post(executions(place), execution("patch-configmap", dryRun=True), **DRY)
    expect(other, 403, "is not allowed to propose action patch-configmap")
    expect(await alice.post(executions(place), execution(dryRun=True), **DRY), 201)


async def test_resuming_an_execution_takes_the_permission_and_cancelling_does_not(cluster: Client, place: str):
    alice, mallory = cluster.impersonating(ALICE), cluster.impersonating(MALLORY)
    name = (await cluster.made(executions(place), execution(suspend=True)))["metadata"]["name"]
    path = f"{executions(place)}/{name}"
    lifted = {"metadata": {"annotations": {ANNOTATION_RESUMED: "2026-01-01T00:00:00Z"}}}
    for resume in ({"spec": {"suspend": False}}, lifted):
        expect(await mallory.patch(path, resume, **DRY), 403, "is not allowed to run")
        expect(await alice.patch(path, resume, **DRY), 200)
    expect(await mallory.patch(path, {"spec": {"cancel": True}}, **DRY), 200)
