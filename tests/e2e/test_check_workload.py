"""`check-workload` changes nothing: it waits until an expression is true of a workload, and says what it saw."""

import asyncio
import time

import pytest

from tests.support.site import DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS

REHEARSALS = ("initContainer",)
"""What this action does does not depend on where it is rehearsed; other tests run in both places."""

READY = "object.status.readyReplicas == object.spec.replicas"


async def check(site, expression=READY, *, dry_run=False, **parameters):
    given = {"name": "web", "timeoutSeconds": 30, **parameters, "expression": expression}
    return await site.run("check-workload", given, dryRun=dry_run)


@pytest.mark.parametrize(
    ("kind", "name", "expression"),
    [
        ("Deployment", "web", READY),
        ("StatefulSet", "db", "object.status.?readyReplicas.orValue(0) >= 1"),
        ("DaemonSet", "agent", "object.status.numberReady == object.status.desiredNumberScheduled"),
    ],
)
async def test_an_expression_that_is_true_of_a_workload_is_a_success_that_changes_nothing(site, kind, name, expression):
    resource = {"Deployment": DEPLOYMENTS, "StatefulSet": STATEFUL_SETS, "DaemonSet": DAEMON_SETS}[kind]
    before = await site.get(resource, name)
    status = await check(site, expression, kind=kind, name=name)
    assert status["phase"] == "Succeeded", status
    assert status["message"].startswith(
        f"It holds, at the first look: `{expression}` is true of {kind} {name}: object."
    )
    assert status["result"]["changes"] == []
    assert "rollback" not in status["result"]
    assert status["result"]["outputs"]["holds"] is True
    assert (await site.get(resource, name))["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
    assert {c["type"] for c in status["conditions"] if c["status"] == "True"} == {"Validated", "Executed", "Verified"}
    assert [s["name"] for s in status["stages"] if s["name"] in {"dry-run", "execute"}] == ["execute"], (
        "it has one step"
    )


async def test_an_expression_that_becomes_true_is_waited_for(site):
    key = await site.create("check-workload", {"name": "web", "expression": "object.metadata.labels['x'] == 'y'"})
    await site.until(key, phase="Running")
    await asyncio.sleep(1.5)
    await site.patch(DEPLOYMENTS, "web", {"metadata": {"labels": {"x": "y"}}})
    status = (await site.end(key))["status"]
    assert status["phase"] == "Succeeded", status
    assert 'is true of Deployment web: object.metadata.labels.x is "y"' in status["message"]
    assert status["result"]["outputs"]["seconds"] > 0


async def test_one_that_stays_false_is_a_failure_that_says_what_was_there(site):
    status = await check(site, "object.status.readyReplicas > 2 &&\n  object.spec.replicas == 3", timeoutSeconds=1)
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
    assert (
        "`object.status.readyReplicas > 2 && object.spec.replicas == 3` is false of Deployment web: "
        "object.status.readyReplicas is 2, object.spec.replicas is 2 (generation "
    ) in status["message"]
    assert "2 pods wanted, 2 updated, 2 ready, 2 available)" in status["message"]
    assert "it did not hold within 1" in status["message"]
    assert status["message"].endswith("Nothing was changed.")
    assert status["attempts"] == 1


async def test_a_field_that_is_not_set_is_waited_for_and_named_at_the_end(site):
    status = await check(site, "object.status.nope == 1", timeoutSeconds=1)
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
    assert (
        "cannot be evaluated for Deployment web: no such key: nope: object.status.nope is not set" in status["message"]
    )


async def test_it_settles_before_the_first_look(site):
    started = time.monotonic()
    status = await check(site, settleSeconds=3)
    assert status["phase"] == "Succeeded", status
    assert time.monotonic() - started > 3
    assert status["result"]["outputs"]["seconds"] == 0


@pytest.mark.parametrize(
    ("expression", "words"), [(READY, "It holds now"), ("object.spec.replicas == 9", "does not hold now")]
)
async def test_a_dry_run_says_how_it_is_now_and_does_not_wait(site, expression, words):
    started = time.monotonic()
    status = await check(site, expression, dry_run=True, settleSeconds=600, timeoutSeconds=600)
    assert status["phase"] == "Succeeded", status
    assert time.monotonic() - started < 30
    assert words in status["message"]
    assert "object.spec.replicas is 2" in status["message"]
    assert status["result"]["outputs"]["seen"] in status["message"]


async def test_a_workload_that_does_not_exist_is_refused_at_once(site):
    for dry_run in (False, True):
        status = await check(site, name="nope", dry_run=dry_run)
        assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected" if dry_run else "ActionFailed")
        assert "Deployment nope does not exist, so there is nothing to check" in status["message"]


async def test_a_workload_that_is_deleted_meanwhile_ends_it(site):
    key = await site.create("check-workload", {"name": "web", "expression": "object.spec.replicas == 9"})
    await site.until(key, phase="Running")
    await asyncio.sleep(1.5)
    found = await site.get(DEPLOYMENTS, "web")
    await site.cluster.delete(DEPLOYMENTS, site.namespace, "web", uid=found["metadata"]["uid"])
    status = (await site.end(key, 30))["status"]
    assert status["phase"] == "Failed"
    assert "Deployment web " in status["message"]
    assert "so there is nothing to check" in status["message"]


async def test_a_workload_that_is_being_deleted_is_refused(site):
    found = await site.patch(DEPLOYMENTS, "web", {"metadata": {"finalizers": ["example.com/wait"]}})
    await site.cluster.delete(DEPLOYMENTS, site.namespace, "web", uid=found["metadata"]["uid"])
    status = await check(site)
    await site.patch(DEPLOYMENTS, "web", {"metadata": {"finalizers": None}})
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed")
    assert "Deployment web is being deleted" in status["message"]


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        (
            {"expression": "object.spec.replicas"},
            "parameters.expression: it must be CEL that is true or false: must evaluate to bool",
        ),
        (
            {"expression": "object.spec.replicas =="},
            "parameters.expression: it must be CEL that is true or false: compilation failed",
        ),
        ({"settleSeconds": -1}, "parameters.settleSeconds: "),
        ({"timeoutSeconds": 10**12}, "parameters.timeoutSeconds: "),
        ({"settleSeconds": 3600}, "parameters.timeoutSeconds: settleSeconds and timeoutSeconds are 3630 s together"),
    ],
    ids=str,
)
async def test_bad_parameters_are_refused_before_a_job_exists(site, parameters, words):
    status = await check(site, **parameters)
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidParameters")
    assert words in status["message"]
    assert "jobName" not in status


async def test_a_check_holds_up_nothing_else_on_the_same_workload(site):
    wanted = {"name": "web", "expression": "object.status.readyReplicas == 3", "timeoutSeconds": 60}
    checks = [await site.create("check-workload", wanted) for _ in range(2)]
    for key in checks:
        await site.until(key, phase="Running")
    assert (await site.run("scale", {"name": "web", "replicas": 3}))["phase"] == "Succeeded"
    assert [(await site.end(key))["status"]["phase"] for key in checks] == ["Succeeded", "Succeeded"]
