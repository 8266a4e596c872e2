"""Several steps: executions that come after others, in whatever order they are created, and whatever becomes of those before them."""

import asyncio

import pytest

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.kube.objects import EXECUTIONS, Key
from tests.support.site import DEPLOYMENTS

REHEARSALS = ["initContainer"]
MORE, BAD = {"name": "web", "replicas": 3}, {"name": "nope", "replicas": 3}


def after(*names, when="Succeeded"):
    return [{"execution": name, "when": when} for name in names]


async def phase(site, key, seconds=60):
    status = (await site.end(key, seconds))["status"]
    return status["phase"], status.get("reason")


async def delete(site, name):
    uid = (await site.get(EXECUTIONS, name))["metadata"]["uid"]
    await site.cluster.delete(EXECUTIONS, site.namespace, name, uid=uid)


async def test_it_waits_for_its_predecessor_and_then_runs(site):
    second = await site.create("scale", {"name": "web", "replicas": 2}, name="second", after=after("first"))
    status = await site.until(second, reason="WaitingForPredecessor")
    assert (status["blockedBy"], status["message"]) == ("first", "It comes after first, which does not exist yet.")
    first = await site.create("scale", MORE, name="first", suspend=True)
    await site.until(second, message="It comes after first, which has not ended.")
    await site.patch(EXECUTIONS, "first", {"spec": {"suspend": False}})
    assert await phase(site, second) == ("Succeeded", None)
    one, other = [(await site.get(EXECUTIONS, key.name))["status"] for key in (first, second)]
    assert one["completionTime"] <= other["startTime"]
    assert next((s["name"], s.get("detail")) for s in other["stages"]) == ("wait", "WaitingForPredecessor")


@pytest.mark.parametrize(
    ("parameters", "when", "ended"),
    [
        (MORE, "Succeeded", ("Succeeded", None)),
        (MORE, "Failed", ("Skipped", "ConditionNotMet")),
        (MORE, "Ended", ("Succeeded", None)),
        (BAD, "Succeeded", ("Skipped", "ConditionNotMet")),
        (BAD, "Failed", ("Succeeded", None)),
        (BAD, "Ended", ("Succeeded", None)),
    ],
)
async def test_each_condition(site, parameters, when, ended):
    await site.create("scale", parameters, name="first")
    key = await site.create("restart-deployment", {"name": "web"}, name="second", after=after("first", when=when))
    assert await phase(site, key) == ended


async def test_cancelled_and_skipped_predecessors_have_ended_and_no_more(site):
    await site.create("scale", MORE, name="first", suspend=True)
    second = await site.create("scale", MORE, name="second", after=after("first"))
    third = await site.create("scale", MORE, name="third", after=after("second", when="Failed"))
    last = await site.create("scale", MORE, name="last", after=after("first", "second", "third", when="Ended"))
    await site.until(last, reason="WaitingForPredecessor")
    await site.patch(EXECUTIONS, "first", {"spec": {"cancel": True}})
    assert await phase(site, second) == ("Skipped", "ConditionNotMet")
    assert await phase(site, third) == ("Skipped", "ConditionNotMet")
    assert await phase(site, last) == ("Succeeded", None)
    status = (await site.get(EXECUTIONS, "second"))["status"]
    assert status["message"] == (
        "It starts only after first ended as Succeeded, and first ended as Cancelled. Nothing was changed."
    )
    assert "jobName" not in status


async def test_a_cycle_is_refused_by_name(site):
    a = await site.create("scale", MORE, name="a", after=after("c"))
    b = await site.create("scale", MORE, name="b", after=after("a"))
    await site.until(b, reason="WaitingForPredecessor")
    c = await site.create("scale", MORE, name="c", after=after("b", when="Ended"))
    ends = {key.name: await phase(site, key) for key in (a, b, c)}
    assert ("Failed", "PredecessorCycle") in ends.values()
    assert {reason for _, reason in ends.values()} <= {"PredecessorCycle", "ConditionNotMet"}
    name = next(name for name, end in ends.items() if end[1] == "PredecessorCycle")
    assert "comes after" in (await site.get(EXECUTIONS, name))["status"]["message"]


async def test_the_end_of_a_deleted_predecessor_is_not_forgotten(site):
    gate = await site.create("scale", MORE, name="gate", suspend=True)
    last = await site.create("restart-deployment", {"name": "web"}, name="last", after=after("first", "gate"))
    first = await site.create("scale", MORE, name="first")
    assert await phase(site, first) == ("Succeeded", None)
    await delete(site, "first")
    await site.gone(EXECUTIONS, "first")
    await site.until(last, message="It comes after gate, which has not ended.")
    assert [end["execution"] for end in (await site.get(EXECUTIONS, "last"))["status"]["predecessors"]] == ["first"]
    await site.create("scale", BAD, name="first")
    await site.patch(EXECUTIONS, "gate", {"spec": {"suspend": False}})
    assert await phase(site, gate) == ("Succeeded", None)
    assert await phase(site, last) == ("Succeeded", None), "the name belongs to another execution now"


async def test_an_expired_predecessor_stays_until_those_that_wait_know_its_end(site):
    await site.create("scale", MORE, name="gate", suspend=True)
    last = await site.create("restart-deployment", {"name": "web"}, name="last", after=after("first", "gate"))
    await site.create("scale", MORE, name="first", ttlSecondsAfterFinished=0)
    async with asyncio.timeout(30):
        while not (await site.get(EXECUTIONS, "last")).get("status", {}).get("predecessors"):
            await asyncio.sleep(0.2)
    await site.gone(EXECUTIONS, "first")
    await site.patch(EXECUTIONS, "gate", {"spec": {"suspend": False}})
    assert await phase(site, last) == ("Succeeded", None)


async def test_a_predecessor_that_is_deleted_before_its_end_met_no_condition(site):
    await site.create("scale", MORE, name="first", suspend=True)
    last = await site.create("scale", MORE, name="last", after=after("first", when="Ended"))
    await site.until(last, message="It comes after first, which has not ended.")
    await delete(site, "first")
    assert await phase(site, last) == ("Skipped", "ConditionNotMet")
    assert "first was deleted before it ended" in (await site.get(EXECUTIONS, "last"))["status"]["message"]


async def test_what_waits_can_be_cancelled_and_suspended(site):
    first = await site.create("scale", MORE, name="first", suspend=True)
    second = await site.create("scale", MORE, name="second", after=after("first"))
    await site.until(second, reason="WaitingForPredecessor")
    await site.patch(EXECUTIONS, "second", {"spec": {"suspend": True}})
    await site.until(second, reason="Suspended")
    await site.patch(EXECUTIONS, "first", {"spec": {"suspend": False}})
    await site.end(first)
    assert (await site.get(EXECUTIONS, "second"))["status"]["reason"] == "Suspended"
    await site.patch(EXECUTIONS, "second", {"spec": {"cancel": True}})
    assert await phase(site, second) == ("Cancelled", "CancelRequested")
    assert (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"] == 3


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"after": after("odd")}, "cannot come after itself"),
        ({"after": after(*(f"p-{n}" for n in range(9)))}, "spec.after"),
        ({"after": after("first", when="Whenever")}, "spec.after"),
        ({"undoes": "first"}, "remove parameters"),
        ({"undoes": "odd"}, "cannot undo itself"),
    ],
)
async def test_what_can_never_work_is_refused_by_the_api_server(site, spec, message):
    manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": "odd"}}
    wanted = {"action": "scale", "parameters": MORE, **spec}
    with pytest.raises(Exception, match=message):
        await site.cluster.create(EXECUTIONS, site.namespace, {**manifest, "spec": wanted})


async def made(site, name, action, spec):
    manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": {"name": name}, "spec": {"action": action, **spec}}
    await site.cluster.create(EXECUTIONS, site.namespace, manifest)
    return Key(site.namespace, name)


async def replicas(site):
    return (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"]


async def test_act_check_and_undo_what_did_not_help(site):
    act = await site.create("scale", MORE, name="act")
    wanted = {"name": "web", "expression": "object.status.readyReplicas > 9", "timeoutSeconds": 1}
    check = await site.create("check-workload", wanted, name="check", after=after("act"))
    undo = await made(site, "undo", "scale", {"undoes": "act", "after": after("check", when="Failed")})
    report = await site.create("restart-deployment", {"name": "web"}, name="report", after=after("check"))
    assert await phase(site, act) == ("Succeeded", None)
    assert await phase(site, check) == ("Failed", "ActionFailed")
    assert await phase(site, undo) == ("Succeeded", None)
    assert await phase(site, report) == ("Skipped", "ConditionNotMet")
    assert await replicas(site) == 2
    change = (await site.get(EXECUTIONS, "undo"))["status"]["result"]["changes"]
    assert [(c["field"], c["before"], c["after"]) for c in change] == [("spec.replicas", 3, 2)]


async def test_what_somebody_changed_since_is_not_undone(site):
    await site.end(await site.create("scale", MORE, name="act"))
    await site.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 1}})
    assert await phase(site, await made(site, "undo", "scale", {"undoes": "act"})) == ("Failed", "Diverged")
    assert await replicas(site) == 1
    message = (await site.get(EXECUTIONS, "undo"))["status"]["message"]
    assert "Deployment/web spec.replicas is 1 now, not 3 as act left it" in message


async def test_an_undo_can_be_rehearsed_and_approved(site):
    await site.end(await site.create("scale", MORE, name="act"))
    plan = (await site.end(await made(site, "plan", "scale", {"undoes": "act", "dryRun": True})))["status"]
    approved = {"execution": "plan", "digest": plan["planDigest"]}
    key = await made(site, "other", "scale", {"parameters": {"name": "web", "replicas": 2}, "approvedPlan": approved})
    assert await phase(site, key) == ("Failed", "PlanNotFound")
    key = await made(site, "undo", "scale", {"undoes": "act", "approvedPlan": approved})
    assert await phase(site, key) == ("Succeeded", None)
    assert await replicas(site) == 2


@pytest.mark.parametrize(
    ("action", "name", "why"),
    [
        ("scale", "never-was", "there is no execution never-was"),
        ("scale", "rehearsed", "rehearsed was a dry run: it changed nothing"),
        ("scale", "refused", "refused has no recorded changes"),
        ("scale", "waiting", "waiting has not ended"),
        ("restart-deployment", "restarted", "action restart-deployment does not support rollback of restarted"),
        ("restart-deployment", "act", "act is undone by scale, not by restart-deployment"),
    ],
)
async def test_where_there_is_nothing_to_undo_it_says_so_before_a_job_exists(site, action, name, why):
    await site.end(await site.create("scale", MORE, name="act"))
    await site.end(await site.create("scale", MORE, name="rehearsed", dryRun=True))
    await site.end(await site.create("scale", BAD, name="refused"))
    await site.end(await site.create("restart-deployment", {"name": "web", "wait": False}, name="restarted"))
    await site.create("scale", MORE, name="waiting", suspend=True)
    status = (await site.end(await made(site, "undo", action, {"undoes": name})))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "NothingToUndo")
    assert why in status["message"]
    assert "jobName" not in status
