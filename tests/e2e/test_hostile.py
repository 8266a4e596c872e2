"""Hostile users and pods: each can affect at most one execution."""

import asyncio
import json

import pytest

from kubernaut.api.annotations import MAX_LENGTHS
from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.names import job_name
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS, Key
from tests.support.shell import command
from tests.support.site import CONFIG_MAPS, QUOTAS

LONG = "time.sleep(100)"
REPORT = "open(__import__('kubernaut.runner.pod', fromlist=['x']).termination_log(), 'w').write({text!r}); os._exit(0)"


def labels(key, uid):
    return {
        "app.kubernetes.io/name": "kubernetes-executor",
        "kubernaut.io/action": "script",
        "kubernaut.io/kubernetes-execution": key.name,
        "kubernaut.io/execution-uid": uid,
    }


def pod_spec(site, words="true"):
    return {
        "restartPolicy": "Never",
        "containers": [
            {"name": "execute", "image": site.image, "imagePullPolicy": "IfNotPresent", "command": ["sh", "-c", words]}
        ],
    }


@pytest.mark.parametrize(
    "text",
    [
        '{"kubernaut": 1, "step": "execute", "state": "done", "started": 1e300, "finished": 1e300}',
        '{"kubernaut": 1, "step": "execute", "state": "done", "started": NaN}',
        '{"kubernaut": 1, "step": "execute", "state": "done", "outputs": {"x": Infinity}}',
        '{"kubernaut": 1, "step": "execute", "state": "done", "outputs": {"x": 1e999}}',
        '{"kubernaut": 1, "step": "execute", "state": "done", "outputs": {"x": ' + "9" * 500 + "}}",
        '{"kubernaut": 1, "step": "execute", "state": "done", "outputs": ' + "[" * 1900 + "]" * 1900 + "}",
        '{"kubernaut": 1, "step": "execute", "state": "error"}',
    ],
    ids=["an impossible time", "not a number", "infinity", "beyond a double", "500 digits", "1900 levels", "no end"],
)
async def test_an_execution_ends_no_matter_what_its_pod_reports(site, text):
    status = await site.run("script", {"execute": REPORT.format(text=text)})
    assert (status["phase"], status["reason"]) == ("Failed", "PluginError")
    assert (await site.run("script"))["phase"] == "Succeeded", "its target is released"


@pytest.mark.without_admission
@pytest.mark.parametrize("name", MAX_LENGTHS)
async def test_an_enormous_annotation_fails_its_execution_before_a_job_exists_and_is_recorded_nowhere(site, name):
    metadata = {"name": "big", "namespace": site.namespace, "annotations": {name: "a" * 200_000}}
    spec = {"action": "patch-configmap", "parameters": {"name": "app-config", "set": {"A": "1"}}}
    await site.cluster.create(
        EXECUTIONS, site.namespace, {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": spec}
    )
    status = (await site.end(Key(site.namespace, "big")))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidParameters")
    assert f"metadata.annotations[{name}]: it is longer than" in status["message"]
    assert len(json.dumps(status)) < 3000
    assert "jobName" not in status


async def test_parameters_that_are_nested_too_deeply_fail_only_their_own_execution(site):
    deep = []
    for _ in range(200):
        deep = [deep]
    status = await site.run("patch-configmap", {"name": "app-config", "set": {"A": "1"}, "x": deep})
    assert (status["phase"], status["reason"]) == ("Failed", "InvalidParameters")
    assert "nested more than 50 levels deep" in status["message"]


HONEST = {"kind": "ConfigMap", "name": "app-config", "field": "data.LOG_LEVEL", "before": "info", "after": "debug"}
LIES = [
    {**HONEST, "field": "data.PLANTED", "before": "the attacker's", "after": "debug"},
    {**HONEST, "name": "other"},
    {"kind": "Deployment", "name": "web", "field": "spec.replicas", "before": 0, "after": 2},
]


@pytest.fixture
def compromised(registry, monkeypatch):
    """Let the pods of `patch-configmap` report what they like."""
    plugin = registry.actions["patch-configmap"].hook
    built = plugin.build_job

    def build_job(execution):
        job = built(execution=execution)
        pod = job["spec"]["template"]["spec"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            report = {"kubernaut": 1, "step": container["name"], "state": "done", "changes": [*LIES, HONEST]}
            both = {"rehearsal": {"state": "done", "asExecuted": True}} if "initContainers" not in pod else {}
            text = json.dumps({**report, **both})
            code = f"import os; {REPORT.format(text=text)}"
            container["command"] = ["python3", "-c", code]
        return job

    monkeypatch.setattr(plugin, "build_job", build_job)


@pytest.mark.usefixtures("compromised")
async def test_a_compromised_pod_plants_nothing_in_a_later_rollback(site, place):
    key = await site.create("patch-configmap", {"name": "app-config", "set": {"LOG_LEVEL": "debug"}}, name="asked")
    status = (await site.end(key))["status"]
    assert status["phase"] == "Succeeded"
    assert status["result"]["changes"] == [HONEST]
    assert status["result"]["rollback"]["parameters"] == {"name": "app-config", "set": {"LOG_LEVEL": "info"}}
    assert status["result"]["disbelieved"] == 6  # three of each step
    assert "Its pods also reported 6 changes that it was not asked for; they are not recorded." in status["message"]
    code, _, err = await command("rollback", "asked", *place)
    assert code == 2
    assert "data.LOG_LEVEL, which is 'info' now, and asked left something else. Nothing was changed." in err
    assert "PLANTED" not in (await site.get(CONFIG_MAPS, "app-config"))["data"]


@pytest.mark.without_admission
async def test_a_pod_that_only_has_the_labels_of_an_execution_does_not_end_it(site):
    key = await site.create("script", {"execute": LONG})
    await site.until(key, phase="Running")
    uid = (await site.get(EXECUTIONS, key.name))["metadata"]["uid"]
    forged = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "forged", "labels": labels(key, uid)},
        "spec": pod_spec(site),
    }
    await site.cluster.create(PODS, site.namespace, forged)
    async with asyncio.timeout(30):
        while (await site.get(PODS, "forged"))["status"].get("phase") != "Succeeded":
            await asyncio.sleep(0.1)
    await asyncio.sleep(0.5)
    assert (await site.get(EXECUTIONS, key.name))["status"]["phase"] == "Running"


@pytest.mark.without_admission
async def test_a_forged_job_with_another_account_is_stopped_and_ends_the_execution(site):
    """It may have acted, so the execution gets no other Job. With the admission policies only the engine creates such a Job."""
    key = await site.create("script", {"execute": LONG}, suspend=True)
    await site.until(key, phase="Pending", reason="Suspended")
    uid = (await site.get(EXECUTIONS, key.name))["metadata"]["uid"]
    owner = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "name": key.name,
        "uid": uid,
        "controller": True,
    }
    metadata = {"name": job_name(key.name, uid), "labels": labels(key, uid), "ownerReferences": [owner]}
    template = {
        "metadata": {"labels": labels(key, uid)},
        "spec": {**pod_spec(site, "sleep 60"), "serviceAccountName": "default"},
    }
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": {"template": template}}
    await site.cluster.create(JOBS, site.namespace, job)
    await site.gone(JOBS, metadata["name"], seconds=60)  # its shell ignores SIGTERM
    status = (await site.end(key))["status"]
    assert (status["phase"], status["reason"]) == ("Failed", "Forbidden")
    assert "its Job runs as ServiceAccount default" in status["message"]


async def test_a_job_that_is_not_the_engines_is_neither_monitored_nor_deleted(site):
    key = await site.create("script", {"execute": LONG})
    status = await site.until(key, phase="Running")
    job = await site.get(JOBS, status["jobName"])
    await site.cluster.delete(JOBS, site.namespace, status["jobName"], uid=job["metadata"]["uid"])
    await site.gone(JOBS, status["jobName"])
    for name in (status["jobName"], "helm-hook"):
        mine = {"name": name, "labels": {"app.kubernetes.io/name": "kubernetes-executor"}}
        manifest = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": mine,
            "spec": {"template": {"spec": pod_spec(site, "sleep 60")}},
        }
        await site.cluster.create(JOBS, site.namespace, manifest)
    assert (await site.end(key))["status"]["reason"] == "Lost"
    await asyncio.sleep(0.5)
    for name in (status["jobName"], "helm-hook"):
        assert "deletionTimestamp" not in (await site.get(JOBS, name))["metadata"]


async def test_an_execution_that_waits_for_quota_does_not_block_others(site):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "none", "namespace": site.namespace}}
    await site.apply({**quota, "spec": {"hard": {"count/jobs.batch": "1"}}})
    async with asyncio.timeout(20):
        while "used" not in (await site.get(QUOTAS, "none")).get("status", {}):
            await asyncio.sleep(0.05)
    running = await site.create("script", {"execute": LONG})
    await site.until(running, phase="Running")
    waiting = await site.create("scale", {"name": "web", "replicas": 2})
    await site.until(waiting, phase="Pending", reason="QuotaExceeded")
    suspended = await site.create("scale", {"name": "web", "replicas": 3})
    await site.until(suspended, phase="Pending", reason="QuotaExceeded")
    await site.patch(EXECUTIONS, running.name, {"spec": {"cancel": True}})
    assert (await site.end(waiting))["status"]["phase"] == "Succeeded"


async def test_an_account_that_is_not_marked_as_the_actions_own_is_not_used(site):
    account = {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "script-account", "namespace": site.namespace},
    }
    await site.apply({**account, "metadata": {**account["metadata"], "labels": {"kubernaut.io/action": "other"}}})
    status = await site.run("script")
    assert status["reason"] == "Forbidden"
    assert "lacks the label kubernaut.io/action=script, so it is not this action's" in status["message"]


async def test_an_execution_cannot_be_changed_between_dry_run_and_real_run(site):
    key = await site.create("script", {"execute": LONG})
    with pytest.raises(Exception, match="dryRun is immutable: create another execution"):
        await site.patch(EXECUTIONS, key.name, {"spec": {"dryRun": True}})


async def test_hostile_text_reaches_the_config_map_and_nothing_else(site):
    text = "\x1b]0;title\x07[bold red]x[/] '; touch /tmp/pwned; '"
    assert (await site.run("patch-configmap", {"name": "app-config", "set": {"A": text}}))["phase"] == "Succeeded"
    assert (await site.get(CONFIG_MAPS, "app-config"))["data"]["A"] == text
