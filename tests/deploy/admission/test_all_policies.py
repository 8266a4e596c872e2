"""All policies together: what Kubernetes and the engine do is allowed, and the API server accepts every expression."""

import asyncio

import pytest

from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS
from tests.conformance.client import Client
from tests.deploy.admission.installation import POLICIES
from tests.deploy.admission.requests import (
    ALICE,
    ENGINE,
    RESTART_ANNOTATIONS,
    SHIPPED,
    create_owner,
    engine_job,
    executions,
    jobs,
)
from tests.support.site import DEPLOYMENTS, Site


async def test_kubernetes_itself_runs_and_deletes_a_job_of_the_engine(cluster: Client, place: str, image: str):
    owner = await create_owner(cluster.impersonating(ALICE), place)
    manifest = engine_job(image=image, **owner)
    manifest["spec"]["template"]["spec"]["automountServiceAccountToken"] = True
    made = await cluster.impersonating(ENGINE).made(jobs(place), manifest)
    await cluster.until(jobs(place), made["metadata"]["name"], lambda j: j.get("status", {}).get("succeeded") == 1, 60)
    await cluster.delete(f"{executions(place)}/{owner['owners'][0]['name']}")
    await cluster.gone(f"{jobs(place)}/{made['metadata']['name']}", 60)


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry run", "for real"])
async def test_every_action_works_with_all_policies_installed(site: Site, dry_run: bool):
    before = (await site.get(DEPLOYMENTS, "web"))["spec"]["template"]
    for action, parameters in (
        ("patch-configmap", {"name": "app-config", "set": {"A": "1"}}),
        ("scale", {"name": "web", "replicas": 1}),
        ("restart-deployment", {"name": "web"}),
    ):
        status = await site.run(action, parameters, dryRun=dry_run)
        assert status["phase"] == "Succeeded", status
    after = (await site.get(DEPLOYMENTS, "web"))["spec"]["template"]
    added = after["metadata"].pop("annotations", {}).keys() - before["metadata"].pop("annotations", {}).keys()
    assert (after, added) == (before, set() if dry_run else {*RESTART_ANNOTATIONS})


@pytest.mark.parametrize("dry_run", [True, False], ids=["dry run", "for real"])
async def test_the_pod_of_gitops_pr_starts_with_all_policies_installed(site: Site, dry_run: bool):
    """There is no forge, so the pod fails later; that is not the point."""
    secret = {
        "metadata": {"name": "forge", "namespace": site.namespace},
        "kind": "Secret",
        "stringData": {"token": "t"},
    }
    await site.apply(secret)
    key = await site.create("gitops-pr", SHIPPED.actions["gitops-pr"].spec.examples[0], dryRun=dry_run)
    async with asyncio.timeout(60):
        while not (pods := (await site.cluster.list(PODS, site.namespace)).items) or not any(
            (s.get("state", {}).keys() - {"waiting"})
            for pod in pods
            if pod["metadata"]["labels"].get("kubernaut.io/kubernetes-execution") == key.name
            for status in ("initContainerStatuses", "containerStatuses")
            for s in pod["status"].get(status, ())
        ):
            await asyncio.sleep(0.3)


async def test_the_job_of_a_cancelled_execution_is_deleted_with_all_policies_installed(site: Site):
    key = await site.create("scale", {"name": "web", "replicas": 1})
    job = (await site.until(key, phase="Running"))["jobName"]
    await site.patch(EXECUTIONS, key.name, {"spec": {"cancel": True}})
    assert (await site.end(key))["status"]["phase"] == "Cancelled"
    await site.gone(JOBS, job)


async def test_the_api_server_has_no_warning_about_any_expression(cluster: Client, place: str):
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    names = [manifest["metadata"]["name"] for manifest in POLICIES if manifest["kind"] == "ValidatingAdmissionPolicy"]
    assert "kubernaut-guard-restart-deployment" in names
    for name in names:
        async with asyncio.timeout(20):
            while "typeChecking" not in (found := (await cluster.get(f"{path}/{name}")).body).get("status", {}):
                await asyncio.sleep(0.2)
        assert found["status"]["typeChecking"] == {}, name
