"""The actions that ship: each changes its target, and its rollback restores it."""

import asyncio

import pytest

from kubernaut.kube.objects import EXECUTIONS, JOBS
from tests.support.site import CONFIG_MAPS, DEPLOYMENTS, EVENTS, STATEFUL_SETS


async def test_patch_configmap_sets_and_removes_keys_and_reports_their_values_before_and_after(site):
    status = await site.run(
        "patch-configmap", {"name": "app-config", "set": {"LOG_LEVEL": "debug", "NEW": "1"}, "remove": ["FEATURE_X"]}
    )
    assert (status["phase"], status.get("reason")) == ("Succeeded", None)
    changes = {c["field"]: (c.get("before"), c.get("after")) for c in status["result"]["changes"]}
    assert changes == {"data.LOG_LEVEL": ("info", "debug"), "data.NEW": (None, "1"), "data.FEATURE_X": ("on", None)}
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"] == {"LOG_LEVEL": "debug", "NEW": "1"}


async def test_a_rollback_restores_the_config_map_exactly(site):
    before = (await site.get(CONFIG_MAPS, "app-config"))["data"]
    status = await site.run(
        "patch-configmap", {"name": "app-config", "set": {"LOG_LEVEL": "debug", "NEW": "1"}, "remove": ["FEATURE_X"]}
    )
    rollback = status["result"]["rollback"]
    assert (await site.run(rollback["action"], rollback["parameters"]))["phase"] == "Succeeded"
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"] == before


@pytest.mark.parametrize(
    "parameters", [{"remove": ["logo.png"]}, {"set": {"logo.png": "x", "A": "1"}}], ids=["remove", "set"]
)
async def test_a_binary_key_is_refused_by_name_and_nothing_is_changed(site, parameters):
    binary = {"binaryData": {"logo.png": "iVBORw0KGgo="}}
    before = (await site.patch(CONFIG_MAPS, "app-config", binary))["data"]
    status = await site.run("patch-configmap", {"name": "app-config", **parameters})
    assert (status["phase"], status["reason"]) == ("Failed", "DryRunRejected")
    assert "logo.png in ConfigMap app-config is binary (binaryData)" in status["message"]
    found = await site.get(CONFIG_MAPS, "app-config")
    assert (found["data"], found["binaryData"]) == (before, binary["binaryData"])


async def test_a_text_of_a_dozen_kilobytes_is_restored_exactly(site):
    old = "".join(
        f"upstream backend{n} {{ server 10.0.{n % 7}.{n % 250}:{8000 + n}; keepalive {n % 32}; }}\n" for n in range(200)
    )
    assert len(old) > 12_000
    await site.patch(CONFIG_MAPS, "app-config", {"data": {"nginx.conf": old}})
    new = old.replace("keepalive 1;", "keepalive 64;")
    status = await site.run("patch-configmap", {"name": "app-config", "set": {"nginx.conf": new}})
    rollback = status["result"]["rollback"]
    assert (await site.run(rollback["action"], rollback["parameters"]))["phase"] == "Succeeded"
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["nginx.conf"] == old


async def test_scale_waits_until_the_replicas_are_ready(site):
    status = await site.run("scale", {"name": "web", "replicas": 4})
    assert status["phase"] == "Succeeded", status
    assert status["message"] == "Changed Deployment/web spec.replicas: 2 → 4."
    assert (await site.get(DEPLOYMENTS, "web"))["status"]["readyReplicas"] == 4
    assert status["result"]["rollback"] == {
        "action": "scale",
        "parameters": {"kind": "Deployment", "name": "web", "replicas": 2, "wait": True},
    }
    assert {c["type"]: c["status"] for c in status["conditions"]} == dict.fromkeys(
        ["Validated", "DryRunPassed", "Executed", "Verified"], "True"
    )


async def test_scale_sets_a_stateful_set_to_zero_replicas(site):
    status = await site.run("scale", {"kind": "StatefulSet", "name": "db", "replicas": 0})
    assert status["message"] == "Changed StatefulSet/db spec.replicas: 1 → 0."
    assert (await site.get(STATEFUL_SETS, "db"))["status"].get("readyReplicas", 0) == 0


async def test_an_execution_without_effect_succeeds_and_says_that_nothing_was_changed(site):
    status = await site.run("scale", {"name": "web", "replicas": 2})
    assert (status["phase"], status["message"]) == ("Succeeded", "Already in the requested state: nothing was changed.")
    assert "rollback" not in status["result"]


async def test_a_dry_run_reports_the_change_and_does_not_make_it(site):
    status = await site.run("patch-configmap", {"name": "app-config", "set": {"LOG_LEVEL": "debug"}}, dryRun=True)
    assert (
        status["message"]
        == "The dry run passed; it would change ConfigMap/app-config data.LOG_LEVEL: 'info' → 'debug'."
    )
    assert "rollback" not in status["result"]
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["LOG_LEVEL"] == "info"


async def test_the_end_is_recorded_with_all_stages_and_the_job_gets_its_ttl_afterwards(site, rehearsal):
    key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}})
    status = (await site.end(key))["status"]
    assert status["attempts"] == 1
    assert status["startTime"] <= status["completionTime"]
    assert status["target"] == "ConfigMap/app-config"
    depend_on_load = {"wait", "create-pod"}  # recorded only if they took longer than 50 ms
    whole = [s["name"] for s in status["stages"] if "within" not in s and s["name"] not in depend_on_load]
    assert whole == ["validate", "create-job", "attempt", "notice", "record"]
    parts = [s["name"] for s in status["stages"] if s.get("within") == "attempt"]
    second = [] if rehearsal == "inline" else ["start"]
    assert parts == ["schedule", "start", "dry-run", *second, "execute"]
    job = await site.get(JOBS, status["jobName"])
    assert job["spec"]["ttlSecondsAfterFinished"] == 86_400, "for an engine that never comes back"
    assert job["spec"]["template"]["spec"]["serviceAccountName"] == "configmap-patcher"
    assert job["metadata"]["labels"]["kubernaut.io/kubernetes-execution"] == key.name


async def events_of(site, key, number):
    """Wait until there are so many Events about the execution, and return them, oldest first."""
    found = []
    async with asyncio.timeout(10):
        while len(found) < number:
            await asyncio.sleep(0.05)
            listed = (await site.cluster.list(EVENTS, site.namespace)).items
            found = [event for event in listed if event["involvedObject"]["name"] == key.name]
    return [(event["reason"], event["type"]) for event in sorted(found, key=lambda event: event["eventTime"])]


async def test_a_success_records_one_event(site):
    key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}})
    await site.end(key)
    assert await events_of(site, key, 1) == [("Succeeded", "Normal")]


async def test_an_execution_that_runs_for_ten_seconds_also_records_its_start(site):
    key = await site.create("script", {"execute": "time.sleep(11)"})
    await site.until(key, phase="Running")
    await asyncio.sleep(9)
    assert await events_of(site, key, 1) == [("Started", "Normal")], "while it runs"
    await site.end(key)
    assert await events_of(site, key, 2) == [("Started", "Normal"), ("Succeeded", "Normal")]


async def test_an_ended_execution_is_deleted_after_its_ttl(site):
    key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}}, ttlSecondsAfterFinished=1)
    await site.end(key)
    await site.gone(EXECUTIONS, key.name)
