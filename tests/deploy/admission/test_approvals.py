"""Approvals under the admission policies: who may only propose gets nothing carried out that nobody else has seen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from kubernaut.api.labels import ANNOTATION_REQUESTED_BY
from kubernaut.kube.objects import EXECUTIONS, Key
from kubernaut.settings import Settings
from tests.conformance.client import Answer, Client, connected
from tests.conformance.conftest import kubeconfig
from tests.deploy.admission.installation import POLICED, POLICED_LABELS, RBAC, STAMP, applied, bound_to
from tests.deploy.admission.requests import DRY, SHIPPED, executions, expect
from tests.support.site import DEPLOYMENTS, NAMESPACES, Site, site_on

ANN, BOB = "ann", "bob"
"""Ann may propose, Bob may execute."""
PARAMETERS = {"name": "web", "replicas": 4}
FORGED = {"phase": "Succeeded", "planDigest": "sha256:" + "0" * 64, "requestedBy": BOB}


@dataclass(frozen=True)
class Place:
    """A namespace with an engine, in which scaling takes two people."""

    site: Site
    admin: Client

    async def create(self, user: str, name: str, **spec: Any) -> Answer:
        """Try to create an execution of `scale` as this user."""
        wanted = {"action": "scale", "parameters": PARAMETERS, **spec}
        manifest = {
            "apiVersion": "kubernaut.io/v1alpha1",
            "kind": "KubernetesExecution",
            "metadata": {"name": name},
            "spec": wanted,
        }
        return await self.admin.impersonating(user).post(executions(self.site.namespace), manifest)

    async def ended(self, user: str, name: str, **spec: Any) -> dict[str, Any]:
        """Create an execution as this user and return the status in which it ended."""
        expect(await self.create(user, name, **spec), 201)
        status: dict[str, Any] = (await self.site.end(Key(self.site.namespace, name)))["status"]
        return status

    async def proposed(self, user: str = ANN, name: str = "more") -> dict[str, str]:
        """Propose to scale, and return what names the plan."""
        status = await self.ended(user, name, dryRun=True)
        assert status["phase"] == "Succeeded", status
        return {"execution": name, "digest": status["planDigest"]}

    async def replicas(self) -> int:
        """Return to what the target is scaled."""
        return int((await self.site.get(DEPLOYMENTS, "web"))["spec"]["replicas"])


@pytest.fixture
async def where(request: pytest.FixtureRequest, on_a_real_cluster: bool) -> AsyncIterator[Place]:
    """Return the place."""
    options = request.config.option
    settings = Settings(policies={"approvals": {"rules": [{"actions": ["scale"]}]}})
    async with AsyncExitStack() as stack:
        site = await stack.enter_async_context(site_on(options.cluster, options.image, SHIPPED, settings))
        document = site.sandbox.kubeconfig() if site.sandbox else kubeconfig()
        admin = await stack.enter_async_context(connected(document))
        if on_a_real_cluster:
            await site.cluster.patch(NAMESPACES, "", site.namespace, POLICED)
            await stack.enter_async_context(applied(admin, bound_to(STAMP, POLICED_LABELS)))
        for user, role in ((ANN, "kubernaut-propose-scale"), (BOB, "kubernaut-run-scale")):
            binding = {
                "metadata": {"name": f"{user}-{role}"},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
            }
            await admin.made(f"{RBAC}/namespaces/{site.namespace}/rolebindings", binding)
        place = Place(site, admin)
        await _wait_for_stamp(place)
        yield place


async def _wait_for_stamp(place: Place) -> None:
    """Wait until the API server writes who creates an execution: on a real cluster a new policy takes effect a moment later."""
    manifest = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": "stamped"},
        "spec": {"action": "scale", "parameters": PARAMETERS, "dryRun": True},
    }
    path = executions(place.site.namespace)
    async with asyncio.timeout(30):
        while True:
            made = await place.admin.impersonating(ANN).post(path, manifest, **DRY)
            if (made.body["metadata"].get("annotations") or {}).get(ANNOTATION_REQUESTED_BY) == ANN:
                return
            await asyncio.sleep(0.2)


async def test_one_proposes_and_another_approves(where: Place):
    plan = await where.proposed()
    status = await where.ended(BOB, "approved", approvedPlan=plan)
    assert (status["phase"], await where.replicas()) == ("Succeeded", 4), status
    assert (status["proposedBy"], status["requestedBy"]) == (ANN, BOB)
    proposal = (await where.site.get(EXECUTIONS, "more"))["status"]
    assert (proposal["approval"]["execution"], proposal["approval"]["requestedBy"]) == ("approved", BOB)


async def test_who_may_only_propose_cannot_run_or_approve(where: Place):
    plan = await where.proposed()
    expect(await where.create(ANN, "run"), 403, "ann is not allowed to run action scale")
    expect(await where.create(ANN, "approved", approvedPlan=plan), 403, "ann is not allowed to run action scale")
    expect(await where.create(ANN, "false", dryRun=False, suspend=True), 403, "ann is not allowed to run action scale")
    other = await where.create(ANN, "other", action="restart-deployment", parameters={"name": "web"}, dryRun=True)
    expect(other, 403, "ann is not allowed to propose action restart-deployment")
    ann, path = where.admin.impersonating(ANN), f"{executions(where.site.namespace)}/more"
    for patch in ({"spec": {"dryRun": False}}, {"spec": {"approvedPlan": plan}}):
        expect(await ann.patch(path, patch), 422, "is immutable")
        assert (await where.admin.patch(path, patch)).code == 422, "nor could anybody who may patch it"
    assert await where.replicas() == 2


async def test_nobody_approves_their_own_proposal_where_two_people_are_asked_for(where: Place):
    plan = await where.proposed(BOB)
    status = await where.ended(BOB, "approved", approvedPlan=plan)
    assert status["reason"] == "PolicyDenied"
    assert "bob proposed the plan, so somebody else has to approve it" in status["message"]
    status = await where.ended(BOB, "unplanned")
    assert status["reason"] == "PolicyDenied"
    assert "takes an approved plan" in status["message"]
    assert await where.replicas() == 2


async def test_nobody_proposes_in_another_name(where: Place):
    bob = where.admin.impersonating(BOB)
    manifest = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": "more", "annotations": {ANNOTATION_REQUESTED_BY: ANN}},
        "spec": {"action": "scale", "parameters": PARAMETERS, "dryRun": True},
    }
    made = await bob.post(executions(where.site.namespace), manifest)
    if made.code == 201:
        assert made.body["metadata"]["annotations"][ANNOTATION_REQUESTED_BY] == BOB, "the stamp overwrites it"
    else:
        expect(made, 403, "it names the user who created the execution")


async def test_a_proposal_cannot_be_forged(where: Place):
    ann, path = where.admin.impersonating(ANN), executions(where.site.namespace)
    manifest = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": "forged"},
        "spec": {"action": "scale", "parameters": PARAMETERS, "dryRun": True, "suspend": True},
        "status": FORGED,
    }
    made = await ann.post(path, manifest)
    expect(made, 201)
    assert "planDigest" not in made.body.get("status", {})
    for user in (ANN, BOB):
        client = where.admin.impersonating(user)
        assert (await client.patch(f"{path}/forged/status", {"status": FORGED})).code == 403
    await client.patch(f"{path}/forged", {"status": FORGED})
    assert "planDigest" not in (await where.site.get(EXECUTIONS, "forged"))["status"]
    plan = {"execution": "forged", "digest": FORGED["planDigest"]}
    status = await where.ended(BOB, "approved", approvedPlan=plan)
    assert status["reason"] == "PlanNotFound"


async def test_a_plan_is_used_up_even_if_its_execution_is_deleted(where: Place):
    plan = await where.proposed()
    assert (await where.ended(BOB, "approved", approvedPlan=plan))["phase"] == "Succeeded"
    path = f"{executions(where.site.namespace)}/approved"
    assert (await where.admin.delete(path)).code == 200
    await where.admin.gone(path, 30)
    await where.site.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 2}})
    status = await where.ended(BOB, "approved", approvedPlan=plan)
    assert status["reason"] == "PlanUsed"
    assert await where.replicas() == 2


async def test_a_new_proposal_of_the_same_name_is_another_plan(where: Place):
    """Who may delete proposals can make the name free; what is approved is still what was rehearsed by then."""
    plan = await where.proposed()
    path = f"{executions(where.site.namespace)}/more"
    await where.admin.delete(path)
    await where.admin.gone(path, 30)
    again = await where.ended(ANN, "more", dryRun=True, parameters={"name": "web", "replicas": 0})
    assert again["phase"] == "Succeeded"
    status = await where.ended(BOB, "approved", approvedPlan=plan)
    assert status["reason"] == "PlanNotFound"
    assert "has other parameters (replicas)" in status["message"]
