"""What other systems do to the engine's pods, Jobs and targets: containers injected, Jobs suspended, changes reverted, quotas."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial

import pytest

from kubernaut.controller import cleanup, monitor
from kubernaut.errors import NotFoundError
from kubernaut.jobs import outcome
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS
from tests.support.foreign import injected, mutated
from tests.support.site import DEPLOYMENTS, QUOTAS


async def test_a_container_that_fails_before_the_steps_is_the_end_with_its_name(site):
    async with injected(site, "raise SystemExit(3)", initial=True):
        status = await site.run("scale", {"name": "web", "replicas": 3})
    assert (status["phase"], status["reason"]) == ("Failed", "ContainerFailed")
    assert "Container proxy, which is not part of the action, failed with exit code 3" in status["message"]
    assert status["message"].endswith("Nothing was changed.")


async def test_a_container_that_fails_beside_the_action_changes_nothing_about_its_success(site):
    async with injected(site, "raise SystemExit(3)"):
        status = await site.run("scale", {"name": "web", "replicas": 3})
    assert (status["phase"], status["result"]["changes"][0]["after"]) == ("Succeeded", 3)


async def test_a_container_whose_image_cannot_be_pulled_is_the_end_at_the_deadline(site):
    async with injected(site, "pass", image="registry.invalid/proxy:1", initial=True):
        key = await site.create("scale", {"name": "web", "replicas": 3}, deadlineSeconds=10)
        status = (await site.end(key))["status"]
    assert status["reason"] == "ContainerFailed"
    assert (
        "image registry.invalid/proxy:1 of container proxy, which is not part of the action, cannot be pulled"
        in status["message"]
    )


async def test_a_container_that_never_ends_keeps_neither_the_result_nor_the_job(site, monkeypatch):
    monkeypatch.setattr(cleanup, "_JOB_END_TIMEOUT", timedelta(seconds=2))
    async with injected(site, "import time; time.sleep(3600)"):
        key = await site.create("scale", {"name": "web", "replicas": 3})
        status = (await site.end(key, seconds=30))["status"]
        assert status["phase"] == "Succeeded"
        await site.gone(JOBS, status["jobName"], seconds=60)
        async with asyncio.timeout(60):
            while any(map(partial(_is_of, key.name), (await site.cluster.list(PODS, site.namespace)).items)):
                await asyncio.sleep(0.2)


def _is_of(execution, pod):
    return pod["metadata"].get("labels", {}).get("kubernaut.io/kubernetes-execution") == execution


async def test_an_action_that_fails_beside_a_container_that_never_ends_is_the_end(site, monkeypatch):
    monkeypatch.setattr(outcome, "KEPT_OPEN_TIMEOUT", timedelta(seconds=2))
    monkeypatch.setattr(cleanup, "_JOB_END_TIMEOUT", timedelta(seconds=2))
    async with injected(site, "import time; time.sleep(3600)"):
        key = await site.create("script", {"execute": "raise SystemExit(1)"})
        status = (await site.end(key, seconds=60))["status"]
    assert status["phase"] == "Failed"
    assert "container proxy, which is not part of the action, kept its pod running" in status["message"]
    await site.gone(JOBS, status["jobName"], seconds=60)


async def test_a_job_that_is_suspended_says_so_and_the_deadline_holds(site, monkeypatch):
    monkeypatch.setattr(monitor, "_DEADLINE_GRACE", timedelta(seconds=1))
    rule = {"apiGroups": ["batch"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["jobs"]}
    async with mutated(site, rule, "[JSONPatch{op: 'add', path: '/spec/suspend', value: true}]"):
        key = await site.create("scale", {"name": "web", "replicas": 3}, deadlineSeconds=6)
        status = await site.until(key, phase="Running")
        async with asyncio.timeout(20):
            while "PodReady" not in {c["type"] for c in status.get("conditions", [])}:
                await asyncio.sleep(0.2)
                status = (await site.get(EXECUTIONS, key.name))["status"]
        (ready,) = (c for c in status["conditions"] if c["type"] == "PodReady")
        assert ready["reason"] in {"JobSuspended", "DeadlineExceeded"}
        assert "was suspended when it was created, by a webhook or policy of this cluster" in ready["message"]
        status = (await site.end(key, seconds=60))["status"]
    assert status["reason"] == "DeadlineExceeded"
    assert "Deadline of 6 s exceeded, and the Job had not ended" in status["message"]
    assert status["message"].endswith("Nothing was changed.")
    with pytest.raises(NotFoundError):
        await site.get(JOBS, status["jobName"])


def slow(site):
    """Return a Deployment whose pods become ready only after some seconds, so that there is time to interfere."""
    container = {
        "name": "slow",
        "image": site.image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", "import time; time.sleep(600)"],
        "readinessProbe": {"exec": {"command": ["true"]}, "initialDelaySeconds": 6, "periodSeconds": 1},
    }
    labels = {"app": "slow"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "slow", "namespace": site.namespace},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
            },
        },
    }


def written(deployment):
    """Return whether the action has written."""
    return bool(deployment["spec"]["template"]["metadata"].get("annotations")) or deployment["spec"]["replicas"] == 2


@pytest.mark.parametrize(
    ("execution", "patch", "said"),
    [
        (
            {"action": "restart-deployment", "parameters": {"name": "slow"}},
            {"spec": {"template": {"metadata": {"annotations": None}}}},
            "spec.template.metadata.annotations[kubernaut.io/restarted-by] is absent now",
        ),
        (
            {"action": "scale", "parameters": {"name": "slow", "replicas": 2}},
            {"spec": {"replicas": 1}},
            "spec.replicas is 1 now, and not 2 as this action wrote it",
        ),
    ],
    ids=["restart-deployment", "scale"],
)
async def test_a_change_that_somebody_reverts_while_the_action_waits_is_no_success(site, execution, patch, said):
    await site.apply(slow(site))
    key = await site.create(**execution)
    async with asyncio.timeout(60):
        while not written(await site.get(DEPLOYMENTS, "slow")):
            await asyncio.sleep(0.1)
    await site.patch(DEPLOYMENTS, "slow", patch)
    status = (await site.end(key))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
    assert said in status["message"]
    assert status["result"]["changes"]


async def test_a_quota_that_leaves_no_room_for_the_replicas_is_told_before_the_deadline(site):
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "pods-quota", "namespace": site.namespace},
        "spec": {"hard": {"pods": "6"}},
    }
    await site.apply(quota)
    async with asyncio.timeout(30):
        while (await site.get(QUOTAS, "pods-quota")).get("status", {}).get("used") != {
            "pods": "4"
        }:  # web 2, db 1, agent 1
            await asyncio.sleep(0.1)
    key = await site.create("scale", {"name": "web", "replicas": 8}, deadlineSeconds=80)
    status = (await site.end(key))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
    assert "the change was made, and cannot take effect: " in status["message"]
    assert "exceeded quota: pods-quota" in status["message"]


@pytest.mark.parametrize(
    ("spec", "container", "words"),
    [
        ({}, {"image": "registry.invalid/shop:1"}, "its image cannot be pulled registry.invalid/shop:1"),
        (
            {},
            {"command": ["python3", "-c", "raise SystemExit(3)"]},
            "it crashes, the last time with exit code 3 (Error)",
        ),
        ({"nodeSelector": {"kubernetes.io/os": "none"}}, {}, "is unschedulable: 0/1 nodes are available"),
        ({}, {"readinessProbe": {"exec": {"command": ["false"]}, "periodSeconds": 1}}, "it runs, and is not ready"),
    ],
    ids=["an image", "a crash", "no node", "a readiness probe"],
)
async def test_what_keeps_the_pods_of_the_target_from_becoming_ready_is_told(site, spec, container, words):
    sick = slow(site)
    (plain,) = sick["spec"]["template"]["spec"]["containers"]
    sick["spec"]["replicas"] = 0
    sick["spec"]["template"]["spec"] |= {**spec, "containers": [{**plain, **container}]}
    await site.apply(sick)
    key = await site.create("scale", {"name": "slow", "replicas": 1}, deadlineSeconds=20)
    status = (await site.end(key))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed"), status
    assert (
        "the change was made, but did not take effect in time: 0 of 1 replicas ready, 1 present; pod slow-"
        in (status["message"])
    )
    assert words in status["message"]
    assert status["result"]["rollback"]["parameters"]["replicas"] == 0
