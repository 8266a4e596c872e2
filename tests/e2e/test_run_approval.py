"""A proposed run is approved as a whole: just what was rehearsed, by the runbook that it was made from, once."""

import asyncio

import pytest

from kubernaut.kube.objects import EXECUTIONS, RUNBOOKS
from kubernaut.runbooks.expansion import approved_suffix
from tests.e2e.test_runbooks import GROW, NOTE, PARAMETERS, executions, knows_steps, replicas
from tests.support.runbooks import make_runbook, make_step
from tests.support.shell import as_user, command
from tests.support.site import CONFIG_MAPS, DEPLOYMENTS

REHEARSALS = ["initContainer"]


@pytest.fixture
def propose(site, place):
    """Return a function that installs a runbook, proposes a run of it, and returns the run's name."""

    async def proposed(*steps):
        await site.apply(
            {
                **make_runbook(*(steps or (GROW, NOTE)), parameters=PARAMETERS),
                "metadata": {"name": "grow-web", "namespace": site.namespace},
            }
        )
        code, out, err = await command("run", "grow-web", *place, "-p", "app=web", "-p", "n=3", "--propose")
        assert code == 0, out + err
        (run,) = {obj["metadata"]["labels"]["kubernaut.io/run"] for obj in (await executions(site)).values()}
        return run

    return proposed


async def approved(site, run):
    """Return the executions that are not of the proposed run, by step."""
    return {
        obj["metadata"]["annotations"]["kubernaut.io/run-step"]: obj
        for obj in (await executions(site)).values()
        if obj["metadata"]["labels"]["kubernaut.io/run"] != run
    }


async def test_a_proposed_run_is_carried_out_as_it_was_rehearsed_and_once(site, place, propose):
    run = await propose()
    code, out, err = await command("approve", "--run", run, *place)
    assert (code, await replicas(site)) == (2, 2), "there is nobody to ask"
    assert "Deployment/web spec.replicas: 2 → 3" in err
    assert "ConfigMap/app-config data.SIZE: absent → web=3" in err
    assert "pass --yes" in err
    code, out, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, await replicas(site)) == (0, 3), out + err
    steps = await approved(site, run)
    assert {step: obj["spec"]["approvedPlan"]["execution"] for step, obj in steps.items()} == {
        "grow": f"{run}-grow",
        "note": f"{run}-note",
    }
    traces = {obj["status"]["traceparent"].split("-")[1] for obj in (await executions(site)).values()}
    assert len(traces) == 1, "proposal and run are one trace"
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, "was approved already" in err) == (2, True), err


async def test_a_proposed_run_is_rejected(site, place, propose):
    run = await propose()
    code, out, err = await command("cancel", "--run", run, *place)
    assert (code, f"run {run} was rejected" in out) == (0, True), err
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, "was rejected: propose it again" in err) == (2, True)


async def test_two_approvals_at_once_make_one_run(site, place, propose):
    run = await propose(make_step("slow", action="script", parameters={"execute": "import time; time.sleep(3)"}), GROW)
    words = ("approve", "--run", run, *place, "--yes", "--no-wait")
    assert (await command(*words))[0] == 0
    code, _, err = await command(*words)
    assert (code, "was approved already: kubernaut describe" in err) == (2, True), err
    assert (await approved(site, run)).keys() == {"slow", "grow"}


async def test_a_plan_that_has_changed_changes_nothing_and_fails_the_run(site, place, propose):
    run = await propose()
    await site.patch(DEPLOYMENTS, "web", {"spec": {"replicas": 1}})
    code, out, _ = await command("approve", "--run", run, *place, "--yes")
    assert (code, await replicas(site)) == (1, 1)
    assert "grow  scale  Failed (PlanChanged)" in out


async def test_a_runbook_that_has_changed_since_is_refused(site, place, propose):
    run = await propose()
    await site.patch(RUNBOOKS, "grow-web", {"spec": {"steps": [GROW]}})
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, f"runbook grow-web has changed since run {run} was proposed" in err) == (2, True)
    assert "kubernaut run grow-web" in err
    found = await site.get(RUNBOOKS, "grow-web")
    await site.cluster.delete(RUNBOOKS, site.namespace, "grow-web", uid=found["metadata"]["uid"])
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, "there is no runbook grow-web" in err) == (2, True)
    assert await approved(site, run) == {}


@pytest.mark.parametrize(
    ("annotations", "words"),
    [
        ({"kubernaut.io/run-arguments": '{"app": "db"}'}, "do not name one set of parameters"),
        ({"kubernaut.io/run-arguments": None}, "do not name one set of parameters"),
        ({"kubernaut.io/runbook-version": "x/1"}, "do not name one version"),
    ],
)
async def test_annotations_that_were_changed_are_refused(site, place, propose, annotations, words):
    run = await propose()
    await site.patch(EXECUTIONS, f"{run}-grow", {"metadata": {"annotations": annotations}})
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, words in err) == (2, True), err


async def test_a_deadline_that_the_runbook_does_not_give_is_refused(site, place, propose):
    """With a deadline of their own choice, a proposer would decide which steps fail, and so which others run."""
    run = await propose()
    await site.patch(EXECUTIONS, f"{run}-grow", {"spec": {"deadlineSeconds": 4}})
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, f"{run}-grow has a deadline, which runbook grow-web does not give" in err) == (2, True), err
    assert await approved(site, run) == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("[1]", "is not a mapping"),
        ("{", "is not JSON"),
        ('{"app": "db", "n": 3}', "is not what runbook grow-web gives"),
    ],
)
async def test_arguments_that_do_not_give_what_was_rehearsed_are_refused(site, place, propose, arguments, words):
    run = await propose()
    for name in await executions(site):
        await site.patch(EXECUTIONS, name, {"metadata": {"annotations": {"kubernaut.io/run-arguments": arguments}}})
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, words in err) == (2, True), err
    assert await approved(site, run) == {}


async def test_a_run_that_is_not_whole_is_refused(site, place, propose):
    run = await propose()
    found = await site.get(EXECUTIONS, f"{run}-note")
    await site.cluster.delete(EXECUTIONS, site.namespace, f"{run}-note", uid=found["metadata"]["uid"])
    await site.gone(EXECUTIONS, f"{run}-note")
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, f"{run}-note is missing, so the run is not whole" in err) == (2, True)


async def test_a_run_that_was_not_proposed_is_refused(site, place, propose):
    await propose()
    code, _, err = await command("run", "grow-web", *place, "-p", "app=web")
    (run,) = {
        obj["metadata"]["labels"]["kubernaut.io/run"]
        for obj in (await executions(site)).values()
        if not obj["spec"]["dryRun"]
    }
    code, _, err = await command("approve", "--run", run, *place, "--yes")
    assert (code, "is not a dry run" in err) == (2, True)


async def test_a_name_that_is_taken_while_a_run_is_created_is_told_with_what_was_created_before(site, place, propose):
    """The names of an approved run are known beforehand: a proposer may take one as soon as the steps before it exist."""
    if site.sandbox is None:
        pytest.skip("faults are injected in the sandbox")
    run = await propose(GROW, {**NOTE, "after": [{"step": "grow"}]})
    new = f"grow-web-{approved_suffix(run)}"
    for seconds in (0.0, 0.0, 0.0, 3.0):  # the server-side dry run of two steps, the first step, and the second one
        site.sandbox.faults.delay(seconds, times=1, verb="create", resource="kubernetesexecutions")
    approving = asyncio.create_task(command("approve", "--run", run, *place, "--yes"))
    async with asyncio.timeout(30):
        while f"{new}-grow" not in await executions(site):
            await asyncio.sleep(0.1)
    await site.create("scale", {"name": "web", "replicas": 1}, name=f"{new}-note", dryRun=True)
    code, _, err = await approving
    assert (code, "was approved already" in err) == (2, False), err
    assert f"Those created before were cancelled: {new}-grow. The name {new}-note is taken by another execution" in err


async def test_who_may_only_propose_cannot_approve(site, place, propose, tmp_path):
    if site.sandbox is None:
        pytest.skip("only the sandbox has the users of this test")
    run = await propose(GROW)
    code, _, err = await command("approve", "--run", run, *as_user(site, tmp_path, "agent"), "--yes")
    assert (code, "is not allowed to run action scale" in err) == (3, True), err
    assert await approved(site, run) == {}
    code, out, err = await command("approve", "--run", run, *as_user(site, tmp_path, "on-call"), "--yes")
    assert (code, await replicas(site)) == (0, 3), out + err


async def test_who_may_only_propose_proposes_a_run(site, propose, tmp_path):
    if site.sandbox is None:
        pytest.skip("only the sandbox has the users of this test")
    await propose(GROW)
    code, out, err = await command("run", "grow-web", *as_user(site, tmp_path, "agent"), "-p", "app=web", "--propose")
    assert code == 0, out + err
    code, _, err = await command("run", "grow-web", *as_user(site, tmp_path, "agent"), "-p", "app=web")
    assert (code, "agent is not allowed to run action scale" in err, await replicas(site)) == (3, True, 2)


@knows_steps
async def test_an_approved_run_keeps_its_order_and_undoes(site, place, propose):
    run = await propose(GROW, {**NOTE, "after": [{"step": "grow"}]}, make_step("undo", "note", undoes="grow"))
    code, out, err = await command("approve", "--run", run, *place, "--yes")
    assert "undo  scale  undoes grow  (after note Succeeded, grow Ended)  (not rehearsed)" in err
    assert (code, await replicas(site)) == (0, 2), out + err
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["SIZE"] == "web=3"
    steps = await approved(site, run)
    assert [edge["when"] for edge in steps["undo"]["spec"]["after"]] == ["Succeeded", "Ended"]
