"""Every way in which an execution can fail on a real cluster, and the message that the person on call reads."""

import asyncio

import pytest

from kubernaut.kube.objects import EXECUTIONS, PODS, Resource
from kubernaut.kube.requests import request
from tests.support.site import CONFIG_MAPS, QUOTAS

CHANGE = "action.changed('ConfigMap', 'app-config', 'data.A', '1', '2')"
NODES = Resource("/api/v1", "nodes")


def ended(status):
    return status["phase"], status.get("reason")


async def status_with(site, key, fragment, seconds=45):
    """Return the status once its message contains this fragment."""
    async with asyncio.timeout(seconds):
        while True:
            status = (await site.cluster.get(EXECUTIONS, site.namespace, key.name)).get("status", {})
            if fragment in (status.get("message") or ""):
                return status
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        pytest.param("wants-volume", 'secret "no-such-secret" not found', id="a Secret to mount"),
        pytest.param("wants-key", 'configmap "no-such-map" not found', id="a ConfigMap's key"),
        pytest.param("wants-node", "is unschedulable", id="a node"),
    ],
)
async def test_the_cause_of_a_pod_that_does_not_start_is_reported_at_once_and_again_at_the_deadline(
    site, action, words
):
    seconds = 15 if site.sandbox else 40  # a busy kubelet needs its time to say so
    key = await site.create(action, deadlineSeconds=seconds)
    status = await status_with(site, key, words)
    assert status["phase"] == "Running"
    assert status["message"].startswith("Pod is not starting: ")
    status = (await site.end(key))["status"]
    assert ended(status) == ("Failed", "DeadlineExceeded")
    # Where the job controller is late, the engine ends the Job itself, some seconds after the deadline.
    assert status["message"].startswith(
        (
            f"Deadline of {seconds} s exceeded before any step started: ",
            f"Deadline of {seconds} s exceeded, and the Job had not ended: ",
        )
    )
    assert words in status["message"]
    assert status["attempts"] == 0


async def test_a_problem_that_kept_a_pod_from_starting_is_reported_as_resolved(site):
    key = await site.create("wants-key", {"dry_run": "time.sleep(3)", "execute": CHANGE}, deadlineSeconds=45)
    await status_with(site, key, 'configmap "no-such-map" not found')
    metadata = {"name": "no-such-map", "namespace": site.namespace}
    await site.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"k": "v"}})
    status = await status_with(site, key, "the earlier problem is resolved")
    assert (status["phase"], status.get("reason")) == ("Running", None)
    assert (await site.end(key))["status"]["phase"] == "Succeeded"


async def test_an_execution_reports_a_quota_on_pods_and_waits_for_it(site):
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "no-pods", "namespace": site.namespace}}
    hard = {"count/pods": "0"}
    await site.apply({**quota, "spec": {"hard": hard}})
    await _wait_for_quota(site, "no-pods")
    key = await site.create("script", {"execute": CHANGE})
    status = await status_with(site, key, "exceeded quota: no-pods")
    assert status["phase"] == "Running"
    uid = (await site.get(QUOTAS, "no-pods"))["metadata"]["uid"]
    await site.cluster.delete(QUOTAS, site.namespace, "no-pods", uid=uid)
    assert (await site.end(key))["status"]["phase"] == "Succeeded"


async def _wait_for_quota(site, name):
    """Wait until the quota controller has counted: only then the quota applies."""
    async with asyncio.timeout(20):
        while "hard" not in (await site.get(QUOTAS, name)).get("status", {}):
            await asyncio.sleep(0.1)


async def test_a_segfault_is_reported_with_its_signal(site):
    status = await site.run("once", {"execute": "action.progress('about to crash')\n__import__('ctypes').string_at(0)"})
    assert ended(status) == ("Failed", "ActionFailed")
    assert "failed with exit code 139 (SIGSEGV) and is not retried" in status["message"]
    assert status["logTail"] == "about to crash"


async def test_a_deadline_in_the_dry_run_says_that_nothing_was_changed(site):
    status = await site.run("script", {"dry_run": "time.sleep(100)"}, deadlineSeconds=5)
    assert ended(status) == ("Failed", "DeadlineExceeded")
    assert "The dry run on ConfigMap/app-config was stopped in attempt 1: deadline of 5 s exceeded" in status["message"]
    assert status["message"].endswith("Nothing was changed.")


async def test_the_last_lines_of_a_failed_pods_log_are_in_the_status(site):
    lines = "\n".join(f"action.progress('line {n}')" for n in range(30))
    status = await site.run("once", {"execute": f"{lines}\nraise RuntimeError('out of ideas')"})
    assert ended(status) == ("Failed", "PluginError")
    tail = status["logTail"].splitlines()
    assert tail[-1] == "RuntimeError: out of ideas"
    assert "line 29" in tail
    assert "line 0" not in tail
    assert len(status["logTail"]) <= 2001


async def test_the_log_of_a_pod_that_wrote_no_result_is_in_the_status_too(site):
    status = await site.run("writes-nothing")
    assert ended(status) == ("Failed", "RetriesExhausted")
    assert "exit code 7" in status["message"]
    assert set(status["logTail"].splitlines()) == {"first line", "the last line"}


async def test_a_success_has_no_log_tail(site):
    status = await site.run("script", {"execute": f"action.progress('hello')\n{CHANGE}"})
    assert ended(status) == ("Succeeded", None)
    assert "logTail" not in status


async def test_a_result_that_is_not_json_is_a_plugin_error(site):
    status = await site.run("writes-no-json")
    assert ended(status) == ("Failed", "PluginError")
    assert "wrote no result but 'oops'" in status["message"]


async def test_a_result_that_is_too_large_is_cut_and_the_message_says_so(site):
    many = "for n in range(300): action.changed('ConfigMap', 'app-config', f'data.key{n}', os.urandom(20).hex(), '')"
    status = await site.run("script", {"execute": many})
    assert ended(status) == ("Succeeded", None)
    assert (
        "The result was too large for a termination message and was cut, so it cannot be undone." in status["message"]
    )
    assert status["result"]["truncated"] is True
    assert 5 < len(status["result"]["changes"]) < 300


async def test_an_api_server_that_the_pod_cannot_reach_exhausts_the_retries(site):
    away = "os.environ |= {'KUBERNETES_SERVICE_HOST': '127.0.0.1', 'KUBERNETES_SERVICE_PORT': '1'}\n"
    status = await site.run("script", {"dry_run": f"{away}action.api.peek('v1/configmaps', 'app-config')"})
    assert ended(status) == ("Failed", "RetriesExhausted")
    assert "no answer from the API server at https://127.0.0.1:1" in status["message"]
    assert "failed 2 times" in status["message"]
    assert status["message"].endswith("Nothing was changed.")


async def test_a_conflict_that_persists_exhausts_the_retries(site):
    stale = (
        "action.api.patch('v1/configmaps', 'app-config', {'metadata': {'resourceVersion': '1'}, 'data': {'A': 'x'}})"
    )
    status = await site.run("script", {"execute": stale})
    assert ended(status) == ("Failed", "RetriesExhausted")
    assert "the object has been modified" in status["message"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [("dry_run", "DryRunRejected"), ("execute", "ActionFailed")],
    ids=["in the dry run", "in execute"],
)
async def test_content_that_the_api_server_rejects_is_not_retried(site, step, reason):
    invalid = "action.api.patch('v1/configmaps', 'app-config', {'data': {'no good key!': 'x'}})"
    status = await site.run("script", {step: invalid})
    assert ended(status) == ("Failed", reason)
    assert 'was rejected: ConfigMap "app-config" is invalid: data[no good key!]' in status["message"]
    assert status["message"].endswith("Nothing was changed.")


async def test_a_target_that_is_deleted_after_the_dry_run_fails_the_action(site):
    key = await site.create(
        "script", {"execute": "time.sleep(4)\naction.api.patch('v1/configmaps', 'app-config', {'data': {'A': '1'}})"}
    )
    await site.until(key, phase="Running")
    async with asyncio.timeout(60):
        while not any(
            "running" in container["state"]
            for pod in (await site.cluster.list(PODS, site.namespace)).items
            for container in pod["status"].get("containerStatuses", [])
            if container["name"] == "execute"
        ):
            await asyncio.sleep(0.1)
    found = await site.get(CONFIG_MAPS, "app-config")
    await site.cluster.delete(CONFIG_MAPS, site.namespace, "app-config", uid=found["metadata"]["uid"])
    status = (await site.end(key))["status"]
    assert ended(status) == ("Failed", "ActionFailed")
    assert 'The action on ConfigMap/app-config was rejected: configmaps "app-config" not found' in status["message"]


@pytest.mark.timeout(300)
async def test_an_action_that_is_not_retry_safe_is_not_retried_when_its_node_is_gone(site):
    """Delete a node without a kubelet; this test itself reported its pod as running."""
    if site.sandbox is not None:
        pytest.skip("needs a cluster whose nodes can be deleted")
    ghost = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": f"ghost-{site.namespace}"}}
    ghost["metadata"]["labels"] = {"kubernaut-test": "ghost"}
    resources = {"cpu": "4", "memory": "8Gi", "pods": "10"}
    ready = {"type": "Ready", "status": "True", "reason": "Test", "message": "set by a test"}
    ghost["status"] = {"allocatable": resources, "capacity": resources, "conditions": [ready]}
    node = await site.cluster.create(NODES, None, ghost)
    try:
        path = f"/api/v1/nodes/{node['metadata']['name']}"
        await request(site.cluster.connection, "PATCH", path, body={"spec": {"taints": None}})
        key = await site.create("wants-node-once")
        pod = await _bound(site, key)
        await _report_running(site, pod)
        await asyncio.sleep(1)
    finally:
        await request(site.cluster.connection, "DELETE", path)
    status = (await site.end(key, seconds=240))["status"]
    assert ended(status) == ("Failed", "ActionFailed"), status
    assert "was interrupted and may have started" in status["message"]
    assert "DeletionByPodGC" in status["message"]
    assert "Whether it changed anything is unknown: check its target." in status["message"]


async def _bound(site, key):
    async with asyncio.timeout(60):
        while True:
            selector = f"kubernaut.io/kubernetes-execution={key.name}"
            for pod in (await site.cluster.list(PODS, site.namespace, selector=selector)).items:
                if pod["spec"].get("nodeName"):
                    return pod
            await asyncio.sleep(0.2)


async def _report_running(site, pod):
    """Report the pod as a kubelet would in its second step."""
    time = pod["metadata"]["creationTimestamp"]
    done = {"exitCode": 0, "reason": "Completed", "startedAt": time, "finishedAt": time}

    def container(name, state):
        return {"name": name, "image": "x", "imageID": "", "ready": True, "restartCount": 0, "state": state}

    status = {
        "phase": "Running",
        "startTime": time,
        "conditions": [{"type": "Initialized", "status": "True"}, {"type": "PodScheduled", "status": "True"}],
        "initContainerStatuses": [container("dry-run", {"terminated": done})],
        "containerStatuses": [container("execute", {"running": {"startedAt": time}})],
    }
    await site.cluster.patch(PODS, site.namespace, pod["metadata"]["name"], {"status": status}, subresource="status")
