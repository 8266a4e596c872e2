"""Pods that are evicted or deleted while they run: their status, and how their Job counts them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import Client
from tests.conformance.manifests import condition, container, job, pod

_UP = "os.environ.get('SANDBOX_POD_ROOT', '') + '/tmp/up'"
_HANDLED = "import os, signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: {}); open({}, 'w'); time.sleep(60)"
_STAY = _HANDLED.format("sys.exit(7)", _UP)
_LINGER = _HANDLED.format("(time.sleep(3), sys.exit(0))", _UP)
_PROBE = {"exec": {"command": ["python3", "-c", f"import os; os.stat({_UP})"]}, "periodSeconds": 1, "timeoutSeconds": 5}
_PROBED = {"readinessProbe": _PROBE}
"""Ready is who has set its handler of SIGTERM."""
_HELD = {"metadata": {"name": "one", "finalizers": ["example.com/held"]}}


@pytest.fixture
def pods(namespace: str) -> str:
    """Where the namespace's pods are."""
    return f"/api/v1/namespaces/{namespace}/pods"


@pytest.fixture
def jobs(namespace: str) -> str:
    """Where the namespace's Jobs are."""
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def eviction(name: str) -> dict[str, Any]:
    """An Eviction of that pod."""
    return {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}


async def up(cluster: Client, pods: str, name: str) -> None:
    """Wait until SIGTERM finds its handler."""
    await cluster.until(pods, name, lambda found: condition(found, "Ready"))


async def pod_of(cluster: Client, pods: str, job_name: str, but: str = "") -> str:
    """The name of the Job's pod, as soon as it runs; not that one."""
    async for event in cluster.watch(pods, 60, labelSelector=f"job-name={job_name}"):
        name = str(event["object"]["metadata"]["name"])
        if event["type"] != "DELETED" and name != but:
            await up(cluster, pods, name)
            return name
    raise AssertionError(f"{job_name} has no pod")


def failed(found: dict[str, Any]) -> bool:
    """Whether a pod has failed."""
    return bool(found["status"].get("phase") == "Failed")


async def test_an_evicted_pod_has_a_disruption_condition_and_its_grace_period(
    cluster: Client, pods: str, image: str
) -> None:
    body = pod("one", container(image, _STAY, **_PROBED), terminationGracePeriodSeconds=20)
    await cluster.made(pods, {**body, **_HELD})
    await up(cluster, pods, "one")
    rehearsed = await cluster.post(f"{pods}/one/eviction", eviction("one"), dryRun="All")
    assert (rehearsed.code, rehearsed.body["status"]) == (201, "Success")
    assert not condition((await cluster.get(f"{pods}/one")).body, "DisruptionTarget")
    assert (await cluster.post(f"{pods}/one/eviction", eviction("one"))).code == 201
    gone = await cluster.until(pods, "one", failed)
    target = condition(gone, "DisruptionTarget")
    assert (target["reason"], target["message"]) == ("EvictionByEvictionAPI", "Eviction API: evicting")
    assert gone["metadata"]["deletionTimestamp"]
    assert gone["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"] == 7
    await cluster.patch(f"{pods}/one", {"metadata": {"finalizers": None}})
    await cluster.gone(f"{pods}/one")


async def test_an_eviction_with_another_name_than_its_url_is_a_bad_request(cluster: Client, pods: str) -> None:
    await cluster.made(pods, pod("one", {"name": "main", "image": "registry.invalid/a:1"}))
    answer = await cluster.post(f"{pods}/one/eviction", eviction("two"))
    assert (answer.code, answer.message) == (400, "name in URL does not match name in Eviction object")
    missing = await cluster.post(f"{pods}/two/eviction", eviction("two"))
    assert (missing.code, missing.message) == (404, 'pods "two" not found')


async def test_a_pod_deleted_while_it_runs_reports_the_exit_codes_of_its_containers(
    cluster: Client, pods: str, image: str
) -> None:
    deaf = container(image, "import time; time.sleep(60)", "deaf")
    await cluster.made(pods, {**pod("one", container(image, _STAY, "polite", **_PROBED), deaf), **_HELD})
    await up(cluster, pods, "one")
    await cluster.delete(f"{pods}/one")
    ended = await cluster.until(pods, "one", failed)
    states = {c["name"]: c["state"]["terminated"] for c in ended["status"]["containerStatuses"]}
    found = {name: (state["exitCode"], state["reason"]) for name, state in states.items()}
    if found["deaf"] != (143, "Error"):  # where the container's process is not PID 1, SIGTERM alone ends it
        assert found["deaf"] == (137, "Error")
    assert found["polite"] == (7, "Error")
    assert condition(ended, "Initialized")
    await cluster.patch(f"{pods}/one", {"metadata": {"finalizers": None}})


async def test_a_pod_deleted_before_its_containers_start_has_failed(cluster: Client, pods: str, image: str) -> None:
    await cluster.made(pods, {**pod("one", container("registry.invalid/a:1", "pass")), **_HELD})
    await cluster.until(pods, "one", lambda found: found["status"].get("containerStatuses"))
    await cluster.delete(f"{pods}/one")
    ended = (await cluster.until(pods, "one", failed))["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"]) == (137, "ContainerStatusUnknown")
    await cluster.patch(f"{pods}/one", {"metadata": {"finalizers": None}})


async def test_a_pod_is_initialized_after_its_init_containers_succeed(cluster: Client, pods: str, image: str) -> None:
    first = container(image, "import time; time.sleep(1)", "first")
    await cluster.made(pods, pod("with", container(image, "pass"), initContainers=[first]))
    await cluster.made(pods, pod("without", container("registry.invalid/a:1", "pass")))
    known = await cluster.until(pods, "without", lambda found: condition(found, "Initialized"))
    assert known["status"]["phase"] == "Pending"
    seen = []
    async for event in cluster.watch(pods, 30, fieldSelector="metadata.name=with"):
        for found in event["object"]["status"].get("conditions", ()):
            if found["type"] == "Initialized" and (found["status"], found.get("reason")) not in seen:
                seen.append((found["status"], found.get("reason")))
        if event["object"]["status"]["phase"] == "Succeeded":
            break
    assert seen == [("False", "ContainersNotInitialized"), ("True", None), ("True", "PodCompleted")]


async def test_a_pod_whose_init_container_fails_is_not_initialized(cluster: Client, pods: str, image: str) -> None:
    failing = container(image, "raise SystemExit(3)", "first")
    await cluster.made(pods, pod("one", container(image, "pass"), initContainers=[failing]))
    ended = await cluster.until(pods, "one", failed)
    (found,) = [c for c in ended["status"]["conditions"] if c["type"] == "Initialized"]
    assert (found["status"], found["reason"]) == ("False", "ContainersNotInitialized")


async def test_the_first_matching_rule_of_a_failure_policy_decides_about_a_disruption(
    cluster: Client, pods: str, jobs: str, image: str
) -> None:
    rules = [
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]},
        {"action": "FailJob", "onPodConditions": [{"type": "Initialized"}]},
    ]
    body = job("one", container(image, _STAY, **_PROBED), podFailurePolicy={"rules": rules})
    made = await cluster.made(jobs, body)
    assert made["spec"]["podFailurePolicy"]["rules"][0]["onPodConditions"] == [
        {"type": "DisruptionTarget", "status": "True"}
    ]
    first = await pod_of(cluster, pods, "one")
    assert (await cluster.post(f"{pods}/{first}/eviction", eviction(first))).code == 201
    second = await pod_of(cluster, pods, "one", but=first)
    found = (await cluster.get(f"{jobs}/one")).body
    assert not condition(found, "FailureTarget")
    assert "failed" not in found["status"]
    await cluster.delete(f"{pods}/{second}")
    done = await cluster.until(jobs, "one", lambda found: condition(found, "Failed"))
    where = f"{pods.split('/')[4]}/{second}"
    assert (
        condition(done, "Failed")["message"]
        == f"Pod {where} has condition Initialized matching FailJob rule at index 1"
    )
    assert done["status"]["failed"] == 1


@pytest.mark.parametrize("rule", ["NotIn", "Sometimes"])
async def test_a_failure_policy_with_an_unknown_condition_status_is_invalid(
    cluster: Client, jobs: str, rule: str
) -> None:
    rules = [{"action": "Ignore", "onPodConditions": [{"type": "Initialized", "status": rule}]}]
    answer = await cluster.post(jobs, job("one", {"name": "a", "image": "b"}, podFailurePolicy={"rules": rules}))
    field = "spec.podFailurePolicy.rules[0].onPodConditions[0].status"
    assert answer.code == 422
    assert f'{field}: Unsupported value: "{rule}": supported values: "False", "True", "Unknown"' in answer.message


@pytest.mark.parametrize(
    ("policy", "end"),
    [
        pytest.param("Failed", "Complete", id="by how it ends"),
        pytest.param("TerminatingOrFailed", "Failed", id="at once"),
    ],
)
async def test_a_deleted_pod_counts_as_the_replacement_policy_says(
    cluster: Client, pods: str, jobs: str, image: str, policy: str, end: str
) -> None:
    graceful = {"terminationGracePeriodSeconds": 20}
    await cluster.made(
        jobs, job("one", container(image, _LINGER, **_PROBED), pod_spec=graceful, podReplacementPolicy=policy)
    )
    name = await pod_of(cluster, pods, "one")
    await cluster.delete(f"{pods}/{name}")
    counted = 0 if policy == "Failed" else 1
    told = {"terminating": 1, "uncountedTerminatedPods": {}, "failed": counted}
    await cluster.until(
        jobs, "one", lambda found: {"failed": 0} | found["status"] | told == {"failed": 0} | found["status"]
    )
    done = await cluster.until(jobs, "one", lambda found: condition(found, "Complete") or condition(found, "Failed"))
    assert condition(done, end)


async def test_suspending_a_job_does_not_count_its_pods_as_failed(
    cluster: Client, pods: str, jobs: str, image: str
) -> None:
    await cluster.made(jobs, job("one", container(image, _STAY, **_PROBED)))
    name = await pod_of(cluster, pods, "one")
    await cluster.patch(f"{jobs}/one", {"spec": {"suspend": True}})
    await cluster.gone(f"{pods}/{name}")
    found = await cluster.until(jobs, "one", lambda found: found["status"].get("terminating") == 0)
    assert "failed" not in found["status"]
    assert [c["type"] for c in found["status"]["conditions"]] == ["Suspended"]
