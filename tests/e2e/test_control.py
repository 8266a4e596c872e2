"""How executions wait, are stopped, and in which order they start."""

import asyncio

import pytest

from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS
from kubernaut.settings import Settings
from tests.support.site import CONFIG_MAPS, site_on

LONG = "time.sleep(100)"


def with_name(name):
    return {"name": name}


async def test_a_suspended_execution_waits_until_it_is_resumed(site):
    key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}}, suspend=True)
    status = await site.until(key, phase="Pending", reason="Suspended")
    message = f"Suspended, because spec.suspend is true. To start it: kubernaut resume {key.name} -n {key.namespace}"
    assert status["message"] == message
    await site.patch(EXECUTIONS, key.name, {"spec": {"suspend": False}})
    assert (await site.end(key))["status"]["phase"] == "Succeeded"


async def test_a_suspended_execution_can_be_cancelled(site):
    key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}}, suspend=True)
    await site.until(key, phase="Pending", reason="Suspended")
    await site.patch(EXECUTIONS, key.name, {"spec": {"cancel": True}})
    status = (await site.end(key))["status"]
    assert (status["phase"], status["reason"]) == ("Cancelled", "CancelRequested")
    assert status["message"] == "It was cancelled before it started. Nothing was changed."
    assert "A" not in (await site.get(CONFIG_MAPS, "app-config"))["data"]


async def test_cancelling_a_running_execution_stops_its_pods_and_reports_what_it_had_changed(site):
    change = "action.changed('ConfigMap', 'app-config', 'data.A', '1', '2')"
    key = await site.create("script", {"execute": f"{change}\nprint('here', flush=True)\n{LONG}"})
    job = (await site.until(key, phase="Running"))["jobName"]
    await executing(site)
    await site.patch(EXECUTIONS, key.name, {"spec": {"cancel": True}})
    status = (await site.end(key))["status"]
    assert (status["phase"], status["reason"]) == ("Cancelled", "CancelRequested")
    assert status["message"] == (
        "It was cancelled on request. Before that it changed ConfigMap/app-config data.A: '1' → '2': check whether to keep that."
    )
    assert [(c["before"], c["after"]) for c in status["result"]["changes"]] == [("1", "2")]
    await site.gone(JOBS, job)
    assert (await site.cluster.list(PODS, site.namespace, selector="kubernaut.io/action=script")).items == []


async def executing(site):
    """Wait until an execute container runs."""
    async with asyncio.timeout(30):
        while True:
            for pod in (await site.cluster.list(PODS, site.namespace, selector="kubernaut.io/action=script")).items:
                if any("running" in c.get("state", {}) for c in pod["status"].get("containerStatuses", [])):
                    await asyncio.sleep(0.5)
                    return
            await asyncio.sleep(0.1)


async def test_deleting_a_running_execution_deletes_its_job_and_releases_its_target(site):
    key = await site.create("script", {"execute": LONG})
    job = (await site.until(key, phase="Running"))["jobName"]
    waiting = await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}})
    await site.until(waiting, phase="Pending", reason="TargetBusy")
    obj = await site.get(EXECUTIONS, key.name)
    await site.cluster.delete(EXECUTIONS, site.namespace, key.name, uid=obj["metadata"]["uid"])
    await site.gone(JOBS, job)
    assert (await site.end(waiting))["status"]["phase"] == "Succeeded"


async def test_the_name_of_a_deleted_execution_can_be_used_again_at_once(site):
    for number in range(3):
        key = await site.create("script", {"execute": LONG}, name="again")
        await site.until(key, phase="Running")
        obj = await site.get(EXECUTIONS, "again")
        await site.cluster.delete(EXECUTIONS, site.namespace, "again", uid=obj["metadata"]["uid"])
        await site.gone(EXECUTIONS, "again")
        assert number >= 0
    status = await site.run("patch-configmap", {"name": "app-config", "set": {"A": "1"}}, name="again")
    assert status["phase"] == "Succeeded"


async def test_one_execution_runs_on_a_target_at_a_time_and_the_oldest_goes_first(site):
    first = await site.create("script", {"execute": LONG}, name="first")
    await site.until(first, phase="Running")
    rest = []
    for number in range(3):
        rest.append(
            await site.create(
                "patch-configmap", {"name": "app-config", "set": {"LAST": str(number)}}, name=f"rest-{number}"
            )
        )
        await site.until(rest[-1], phase="Pending", reason="TargetBusy")
        await asyncio.sleep(1.1)  # creationTimestamps are whole seconds, so this gives each execution its own
    other = await site.run("scale", {"name": "web", "replicas": 2})
    assert other["phase"] == "Succeeded", "another target is not held up"
    await site.patch(EXECUTIONS, "first", {"spec": {"cancel": True}})
    started = [(await site.end(key))["status"]["startTime"] for key in rest]
    assert started == sorted(started)
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["LAST"] == "2"


async def test_a_waiting_execution_names_the_one_that_is_ahead_of_it_on_its_target(site):
    first = await site.create("script", {"execute": LONG}, name="first")
    await site.until(first, phase="Running")
    status = await site.until(await site.create("script", name="second"), phase="Pending", reason="TargetBusy")
    assert status["message"] == "Waiting for execution first, which is ahead of it on ConfigMap/app-config."
    assert status["target"] == "ConfigMap/app-config"


async def test_no_more_executions_run_at_a_time_than_the_settings_allow(registry, request):
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("needs an engine with other settings than the one that is running")
    async with site_on("sandbox", "", registry, Settings(max_running=1)) as site:
        first = await site.create("script", {"execute": LONG, **with_name("a")})
        await site.until(first, phase="Running")
        second = await site.create("script", with_name("b"))
        message = "The limit of running executions (maxRunning) is reached; this one starts when another one ends."
        await site.until(second, phase="Pending", reason="Queued", message=message)
        await site.patch(EXECUTIONS, first.name, {"spec": {"cancel": True}})
        assert (await site.end(second))["status"]["phase"] == "Succeeded"


async def test_the_action_and_the_parameters_of_an_execution_are_immutable(site):
    key = await site.create("scale", {"name": "web", "replicas": 2}, suspend=True)
    for change in ({"action": "patch-configmap"}, {"parameters": {"replicas": 9}}, {"dryRun": True}):
        with pytest.raises(Exception, match="immutable: create another execution"):
            await site.patch(EXECUTIONS, key.name, {"spec": change})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param({"deadlineSeconds": 0}, "spec.deadlineSeconds", id="a deadline of zero"),
        pytest.param({"deadlineSeconds": "soon"}, "spec.deadlineSeconds", id="a string instead of a number"),
        pytest.param({"dryRun": "yes"}, "spec.dryRun", id="a string instead of a boolean"),
        pytest.param({"parameters": []}, "spec.parameters", id="a list instead of a mapping"),
        pytest.param({"action": ""}, "spec.action", id="no action"),
    ],
)
async def test_the_api_server_rejects_a_spec_that_violates_the_schema(site, spec, message):
    with pytest.raises(Exception, match=message):
        await site.cluster.create(EXECUTIONS, site.namespace, {**manifest(site), "spec": {"action": "scale", **spec}})


async def test_the_api_server_rejects_a_name_that_is_too_long_for_a_label(site):
    with pytest.raises(Exception, match="at most 63 characters"):
        await site.create("scale", name="x" * 64)


def manifest(site):
    metadata = {"name": "bad", "namespace": site.namespace}
    return {"apiVersion": "kubernaut.io/v1alpha1", "kind": "KubernetesExecution", "metadata": metadata}
