"""Each runbook of docs/runbooks, as it is but for its times, on a namespace with the trouble that it is for."""

import copy
import json
from pathlib import Path

import pytest
import yaml
from werkzeug import Response

from kubernaut.kube.objects import EXECUTIONS
from kubernaut.settings import ActionSettings
from tests.support.shell import as_admin, command
from tests.support.site import CLAIMS, CONFIG_MAPS, DEPLOYMENTS

REHEARSALS = ["initContainer"]
FOLDER = Path(__file__).parents[2] / "docs" / "runbooks"
QUICK = {"settleSeconds": 1, "timeoutSeconds": 2, "holdSeconds": 3, "olderThanSeconds": 0}
"""The times of the steps; a step that has one gets this instead."""
APP = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "app"},
    "spec": {
        "replicas": 1,
        "selector": {"matchLabels": {"app": "app"}},
        "template": {
            "metadata": {"labels": {"app": "app"}},
            "spec": {
                "terminationGracePeriodSeconds": 1,
                "containers": [
                    {
                        "name": "main",
                        "image": "app:1",
                        "command": ["sleep", "infinity"],
                        "resources": {"requests": {"memory": "32Mi"}, "limits": {"memory": "64Mi"}},
                    }
                ],
            },
        },
    },
}
CRASHED = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "evicted", "labels": {"app": "app"}},
    "spec": {
        "restartPolicy": "Never",
        "containers": [{"name": "main", "image": "app:1", "command": ["sh", "-c", "exit 1"]}],
    },
}


@pytest.fixture
def run(request, with_settings, httpserver, tmp_path):
    """Return a function that prepares a site, runs one of the runbooks there, and returns exit code, phases by step, and the site's end."""

    async def run(name, *pairs, objects=(), value=None, prepare=None, inspect=None):
        is_far = request.config.option.cluster != "sandbox"
        if value is not None and is_far and httpserver.host in {"localhost", "127.0.0.1"}:
            pytest.skip(
                "pods cannot reach the server of this test: PYTEST_HTTPSERVER_HOST names an address that they can"
            )
        answer = {
            "status": "success",
            "data": {"resultType": "vector", "result": [{"metric": {}, "value": [0, value]}]},
        }
        httpserver.expect_request("/api/v1/query").respond_with_handler(
            lambda _: Response(json.dumps(answer), content_type="application/json")
        )
        settings = {"check-metric": ActionSettings(settings={"url": httpserver.url_for("").rstrip("/")})}
        async with with_settings(actions=settings) as site:
            await site.populate(*objects)
            if prepare:
                await prepare(site)
            runbook = quick(yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8")))
            await site.apply({**runbook, "metadata": {"name": name, "namespace": site.namespace}})
            given = [word for pair in pairs for word in ("-p", pair)]
            code, out, err = await command("run", name, *as_admin(site, tmp_path), *given, "--yes")
            found = (await site.cluster.list(EXECUTIONS, site.namespace)).items
            steps = {obj["metadata"]["annotations"]["kubernaut.io/run-step"]: obj["status"] for obj in found}
            phases = {step: status["phase"] for step, status in steps.items()}
            return code, phases, await inspect(site) if inspect else None, out + err

    return run


def quick(runbook):
    runbook = copy.deepcopy(runbook)
    for step in runbook["spec"]["steps"]:
        given = step.get("parameters", {})
        given |= {key: value for key, value in QUICK.items() if key in given}
        if "holdSeconds" in given:
            given["timeoutSeconds"] = 15
        if step["action"] == "check-metric":
            given["intervalSeconds"] = 1
    return runbook


async def memory(site):
    container = (await site.get(DEPLOYMENTS, "app"))["spec"]["template"]["spec"]["containers"][0]
    return container["resources"]["limits"]["memory"]


async def replicas(site):
    return (await site.get(DEPLOYMENTS, "web"))["spec"]["replicas"]


async def test_raise_memory_and_verify(run):
    pairs = ("deployment=app", "container=main", "memory=128Mi")
    code, phases, limit, text = await run("raise-memory", *pairs, objects=[APP], inspect=memory)
    assert phases == {"raise": "Succeeded", "verify": "Succeeded", "undo": "Skipped"}, text
    assert (code, limit) == (0, "128Mi")


async def test_raise_memory_and_take_it_back_where_the_new_pods_do_not_stay_up(run):
    """The pods start in the mode that a ConfigMap says, and it is broken by the time that new ones begin."""
    app = copy.deepcopy(APP)
    container = app["spec"]["template"]["spec"]["containers"][0]
    container["command"] = ["sh", "-c", '[ "$MODE" = good ] && sleep infinity']
    container["env"] = [{"name": "MODE", "valueFrom": {"configMapKeyRef": {"name": "mode", "key": "mode"}}}]
    mode = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "mode"}, "data": {"mode": "good"}}

    async def break_it(site):
        await site.patch(CONFIG_MAPS, "mode", {"data": {"mode": "broken"}})

    pairs = ("deployment=app", "container=main", "memory=128Mi")
    prepared = {"objects": [mode, app], "prepare": break_it, "inspect": memory}
    code, phases, limit, text = await run("raise-memory", *pairs, **prepared)
    assert phases == {"raise": "Succeeded", "verify": "Failed", "undo": "Succeeded"}, text
    assert (code, limit) == (1, "64Mi")


async def test_restart_and_verify_by_a_metric(run):
    code, phases, _, text = await run("restart-and-verify", "deployment=web", value="0.1")
    assert (code, phases) == (0, {"restart": "Succeeded", "verify": "Succeeded"}), text


@pytest.mark.parametrize(
    ("value", "ended", "left"),
    [("0.2", ("Succeeded", "Skipped"), 3), ("2", ("Failed", "Succeeded"), 2), ("NaN", ("Failed", "Succeeded"), 2)],
)
async def test_scale_up_and_back_where_it_did_not_help(run, value, ended, left):
    code, phases, now, text = await run("scale-up", "deployment=web", "replicas=3", value=value, inspect=replicas)
    assert (phases["grow"], phases["verify"], phases["shrink"]) == ("Succeeded", *ended), text
    assert (now, code) == (left, 0 if left == 3 else 1)


async def test_undo_a_bad_rollout(run):
    async def break_it(site):
        container = (await site.get(DEPLOYMENTS, "web"))["spec"]["template"]["spec"]["containers"][0]
        broken = {"spec": {"template": {"spec": {"containers": [{**container, "image": "registry.invalid/web:2"}]}}}}
        await site.patch(DEPLOYMENTS, "web", broken)

    async def image(site):
        return (await site.get(DEPLOYMENTS, "web"))["spec"]["template"]["spec"]["containers"][0]["image"]

    code, phases, now, text = await run("undo-bad-rollout", "deployment=web", prepare=break_it, inspect=image)
    assert phases == {"confirm": "Succeeded", "undo": "Succeeded", "verify": "Succeeded"}, text
    assert (code, "invalid" in now) == (0, False)


async def test_expand_a_volume_that_fills(run):
    async def size(site):
        return (await site.get(CLAIMS, "data"))["spec"]["resources"]["requests"]["storage"]

    async def claim(site):
        if site.sandbox is None:
            pytest.skip("it needs a storage class whose volumes grow")
        await site.surround("expand-volume")

    pairs = ("claim=data", "size=2Gi")
    code, phases, now, text = await run("expand-volume", *pairs, value="0.5", prepare=claim, inspect=size)
    assert (code, phases, now) == (0, {"expand": "Succeeded", "verify": "Succeeded"}, "2Gi"), text


async def test_clean_evicted_pods_and_restart_what_crashes(run):
    pairs = ("app=app", "deployment=app")
    code, phases, _, text = await run("clean-and-restart", *pairs, objects=[APP, CRASHED])
    assert (code, phases) == (0, {"clean": "Succeeded", "restart": "Succeeded", "verify": "Succeeded"}), text
