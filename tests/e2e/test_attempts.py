"""Attempts that die after their write: what they changed is known all the same, and can be undone."""

import asyncio

import pytest

from kubernaut.kube.objects import EXECUTIONS, PODS
from tests.support.site import CONFIG_MAPS, DEPLOYMENTS

WRITE = "before, after = action.api.modify('v1/configmaps', 'app-config', lambda _: {'data': {'LOG_LEVEL': 'debug'}})"
OLD = "before['data']['LOG_LEVEL']"
DIE = f"if {OLD} == 'info': os._exit(137)"
"""As from lack of memory, or with its node: nothing is reported."""
RECORD = f"action.changed('ConfigMap', 'app-config', 'data.LOG_LEVEL', {OLD}, after['data']['LOG_LEVEL'])"
STEPS = {"dry_run": f"{WRITE}\n{RECORD}", "execute": f"{WRITE}\n{DIE}\n{RECORD}"}
NEVER_READY = {"exec": {"command": ["false"]}, "periodSeconds": 1}
CHANGE = {"kind": "ConfigMap", "name": "app-config", "field": "data.LOG_LEVEL", "before": "info", "after": "debug"}


async def test_what_an_attempt_wrote_before_it_died_is_a_change_once_the_next_one_finds_it(site):
    status = await site.run("script", STEPS)
    assert (status["phase"], status["attempts"]) == ("Succeeded", 2), status
    assert status["result"]["changes"] == [CHANGE]
    assert status["message"] == "Changed ConfigMap/app-config data.LOG_LEVEL: 'info' → 'debug'."


async def test_what_an_attempt_wrote_is_known_although_its_pod_is_gone_before_the_execution_ends(site):
    steps = {**STEPS, "execute": f"{WRITE}\n{DIE}\ntime.sleep(4)\n{RECORD}"}
    key = await site.create("script", steps)
    async with asyncio.timeout(60):
        while not (status := (await site.get(EXECUTIONS, key.name)).get("status", {})).get("result"):
            await asyncio.sleep(0.1)
    assert status["phase"] == "Running"
    assert status["result"]["unconfirmed"] == [CHANGE]
    assert status["message"] == (
        "Attempt 1 failed, and the Job tries again. "
        "It may have changed ConfigMap/app-config data.LOG_LEVEL: 'info' → 'debug': check its target."
    )
    (dead,) = (pod for pod in await _pods(site, key) if pod["status"]["phase"] == "Failed")
    await site.cluster.delete(PODS, site.namespace, dead["metadata"]["name"], uid=dead["metadata"]["uid"])
    status = (await site.end(key))["status"]
    assert (status["phase"], status["result"]["changes"]) == ("Succeeded", [CHANGE]), status


async def test_attempts_that_all_died_after_their_write_say_what_they_may_have_changed(site):
    steps = {**STEPS, "execute": f"{WRITE}\nos._exit(137)"}
    status = await site.run("once", steps)
    assert (status["phase"], status["reason"]) == ("Failed", "ActionFailed"), status
    assert status["result"]["unconfirmed"] == [CHANGE]
    assert status["message"].endswith(
        "It may have changed ConfigMap/app-config data.LOG_LEVEL: 'info' → 'debug': check its target."
    )
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["LOG_LEVEL"] == "debug"


@pytest.mark.parametrize("record", [True, False])
async def test_a_write_that_is_not_recorded_is_never_reported_as_no_change(site, record):
    end = "action.reject('it does not work')"
    steps = {**STEPS, "execute": f"{WRITE}\n{RECORD if record else 'pass'}\n{end}"}
    status = await site.run("script", steps)
    said = "Before that it changed" if record else "It may have changed"
    assert f"{said} ConfigMap/app-config data.LOG_LEVEL: 'info' → 'debug'" in status["message"]


async def test_what_a_cancelled_execution_had_changed_can_be_undone(site):
    (container,) = (await site.get(DEPLOYMENTS, "web"))["spec"]["template"]["spec"]["containers"]
    unready = {"containers": [{**container, "readinessProbe": NEVER_READY}]}
    await site.patch(DEPLOYMENTS, "web", {"spec": {"template": {"spec": unready}}})
    key = await site.create("scale", {"name": "web", "replicas": 3})
    async with asyncio.timeout(60):
        while (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"] != 3:
            await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    await site.patch(EXECUTIONS, key.name, {"spec": {"cancel": True}})
    status = (await site.end(key))["status"]
    assert status["phase"] == "Cancelled"
    assert "Before that it changed Deployment/web spec.replicas: 2 → 3" in status["message"]
    assert status["result"]["rollback"]["parameters"]["replicas"] == 2


async def _pods(site, key):
    return (
        await site.cluster.list(PODS, site.namespace, selector=f"kubernaut.io/kubernetes-execution={key.name}")
    ).items
