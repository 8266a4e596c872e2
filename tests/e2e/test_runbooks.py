"""Runbooks on the command line: run, propose, look, cancel. What is refused leaves nothing behind."""

import asyncio
import json

import pytest

from kubernaut.api.execution import ExecutionSpec
from kubernaut.api.labels import ANNOTATION_TRACEPARENT
from kubernaut.errors import NotFoundError, RejectedError
from kubernaut.kube.objects import EXECUTIONS, RUNBOOKS
from tests.support.runbooks import make_runbook, make_step
from tests.support.shell import as_user, command, on_terminal
from tests.support.site import CONFIG_MAPS, DEPLOYMENTS

REHEARSALS = ["initContainer"]
GROW = make_step("grow", parameters={"name": "$(params.app)", "replicas": "$(params.n)"})
NOTE = make_step(
    "note", action="patch-configmap", parameters={"name": "app-config", "set": {"SIZE": "$(params.app)=$(params.n)"}}
)
PARAMETERS = {"app": {"description": "The Deployment."}, "n": {"type": "integer", "default": 4}}
BOTH = make_runbook(GROW, NOTE, parameters=PARAMETERS)
ORDERED = make_runbook(
    GROW, {**NOTE, "after": [{"step": "grow"}]}, make_step("undo", "note", undoes="grow"), parameters=PARAMETERS
)
knows_steps = pytest.mark.skipif(
    "after" not in ExecutionSpec.model_fields, reason="this engine does not know the order of executions"
)


@pytest.fixture
async def runbook(site):
    """Install a runbook, and return a function that installs another."""

    async def install(manifest):
        await site.apply({**manifest, "metadata": {**manifest["metadata"], "namespace": site.namespace}})

    await install(BOTH)
    return install


async def executions(site):
    return {obj["metadata"]["name"]: obj for obj in (await site.cluster.list(EXECUTIONS, site.namespace)).items}


async def the_run(site):
    (run,) = {obj["metadata"]["labels"]["kubernaut.io/run"] for obj in (await executions(site)).values()}
    return run


async def replicas(site):
    return (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"]


async def test_a_run_carries_out_every_step(site, place, runbook):
    code, out, err = await command("run", "grow-web", *place, "-p", "app=web", "-p", "n=3")
    assert code == 0, out + err
    run = await the_run(site)
    assert f"run {run} created in {site.namespace}" in out
    assert "grow  scale  Succeeded  Deployment/web spec.replicas: 2 → 3" in out
    assert f"run {run}: 2 Succeeded" in out
    assert await replicas(site) == 3
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["SIZE"] == "web=3"
    found = await executions(site)
    assert found.keys() == {f"{run}-grow", f"{run}-note"}
    metadata = found[f"{run}-note"]["metadata"]
    assert metadata["labels"] == {"kubernaut.io/run": run, "kubernaut.io/runbook": "grow-web"}
    assert metadata["annotations"]["kubernaut.io/run-step"] == "note"
    assert metadata["annotations"]["kubernaut.io/requested-by"]


async def test_all_steps_are_in_one_trace(site, place, runbook):
    trace = "0af7651916cd43dd8448eb211c80319c"
    for environment, expected in (({}, None), ({"TRACEPARENT": f"00-{trace}-b7ad6b7169203331-01"}, trace)):
        words = ("run", "grow-web", *place, "-p", "app=web", "-o", "json")
        code, out, err = await command(*words, environment=environment)
        assert code == 0, err
        steps = json.loads(out)
        (given,) = {step["metadata"]["annotations"][ANNOTATION_TRACEPARENT].split("-")[1] for step in steps}
        assert {step["status"]["traceparent"].split("-")[1] for step in steps} == {given}
        assert expected in {None, given}


async def test_a_run_on_a_terminal_asks_and_shows_one_table(site, place, runbook):
    code, out = await on_terminal("run", "grow-web", *place, "-p", "app=web", typed="n\n")
    assert (code, await executions(site)) == (2, {})
    assert "grow  scale  name=web replicas=4" in out
    code, out = await on_terminal("run", "grow-web", *place, "-p", "app=web", typed="y\n")
    assert (code, await replicas(site)) == (0, 4), out
    assert "Deployment/web spec.replicas: 2 → 4" in out.replace("\x1b[31m", "").replace("\x1b[32m", "").replace(
        "\x1b[0m", ""
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "parameter app: it is required (The Deployment.): give it with -p app=VALUE"),
        (("-p", "app=web", "-p", "n=four"), "parameter n: it must be an integer (got 'four')"),
        (("-p", "app=web", "-p", "m=4"), "parameter m: the runbook has no such parameter, it has app, n"),
        (("-p", "app"), "-p app: write it as key=value"),
        (
            ("-p", "app=web", "-p", "n=-1"),
            "step grow: parameters of scale: replicas: input should be greater than or equal to 0",
        ),
        (("-p", "app=Not A Name"), "step grow: parameters of scale: name"),
    ],
)
async def test_parameters_that_do_not_fit_create_nothing(site, place, runbook, words, message):
    code, _, err = await command("run", "grow-web", *place, *words)
    assert (code, await executions(site)) == (2, {})
    assert message in err


async def test_parameters_may_come_from_a_file(site, place, runbook, tmp_path):
    file = tmp_path / "parameters.yaml"
    file.write_text("{app: web, n: 9}", "utf-8")
    code, out, err = await command("run", "grow-web", *place, "-f", str(file), "-p", "n=3")
    assert (code, await replicas(site)) == (0, 3), out + err
    file.write_text("{app: web, n: '9'}", "utf-8")
    code, _, err = await command("run", "grow-web", *place, "-f", str(file))
    assert (code, "parameter n: it must be an integer (got '9')" in err) == (2, True)


async def test_a_runbook_that_does_not_exist_is_bad_input(site, place, runbook):
    code, _, err = await command("run", "grow", *place)
    assert (code, f"there is no runbook grow in {site.namespace}; there are: grow-web" in err) == (2, True)


async def test_a_step_that_admission_refuses_leaves_none_behind(site, tmp_path, runbook):
    if site.sandbox is None:
        pytest.skip("only the sandbox has the users of this test")
    code, _, err = await command("run", "grow-web", *as_user(site, tmp_path, "on-call"), "-p", "app=web")
    assert (code, await executions(site)) == (3, {})
    assert "step note" in err
    assert "is not allowed to run action patch-configmap" in err
    assert "Nothing was created" in err


async def test_a_failed_step_is_a_failed_run(site, place, runbook):
    code, out, _ = await command("run", "grow-web", *place, "-p", "app=nope")
    assert code == 1
    run = await the_run(site)
    assert "grow  scale  Failed (DryRunRejected)" in out
    assert f"next: kubernaut describe --run {run} -n {site.namespace}" in out
    code, out, err = await command("describe", "--run", run, *place)
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0] == f"run {run}: 1 Failed, 1 Succeeded"
    assert any(line.split()[:4] == ["✗", "grow", "scale", "Failed"] for line in lines)
    assert any("ConfigMap/app-config data.SIZE: absent → nope=4" in line for line in lines)
    assert f"next: kubernaut describe {run}-grow -n {site.namespace}" in out


async def test_a_proposed_run_is_dry_runs_that_change_nothing(site, place, runbook):
    code, out, err = await command("run", "grow-web", *place, "-p", "app=web", "--propose")
    assert (code, await replicas(site)) == (0, 2), out + err
    run = await the_run(site)
    assert "Deployment/web spec.replicas: 2 → 4 (planned)" in out
    assert f"next: kubernaut approve --run {run} -n {site.namespace}" in out
    found = await executions(site)
    assert [obj["spec"]["dryRun"] for obj in found.values()] == [True, True]
    assert {obj["metadata"]["annotations"]["kubernaut.io/run-arguments"] for obj in found.values()} == {
        '{"app": "web"}'
    }
    code, out, _ = await command("describe", "--run", run, *place, "-o", "json")
    described = json.loads(out)
    assert (described["runbook"], [step["step"] for step in described["steps"]]) == ("grow-web", ["grow", "note"])


async def test_a_proposal_leaves_out_what_undoes(site, place, runbook):
    await runbook(ORDERED)
    code, out, err = await command("run", "grow-web", *place, "-p", "app=web", "--propose")
    assert code == 0, out + err
    assert "undo is not rehearsed: there is nothing to undo yet" in out
    run = await the_run(site)
    assert (await executions(site)).keys() == {f"{run}-grow", f"{run}-note"}


async def test_get_lists_the_steps_of_a_run_in_their_order(site, place, runbook):
    await runbook(make_runbook(NOTE, GROW, parameters=PARAMETERS))
    await site.end(await site.create("scale", {"name": "web", "replicas": 2}, name="another"))
    code, out, err = await command("run", "grow-web", *place, "-p", "app=web", "--no-wait")
    assert code == 0, err
    (run,) = {name.rpartition("-")[0] for name in await executions(site)} - {""}
    assert f"next: kubernaut get --run {run} -n {site.namespace} -w" in out
    code, out, err = await command("get", "--run", run, "-w", *place, "-o", "json")
    assert code == 0, err
    code, out, err = await command("get", "--run", run, *place)
    assert [line.split()[0] for line in out.splitlines()[1:]] == [f"{run}-note", f"{run}-grow"]


@pytest.mark.parametrize("verb", ["get", "describe", "cancel"])
@pytest.mark.parametrize(
    ("run", "message"),
    [("no-such", "there is no run no-such in"), ("a=b,c", "--run a=b,c: it is not the name of a run")],
)
async def test_a_run_that_does_not_exist_is_bad_input(site, place, verb, run, message):
    code, _, err = await command(verb, "--run", run, *place)
    assert (code, message in err) == (2, True), err


@pytest.mark.parametrize("verb", ["describe", "cancel"])
@pytest.mark.parametrize("words", [(), ("a", "--run", "b")])
async def test_one_execution_or_one_run_is_named(site, place, verb, words):
    code, _, err = await command(verb, *words, *place)
    assert (code, "name one execution, or one run with --run RUN, and not both" in err) == (2, True)


async def test_cancel_stops_all_that_has_not_ended(site, place, runbook):
    await runbook(
        make_runbook(
            make_step("slow", action="script", parameters={"execute": "import time; time.sleep(60)"}),
            make_step("quick", parameters={"name": "web", "replicas": 3}),
            name="two",
        )
    )
    code, _, err = await command("run", "two", *place, "--no-wait")
    assert code == 0, err
    run = await the_run(site)
    async with asyncio.timeout(60):
        while "Succeeded" not in {obj["status"]["phase"] for obj in (await executions(site)).values()}:
            await asyncio.sleep(0.1)
    code, out, err = await command("cancel", "--run", run, *place)
    assert code == 0, out + err
    phases = {name: obj["status"]["phase"] for name, obj in (await executions(site)).items()}
    assert phases == {f"{run}-slow": "Cancelled", f"{run}-quick": "Succeeded"}
    code, _, err = await command("cancel", "--run", run, *place)
    assert (code, f"run {run} has ended already" in err) == (2, True)


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        pytest.param(make_runbook(GROW, GROW), "Duplicate value", id="a name twice"),
        pytest.param(make_runbook(make_step("a", "a")), "a step cannot come after itself", id="after itself"),
        pytest.param(make_runbook(make_step("a", "b")), "after names a step that does not exist", id="after no step"),
        pytest.param(
            make_runbook(make_step("a", undoes="b")), "undoes names a step that does not exist", id="undoes no step"
        ),
        pytest.param(
            make_runbook(make_step("a", undoes="a")), "undoes names a step that does not exist", id="undoes itself"
        ),
        pytest.param(
            make_runbook(GROW, {**make_step("u", undoes="grow"), "parameters": {}}),
            "has no parameters",
            id="undoes with parameters",
        ),
        pytest.param(
            make_runbook(*(make_step(f"s{n}") for n in range(200))), "must have at most 20 items", id="200 steps"
        ),
        pytest.param(
            make_runbook(make_step("a", *(f"s{n}" for n in range(9)))), "must have at most 8 items", id="9 after"
        ),
        pytest.param(
            make_runbook(make_step("b" * 27), name="a" * 30), "at most 56 characters together", id="long names"
        ),
        pytest.param(
            make_runbook(make_step("b" * 26), name="a" * 26, alerts=[{"match": {"a": "b"}}]),
            "a runbook that alerts begin, and of a step, have at most 51 characters together",
            id="long names for alerts",
        ),
        pytest.param(make_runbook(name="a.b"), "a runbook's name is lower-case letters", id="a dot"),
        pytest.param(make_runbook(make_step("$(params.x)")), "should match", id="a reference in a name"),
        pytest.param(make_runbook(make_step("a", "b=Never")), "Unsupported value", id="when"),
    ],
)
async def test_the_api_server_itself_refuses_what_it_can(site, manifest, words):
    with pytest.raises(RejectedError, match=words):
        await site.cluster.create(RUNBOOKS, site.namespace, manifest)


async def test_what_only_a_graph_shows_is_refused_before_anything_is_created(site, place, runbook):
    await runbook(make_runbook(make_step("a", "b"), make_step("b", "a"), name="circular"))
    code, _, err = await command("run", "circular", *place)
    assert (code, await executions(site)) == (2, {})
    assert "runbook circular: steps.a.after: the steps wait for each other: a -> b -> a" in err


@knows_steps
async def test_steps_run_in_their_order_and_undo(site, place, runbook):
    await runbook(ORDERED)
    code, out, err = await command("run", "grow-web", *place, "-p", "app=web")
    assert (code, await replicas(site)) == (0, 2), out + err
    run = await the_run(site)
    found = await executions(site)
    ends = [found[f"{run}-{step}"]["status"] for step in ("grow", "note", "undo")]
    assert [end["phase"] for end in ends] == ["Succeeded"] * 3
    assert ends[0]["completionTime"] <= ends[1]["startTime"] <= ends[1]["completionTime"] <= ends[2]["startTime"]


@knows_steps
async def test_steps_that_are_not_needed_are_skipped_and_the_run_is_good(site, place, runbook):
    fix = {**make_step("fix", "grow=Failed"), "parameters": {"name": "web", "replicas": 1}}
    await runbook(make_runbook(GROW, fix, parameters=PARAMETERS))
    code, out, err = await command("run", "grow-web", *place, "-p", "app=web")
    assert (code, await replicas(site)) == (0, 4), out + err
    run = await the_run(site)
    status = (await executions(site))[f"{run}-fix"]["status"]
    assert (status["phase"], status["reason"]) == ("Skipped", "ConditionNotMet")
    assert f"run {run}: 1 Succeeded, 1 Skipped" in out


@knows_steps
async def test_cancelling_a_run_starts_none_of_its_steps(site, place, runbook):
    slow = make_step("slow", action="script", parameters={"execute": "import time; time.sleep(60)"})
    await runbook(make_runbook(slow, {**GROW, "after": [{"step": "slow", "when": "Ended"}]}, parameters=PARAMETERS))
    code, _, err = await command("run", "grow-web", *place, "-p", "app=web", "--no-wait")
    assert code == 0, err
    run = await the_run(site)
    code, out, err = await command("cancel", "--run", run, *place)
    assert (code, await replicas(site)) == (0, 2), out + err
    assert (await executions(site))[f"{run}-grow"]["status"]["phase"] in {"Cancelled", "Skipped"}


async def test_the_users_of_the_sandbox_read_runbooks(site, tmp_path, runbook):
    if site.sandbox is None:
        pytest.skip("only the sandbox has the users of this test")
    code, _, err = await command("run", "no-such", *as_user(site, tmp_path, "viewer"))
    assert (code, "there is no runbook no-such" in err) == (2, True)
    with pytest.raises(NotFoundError):
        await site.get(RUNBOOKS, "no-such")
