"""Approve exactly what was rehearsed: everything else is refused before anything is changed."""

import asyncio

from kubernaut.plan_digest import plan_digest
from tests.support.site import CONFIG_MAPS, DEPLOYMENTS

MORE = {"name": "web", "replicas": 4}
DIGEST = "sha256:" + "0" * 64


async def proposed(site, action="scale", parameters=None, name="more"):
    """Rehearse an action, and return what names its plan."""
    ended = await site.end(await site.create(action, parameters or MORE, name=name, dryRun=True))
    assert ended["status"]["phase"] == "Succeeded", ended["status"]
    return {"execution": name, "digest": ended["status"]["planDigest"]}


async def replicas(site):
    return (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"]


async def test_what_was_rehearsed_is_carried_out_once(site):
    plan = await proposed(site)
    change = {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 2, "after": 4}
    checked = {"name": "web", "kind": "Deployment", "replicas": 4, "wait": True}
    assert plan["digest"] == plan_digest("scale", checked, [change])
    status = await site.run("scale", MORE, approvedPlan=plan)
    assert (status["phase"], await replicas(site)) == ("Succeeded", 4)
    again = await site.create("scale", MORE, name="again", approvedPlan=plan)
    status = (await site.end(again))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "PlanUsed")
    assert "was carried out already, by scale-" in status["message"]
    assert "jobName" not in status, "it was refused before a Job existed"


async def test_a_target_that_was_changed_since_is_not_touched(site):
    plan = await proposed(site)
    await site.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 3}})
    status = await site.run("scale", MORE, approvedPlan=plan)
    assert (status["phase"], status["reason"]) == ("Failed", "PlanChanged")
    assert status["message"] == (
        "Since more was approved, what it would do has changed: Deployment/web spec.replicas: approved 2 → 4, now 3 → 4. "
        "Nothing was changed. Propose it again."
    )
    assert await replicas(site) == 3


async def test_every_change_that_differs_is_shown(site):
    wanted = {"name": "app-config", "set": {"A": "1", "B": "2"}}
    plan = await proposed(site, "patch-configmap", wanted)
    await site.patch(CONFIG_MAPS, "app-config", {"data": {"A": "1", "B": "0"}})
    status = await site.run("patch-configmap", wanted, approvedPlan=plan)
    assert status["reason"] == "PlanChanged"
    assert "ConfigMap/app-config data.A: approved absent → '1', now no change" in status["message"]
    assert "ConfigMap/app-config data.B: approved absent → '2', now '0' → '2'" in status["message"]
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["B"] == "0"


async def test_times_in_a_plan_may_differ(site):
    parameters = {"name": "web", "wait": False}
    plan = await proposed(site, "restart-deployment", parameters)
    await asyncio.sleep(1.1)  # the annotation has seconds
    assert (await site.run("restart-deployment", parameters, approvedPlan=plan))["phase"] == "Succeeded"


async def test_a_plan_of_command_lines_is_these_lines(site):
    for action, reason in (("command", None), ("drifting-command", "PlanChanged")):
        plan = await proposed(site, action, {"execute": "hello"}, name=action)
        status = await site.run(action, {"execute": "hello"}, approvedPlan=plan)
        assert status.get("reason") == reason, status
        assert ("jobName" in status) == (reason is None)
