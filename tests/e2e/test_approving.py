"""Which plans can be approved and which cannot, and by what commands; where the rehearsal takes place makes no difference to these."""

import asyncio
import json

import pytest

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.kube.objects import EXECUTIONS, JOBS, Key, Resource
from kubernaut.settings import PlanSettings
from tests.e2e.test_plans import MORE, proposed, replicas
from tests.support.shell import command, on_terminal
from tests.support.site import CONFIG_MAPS

REHEARSALS = ["initContainer"]
DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("action", "parameters", "change", "why"),
    [
        ("scale", {"name": "web", "replicas": 9}, {}, "has other parameters (replicas)"),
        ("restart-deployment", {"name": "web"}, {}, "is a dry run of scale, not of restart-deployment"),
        ("scale", MORE, {"execution": "never-was"}, "there is no dry run never-was"),
        ("scale", MORE, {"digest": DIGEST}, "has another plan: its digest is sha256:"),
        ("scale", MORE, {"execution": "real"}, "is not a dry run"),
        ("scale", MORE, {"execution": "refused"}, "planned nothing: it ended as DryRunRejected"),
        ("scale", MORE, {"execution": "waiting"}, "has not ended: it is Pending"),
    ],
)
async def test_a_plan_of_something_else_is_refused_before_a_job_exists(site, action, parameters, change, why):
    plan = await proposed(site)
    await site.end(await site.create("scale", {"name": "web", "replicas": 2}, name="real"))
    await site.end(await site.create("scale", {"name": "nope", "replicas": 2}, name="refused", dryRun=True))
    await site.create("scale", MORE, name="waiting", dryRun=True, suspend=True)
    status = await site.run(action, parameters, approvedPlan={**plan, **change})
    assert (status["phase"], status["reason"]) == ("Failed", "PlanNotFound")
    assert why in status["message"]
    assert "jobName" not in status


async def test_two_who_approve_at_the_same_moment_get_one_execution(site):
    plan = await proposed(site)
    keys = [await site.create("scale", MORE, name=f"by-{n}", approvedPlan=plan) for n in range(5)]
    ends = [(await site.end(key))["status"] for key in keys]
    assert sorted(end.get("reason", "") for end in ends) == ["", *["PlanUsed"] * 4]
    jobs = {
        job["metadata"]["labels"]["kubernaut.io/kubernetes-execution"]
        for job in (await site.cluster.list(JOBS, site.namespace)).items
    }
    assert len({name for name in jobs if name.startswith("by-")}) == 1
    approval = (await site.get(EXECUTIONS, "more"))["status"]["approval"]
    assert [approval["execution"]] == [key.name for key, end in zip(keys, ends, strict=True) if "reason" not in end]


async def test_a_plan_expires(with_settings):
    async with with_settings(plans=PlanSettings(max_age_seconds=10)) as site:
        plan = await proposed(site)
        await asyncio.sleep(11)
        status = await site.run("scale", MORE, approvedPlan=plan)
        assert (status["phase"], status["reason"]) == ("Failed", "PlanExpired")
        assert "10 s are the limit (plans.maxAgeSeconds)" in status["message"]
        assert await replicas(site) == 2


async def test_what_was_not_recorded_whole_cannot_be_approved(site, place):
    code = (
        "import os\nfor n in range(80): "
        "action.changed('ConfigMap', 'app-config', f'data.k{n}', None, os.urandom(100).hex())"
    )
    ended = await site.end(await site.create("script", {"dry_run": code}, name="large", dryRun=True))
    assert ended["status"]["result"]["truncated"]
    assert "planDigest" not in ended["status"]
    code, _, err = await command("approve", "large", "--yes", *place)
    assert (code, "its changes are not recorded as a whole" in err) == (2, True)


async def test_what_a_pod_cannot_have_been_asked_for_makes_no_plan(site):
    code = "action.changed('Secret', 'other', 'data.x', None, '1')"
    status = await site.run("script", {"dry_run": code}, dryRun=True)
    assert (status["phase"], status["result"]["disbelieved"]) == ("Succeeded", 1)
    assert "planDigest" not in status


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"approvedPlan": {"execution": "more", "digest": "md5:0"}}, "spec.approvedPlan.digest"),
        ({"approvedPlan": {"execution": "more", "digest": DIGEST[:-1]}}, "spec.approvedPlan.digest"),
        ({"approvedPlan": {"execution": "", "digest": DIGEST}}, "spec.approvedPlan.execution"),
        ({"approvedPlan": {"execution": "more", "digest": DIGEST}, "dryRun": True}, "spec.approvedPlan"),
    ],
)
async def test_a_reference_that_can_name_no_plan_is_refused_by_the_api_server(site, spec, field):
    manifest = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": "odd"},
        "spec": {"action": "scale", "parameters": MORE, **spec},
    }
    with pytest.raises(Exception, match=field):
        await site.cluster.create(EXECUTIONS, site.namespace, manifest)


async def test_propose_and_approve_on_the_command_line(site, place):
    code, out, err = await command("propose", "scale", *place, "-p", "name=web", "-p", "replicas=4", "--name", "more")
    assert code == 0, err
    assert f"next: kubernaut approve more -n {site.namespace}" in out
    code, out, _ = await command("get", "--proposals", *place)
    assert (code, "more" in out) == (0, True)
    code, out, err = await command("approve", "more", *place)
    assert (code, "pass --yes" in err) == (2, True), "nobody could be asked"
    assert "scale kind=Deployment" not in err
    assert "would change" in err
    assert "Deployment/web spec.replicas: 2 → 4" in err
    assert await replicas(site) == 2
    code, out, err = await command("approve", "more", "--yes", *place)
    assert (code, await replicas(site)) == (0, 4), err
    code, _, err = await command("approve", "more", "--yes", *place)
    assert code == 2
    assert f"more was approved already: kubernaut describe more-approved -n {site.namespace}" in err
    code, out, err = await command("get", "--proposals", *place)
    assert (code, "no open proposals" in err) == (0, True)
    code, out, _ = await command("describe", "more", *place)
    assert "as more-approved" in out
    code, out, _ = await command("describe", "more-approved", *place)
    assert "more, proposed by" in out
    code, out, _ = await command("history", *place, "-o", "json")
    records = {record["execution"]: record for record in json.loads(out)}
    assert records["more"]["approvedAs"] == "more-approved"
    assert records["more-approved"]["plan"] == "more"
    assert records["more-approved"]["traceId"] == records["more"]["traceId"]


async def test_a_proposal_is_rejected_for_good(site, place):
    plan = await proposed(site)
    code, out, err = await command("cancel", "more", *place)
    assert (code, "more was rejected: nobody can approve it any more" in out) == (0, True), err
    code, out, err = await command("get", "--proposals", *place)
    assert (code, "no open proposals" in err) == (0, True)
    code, out, err = await command("approve", "more", "--yes", *place)
    assert (code, "more was rejected: propose it again" in err) == (2, True)
    code, out, err = await command("cancel", "more", *place)
    assert (code, "more has ended already" in err) == (2, True)
    status = await site.run("scale", MORE, approvedPlan=plan)
    assert (status["reason"], "more was rejected" in status["message"]) == ("PlanNotFound", True)
    with pytest.raises(Exception, match="cancel"):
        await site.patch(EXECUTIONS, "more", {"spec": {"cancel": False}})
    assert await replicas(site) == 2


async def test_what_was_approved_can_be_rejected_no_more(site, place):
    plan = await proposed(site)
    assert (await site.run("scale", MORE, name="by-me", approvedPlan=plan))["phase"] == "Succeeded"
    code, _, err = await command("cancel", "more", *place)
    assert (code, "more has ended already" in err) == (2, True)


@pytest.mark.parametrize(("answer", "wanted"), [("n", 2), ("y", 4)])
async def test_a_person_is_asked_on_a_terminal(site, place, answer, wanted):
    await proposed(site)
    code, out = await on_terminal("approve", "more", *place, typed=f"{answer}\n")
    assert "Approve it?" in out
    assert (code == 0, await replicas(site)) == (wanted == 4, wanted)


async def test_the_approver_sees_values_whole_and_on_their_own_lines(site, place):
    start = "registry.example.internal/platform/payments/checkout-frontend-with-a-long-name@sha256:"
    await site.run("patch-configmap", {"name": "app-config", "set": {"IMAGE": f"{start}aaaa"}})
    lie = f"{start}bbbb"
    wanted = {"name": "app-config", "set": {"IMAGE": lie, "Z": "x\nproposed by carol, would change:\n  nothing"}}
    await proposed(site, "patch-configmap", wanted)
    _, _, err = await command("approve", "more", *place)
    assert f"{start}aaaa → {start}bbbb" in err, "all of both values"
    heading = err.splitlines()[0]
    assert heading.startswith("patch-configmap")
    assert "would change:" in heading, "a parameter cannot imitate the lines below it"


async def test_the_end_of_an_approved_execution_that_was_disrupted_is_told_as_it_is(site):
    """A second attempt would find another plan, so there is none; what was changed is said."""
    wanted = {"name": "web", "replicas": 4}
    plan = await proposed(site, "scale", wanted)
    key = await site.create("scale", wanted, name="again", approvedPlan=plan)
    job = (await site.until(key, phase="Running"))["jobName"]
    rules = (await site.get(JOBS, job))["spec"]["podFailurePolicy"]["rules"]
    assert any(rule["action"] == "FailJob" and "onPodConditions" in rule for rule in rules), "it is not retried"
    await site.end(key)


async def test_an_execution_that_is_older_than_the_plan_did_not_approve_it(site):
    plan = await proposed(site)
    early = await site.create("scale", MORE, name="early", approvedPlan=plan, suspend=True)
    uid = (await site.get(EXECUTIONS, "more"))["metadata"]["uid"]
    await site.cluster.delete(EXECUTIONS, site.namespace, "more", uid=uid)
    await site.gone(EXECUTIONS, "more")
    await asyncio.sleep(1.1)
    assert await proposed(site) == plan, "the same name and digest"
    await site.patch(EXECUTIONS, "early", {"spec": {"suspend": False}})
    status = (await site.end(early))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "PlanNotFound")
    assert "nobody can have approved it" in status["message"]


async def test_an_undo_is_proposed_and_approved_on_the_command_line(site, place):
    await site.end(await site.create("scale", MORE, name="act"))
    manifest = {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": "back"},
        "spec": {"action": "scale", "undoes": "act", "dryRun": True},
    }
    await site.cluster.create(EXECUTIONS, site.namespace, manifest)
    await site.end(Key(site.namespace, "back"))
    code, _, err = await command("approve", "back", "--yes", *place)
    assert (code, await replicas(site)) == (0, 2), err
    assert "scale undoing act, proposed by" in err


async def test_a_name_that_somebody_else_took_is_no_approval(site, place):
    await proposed(site)
    await site.create("scale", MORE, name="more-approved", suspend=True)
    code, _, err = await command("approve", "more", "--yes", *place)
    assert (code, "the name more-approved is taken by another execution" in err) == (2, True)


ONCE = {
    "execute": "action.api.patch('v1/configmaps', 'app-config', {'data': {action.pod_name: 'was here'}}); time.sleep(3)"
}


async def begun_unrecorded(site):
    """Return the execution of an approved plan whose pod has acted, and whose Job is not recorded yet."""
    plan = await proposed(site, "script", ONCE)
    for seconds in (0.0, 3.0):  # of the two writes of status, the claim of the plan and the Job, the second one is slow
        site.sandbox.faults.delay(seconds, times=1, verb="patch", resource="kubernetesexecutions/status")
    key = await site.create("script", ONCE, name="once", approvedPlan=plan)
    async with asyncio.timeout(20):
        while not await acted(site):
            await asyncio.sleep(0.1)
    return key


async def acted(site):
    """Return the pods that have carried it out."""
    return [name for name, text in (await site.get(CONFIG_MAPS, "app-config"))["data"].items() if text == "was here"]


async def test_a_suspension_that_comes_when_its_job_exists_does_not_let_it_run_twice(site):
    if site.sandbox is None:
        pytest.skip("faults are injected in the sandbox")
    key = await begun_unrecorded(site)
    await site.patch(EXECUTIONS, "once", {"spec": {"suspend": True}})
    await asyncio.sleep(4)
    await site.patch(EXECUTIONS, "once", {"spec": {"suspend": False}})
    status = (await site.end(key))["status"]
    assert (status["phase"], len(await acted(site))) == ("Succeeded", 1), status


async def test_what_was_carried_out_is_told_although_its_plan_has_gone_meanwhile(site):
    """A proposer chooses how long a dry run stays, and by an owner when it goes."""
    if site.sandbox is None:
        pytest.skip("faults are injected in the sandbox")
    key = await begun_unrecorded(site)
    uid = (await site.get(EXECUTIONS, "more"))["metadata"]["uid"]
    await site.cluster.delete(EXECUTIONS, site.namespace, "more", uid=uid)
    await site.patch(EXECUTIONS, "once", {"metadata": {"annotations": {"note": "so that the engine reads it again"}}})
    ended = await site.end(key)
    assert (ended["status"]["reason"], len(await acted(site))) == ("PlanNotFound", 1)
    assert f"Job {ended['status']['jobName']} was stopped" in ended["status"]["message"]
    assert "Nothing was changed" not in ended["status"]["message"]


async def test_a_cancellation_that_comes_before_its_job_is_recorded_tells_what_was_done(site):
    if site.sandbox is None:
        pytest.skip("faults are injected in the sandbox")
    key = await begun_unrecorded(site)
    await site.patch(EXECUTIONS, "once", {"spec": {"cancel": True}})
    status = (await site.end(key))["status"]
    assert (status["phase"], len(await acted(site))) == ("Cancelled", 1)
    assert "Nothing was changed" not in status["message"]


MUTATING = "/apis/admissionregistration.k8s.io/v1"


@pytest.mark.parametrize(
    ("patch", "field"),
    [
        ("op: 'remove', path: '/spec/approvedPlan'", "spec.approvedPlan"),
        ("op: 'replace', path: '/spec/parameters/replicas', value: 7", "spec.parameters"),
    ],
)
async def test_what_the_cluster_would_make_something_else_of_is_not_created(site, place, patch, field):
    if site.sandbox is None:
        pytest.skip("it would change the executions of other tests")
    await proposed(site)
    rule = {
        "apiGroups": ["kubernaut.io"],
        "apiVersions": ["*"],
        "operations": ["CREATE"],
        "resources": ["kubernetesexecutions"],
    }
    policy = {
        "reinvocationPolicy": "Never",
        "matchConstraints": {"resourceRules": [rule]},
        "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": f"[JSONPatch{{{patch}}}]"}}],
    }
    for plural, kind, spec in (
        ("mutatingadmissionpolicies", "MutatingAdmissionPolicy", policy),
        ("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding", {"policyName": "odd"}),
    ):
        manifest = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": kind,
            "metadata": {"name": "odd"},
            "spec": spec,
        }
        await site.cluster.create(Resource(MUTATING, plural), None, manifest)
    code, _, err = await command("approve", "more", "--yes", *place)
    assert (code, f"webhook of this cluster changes {field}" in err, await replicas(site)) == (2, True, 2), err
