"""Jobs: success, retries, deadlines, failure policies and deletion."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import Client
from tests.conformance.manifests import condition, configmap, container, job

_STOP = {"rules": [{"action": "FailJob", "onExitCodes": {"containerName": "first", "operator": "In", "values": [42]}}]}


@pytest.fixture
def jobs(namespace: str) -> str:
    """Where the namespace's Jobs are."""
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def ended(found: dict[str, Any]) -> bool:
    """Whether a Job has come to an end."""
    return bool(condition(found, "Complete") or condition(found, "Failed"))


async def pods_of(cluster: Client, namespace: str, name: str) -> list[dict[str, Any]]:
    """The Job's pods."""
    return (await cluster.get(f"/api/v1/namespaces/{namespace}/pods", labelSelector=f"job-name={name}")).body["items"]


async def test_a_job_whose_pod_succeeds_is_complete(cluster: Client, namespace: str, jobs: str, image: str) -> None:
    made = await cluster.made(jobs, job("one", container(image, "print('done')")))
    done = await cluster.until(jobs, "one", ended)
    assert [c["type"] for c in done["status"]["conditions"]] == ["SuccessCriteriaMet", "Complete"]
    assert condition(done, "Complete")["reason"] == "CompletionsReached"
    assert (done["status"]["succeeded"], done["status"]["ready"], done["status"]["uncountedTerminatedPods"]) == (
        1,
        0,
        {},
    )
    assert done["status"]["startTime"] <= done["status"]["completionTime"]
    (pod,) = await pods_of(cluster, namespace, "one")
    uid = made["metadata"]["uid"]
    expected = {
        "job-name": "one",
        "controller-uid": uid,
        "batch.kubernetes.io/job-name": "one",
        "batch.kubernetes.io/controller-uid": uid,
    }
    assert pod["metadata"]["labels"] == expected
    assert pod["metadata"]["name"].startswith("one-")
    owner = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": "one",
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
    assert pod["metadata"]["ownerReferences"] == [owner]


async def test_a_job_gets_its_defaults(cluster: Client, jobs: str) -> None:
    made = (await cluster.post(jobs, job("one", {"name": "main", "image": "example.invalid/a"}), dryRun="All")).body
    uid = made["metadata"]["uid"]
    spec = {key: value for key, value in made["spec"].items() if key != "template"}
    assert spec == {
        "parallelism": 1,
        "completions": 1,
        "backoffLimit": 0,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "manualSelector": False,
        "completionMode": "NonIndexed",
        "suspend": False,
        "podReplacementPolicy": "TerminatingOrFailed",
    }


async def test_a_failed_pod_is_replaced_until_the_backoff_limit(
    cluster: Client, namespace: str, jobs: str, image: str
) -> None:
    await cluster.made(jobs, job("one", container(image, "raise SystemExit(3)"), backoffLimit=1))
    done = await cluster.until(jobs, "one", ended, seconds=60)
    failed = condition(done, "Failed")
    assert (failed["reason"], failed["message"]) == (
        "BackoffLimitExceeded",
        "Job has reached the specified backoff limit",
    )
    assert done["status"]["failed"] == 2
    assert len(await pods_of(cluster, namespace, "one")) == 2


async def test_a_deadline_fails_the_job_and_deletes_its_pods(
    cluster: Client, namespace: str, jobs: str, image: str
) -> None:
    await cluster.made(jobs, job("one", container(image, "import time; time.sleep(60)"), activeDeadlineSeconds=1))
    done = await cluster.until(jobs, "one", ended)
    assert [c["type"] for c in done["status"]["conditions"]] == ["FailureTarget", "Failed"]
    failed = condition(done, "Failed")
    assert (failed["reason"], failed["message"]) == (
        "DeadlineExceeded",
        "Job was active longer than specified deadline",
    )
    assert await pods_of(cluster, namespace, "one") == []


@pytest.mark.parametrize("field", ["init", "main"])
async def test_a_failure_policy_fails_a_job_without_a_retry(
    cluster: Client, namespace: str, jobs: str, image: str, field: str
) -> None:
    failing = container(image, "raise SystemExit(42)", "first")
    fine = container(image, "pass", "second")
    body = job("one", fine, init=[failing]) if field == "init" else job("one", failing)
    body["spec"] |= {"backoffLimit": 5, "podFailurePolicy": _STOP}
    await cluster.made(jobs, body)
    done = await cluster.until(jobs, "one", ended)
    (pod,) = await pods_of(cluster, namespace, "one")
    failed = condition(done, "Failed")
    assert failed["reason"] == "PodFailurePolicy"
    where = f"{namespace}/{pod['metadata']['name']}"
    assert (
        failed["message"]
        == f"Container first for pod {where} failed with exit code 42 matching FailJob rule at index 0"
    )
    assert done["status"]["failed"] == 1


async def test_an_ignored_failure_does_not_count_towards_the_backoff_limit(
    cluster: Client, jobs: str, image: str
) -> None:
    ignore = {"rules": [{"action": "Ignore", "onExitCodes": {"operator": "In", "values": [3]}}, _STOP["rules"][0]]}
    body = job("one", container(image, "raise SystemExit(3)", "first"), podFailurePolicy=ignore)
    await cluster.made(jobs, body)
    pods = jobs.replace("/apis/batch/v1", "/api/v1").removesuffix("jobs") + "pods"
    seen = set()
    async for event in cluster.watch(pods, 40, labelSelector="job-name=one"):
        seen.add(event["object"]["metadata"]["name"])
        if len(seen) == 2:
            break
    assert len(seen) == 2
    found = (await cluster.get(f"{jobs}/one")).body
    assert not ended(found)
    assert "failed" not in found["status"]


async def test_a_finished_job_is_deleted_after_its_ttl(cluster: Client, namespace: str, jobs: str, image: str) -> None:
    await cluster.made(jobs, job("one", container(image, "pass")))
    await cluster.until(jobs, "one", ended)
    assert (await cluster.patch(f"{jobs}/one", {"spec": {"ttlSecondsAfterFinished": 1}})).code == 200
    await cluster.gone(f"{jobs}/one")
    assert await pods_of(cluster, namespace, "one") == []


async def test_a_suspended_job_has_no_pods_until_it_is_resumed(
    cluster: Client, namespace: str, jobs: str, image: str
) -> None:
    await cluster.made(jobs, job("one", container(image, "pass"), suspend=True))
    waiting = await cluster.until(jobs, "one", lambda found: condition(found, "Suspended"))
    assert condition(waiting, "Suspended")["reason"] == "JobSuspended"
    assert await pods_of(cluster, namespace, "one") == []
    await cluster.patch(f"{jobs}/one", {"spec": {"suspend": False}})
    await cluster.until(jobs, "one", lambda found: condition(found, "Complete"))


async def test_a_missing_service_account_is_reported_and_retried(
    cluster: Client, namespace: str, jobs: str, image: str
) -> None:
    body = job("one", container(image, "pass"), pod_spec={"serviceAccountName": "later"})
    await cluster.made(jobs, body)
    events = f"/api/v1/namespaces/{namespace}/events"
    selector = "involvedObject.kind=Job,involvedObject.name=one,reason=FailedCreate"
    missing = f'error looking up service account {namespace}/later: serviceaccount "later" not found'
    failures = await cluster.events(events, 1, 20, fieldSelector=selector)
    assert [event["object"]["message"] for event in failures] == [
        f'Error creating: pods "one-" is forbidden: {missing}'
    ]
    await cluster.made(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "later"}})
    await cluster.until(jobs, "one", lambda found: condition(found, "Complete"), seconds=60)


async def test_a_job_records_events_about_its_pod_and_its_completion(
    cluster: Client, namespace: str, jobs: str, image: str
) -> None:
    await cluster.made(jobs, job("one", container(image, "pass")))
    await cluster.until(jobs, "one", ended)
    events = f"/api/v1/namespaces/{namespace}/events"
    reasons = set()
    async for event in cluster.watch(events, 20, fieldSelector="involvedObject.kind=Job,involvedObject.name=one"):
        reasons.add(event["object"]["reason"])
        if reasons == {"SuccessfulCreate", "Completed"}:
            break
    assert reasons == {"SuccessfulCreate", "Completed"}


async def test_the_template_of_a_job_is_immutable_and_its_ttl_is_not(cluster: Client, jobs: str) -> None:
    await cluster.made(jobs, job("one", {"name": "main", "image": "example.invalid/a"}, suspend=False))
    operations = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "example.invalid/b"}]
    answer = await cluster.patch(f"{jobs}/one", operations, "application/json-patch+json")
    assert answer.code == 422
    assert [c["field"] for c in answer.body["details"]["causes"]] == ["spec.template"]
    assert answer.message.endswith("field is immutable")
    assert (await cluster.patch(f"{jobs}/one", {"spec": {"ttlSecondsAfterFinished": 5}})).code == 200


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(
            {"template": {"spec": {"containers": [{"name": "a", "image": "b"}]}}},
            'valid values: "OnFailure", "Never"',
            id="no restartPolicy",
        ),
        pytest.param(
            {"podReplacementPolicy": "TerminatingOrFailed"},
            'Unsupported value: "TerminatingOrFailed"',
            id="replacement",
        ),
        pytest.param({"backoffLimit": -1}, "must be greater than or equal to 0", id="backoff"),
    ],
)
async def test_a_contradictory_job_is_invalid(cluster: Client, jobs: str, spec: dict[str, Any], words: str) -> None:
    body = job("one", {"name": "first", "image": "b"}, podFailurePolicy=_STOP)
    body["spec"] |= spec
    answer = await cluster.post(jobs, body)
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert words in answer.message
    assert answer.message.startswith('Job.batch "one" is invalid: ')


@pytest.mark.parametrize(
    ("query", "pods_left", "warned"),
    [
        pytest.param({"propagationPolicy": "Background"}, False, False, id="background"),
        pytest.param({"propagationPolicy": "Foreground"}, False, False, id="foreground"),
        pytest.param({"propagationPolicy": "Orphan"}, True, False, id="orphan"),
        pytest.param({}, True, True, id="by default its pods stay"),
    ],
)
async def test_the_propagation_policy_decides_what_happens_to_the_pods_of_a_job(
    cluster: Client, namespace: str, jobs: str, image: str, query: dict[str, str], pods_left: bool, warned: bool
) -> None:
    await cluster.made(jobs, job("one", container(image, "pass")))
    await cluster.until(jobs, "one", ended)
    (pod,) = await pods_of(cluster, namespace, "one")
    answer = await cluster.delete(f"{jobs}/one", **query)
    assert answer.code == 200
    assert any("child pods are preserved by default" in warning for warning in answer.warnings) is warned
    await cluster.gone(f"{jobs}/one")
    path = f"/api/v1/namespaces/{namespace}/pods/{pod['metadata']['name']}"
    if pods_left:
        left = (await cluster.get(path)).body
        assert "ownerReferences" not in left["metadata"]
    else:
        await cluster.gone(path)


async def test_objects_that_a_job_owns_are_deleted_with_it(cluster: Client, namespace: str, jobs: str) -> None:
    owner = await cluster.made(jobs, job("one", {"name": "main", "image": "example.invalid/a"}, suspend=True))
    reference = {"apiVersion": "batch/v1", "kind": "Job", "name": "one", "uid": owner["metadata"]["uid"]}
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    await cluster.made(maps, configmap("owned", ownerReferences=[reference]))
    await cluster.made(maps, configmap("free"))
    await cluster.delete(f"{jobs}/one", propagationPolicy="Background")
    await cluster.gone(f"{maps}/owned")
    assert (await cluster.get(f"{maps}/free")).code == 200


async def test_a_quota_counts_jobs(cluster: Client, namespace: str, jobs: str) -> None:
    quotas = f"/api/v1/namespaces/{namespace}/resourcequotas"
    await cluster.made(quotas, {"metadata": {"name": "few"}, "spec": {"hard": {"count/jobs.batch": "1"}}})
    await cluster.until(quotas, "few", lambda found: found.get("status", {}).get("used"))
    idle = {"name": "main", "image": "example.invalid/a"}
    await cluster.made(jobs, job("one", idle, suspend=True))
    answer = await cluster.post(jobs, job("two", idle, suspend=True))
    assert (answer.code, answer.reason) == (403, "Forbidden")
    numbers = "requested: count/jobs.batch=1, used: count/jobs.batch=1, limited: count/jobs.batch=1"
    assert answer.message == f'jobs.batch "two" is forbidden: exceeded quota: few, {numbers}'
    await cluster.delete(f"{jobs}/one", propagationPolicy="Background")
    await cluster.until(quotas, "few", lambda found: found["status"]["used"] == {"count/jobs.batch": "0"})
