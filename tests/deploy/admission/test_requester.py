"""`kubernaut-requester` and `kubernaut-stamp`: the annotation names the user who created an execution."""

import asyncio

import pytest

from tests.conformance.client import Client
from tests.deploy.admission.installation import POLICED_LABELS, STAMP, applied, bound_to
from tests.deploy.admission.requests import ALICE, DRY, REQUESTED_BY, execution, executions, expect


async def test_the_requester_is_the_user_who_creates_it_or_absent_and_does_not_change(cluster: Client, place: str):
    alice = cluster.impersonating(ALICE)
    expect(await alice.post(executions(place), execution(requester=ALICE), **DRY), 201)
    expect(await alice.post(executions(place), execution(requester="root"), **DRY), 403, "must be alice")
    made = await alice.made(executions(place), execution(requester=ALICE, suspend=True))
    path = f"{executions(place)}/{made['metadata']['name']}"
    for other in ("root", None):
        changed = await cluster.patch(path, {"metadata": {"annotations": {REQUESTED_BY: other}}}, **DRY)
        expect(changed, 403, "must not change")
    unrelated = {"metadata": {"finalizers": ["a.example/b"], "annotations": {"c": "d"}}}
    expect(await cluster.patch(path, unrelated, **DRY), 200)
    expect(await cluster.patch(f"{path}/status", {"status": {"phase": "Pending"}}, **DRY), 200)
    bare = await alice.made(executions(place), execution(suspend=True))
    path = f"{executions(place)}/{bare['metadata']['name']}"
    added = await cluster.patch(path, {"metadata": {"annotations": {REQUESTED_BY: ALICE}}}, **DRY)
    expect(added, 403, "must be absent")


async def test_the_stamp_is_the_user_who_creates_it_no_matter_what_the_request_says(cluster: Client, place: str):
    served = (await cluster.get("/apis/admissionregistration.k8s.io/v1")).body["resources"]
    if "mutatingadmissionpolicies" not in {r["name"] for r in served}:
        pytest.skip("MutatingAdmissionPolicy v1 came with Kubernetes 1.36, and this API server is older")
    alice = cluster.impersonating(ALICE)

    async def stamped(manifest):
        made = await alice.post(executions(place), manifest, **DRY)
        return made.body["metadata"].get("annotations", {}).get(REQUESTED_BY)

    async with applied(cluster, bound_to(STAMP, POLICED_LABELS)):
        async with asyncio.timeout(20):
            while not await stamped(execution()):
                await asyncio.sleep(0.2)
        assert await stamped(execution()) == ALICE
        assert await stamped(execution(requester="root")) == ALICE
