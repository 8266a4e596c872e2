"""PodDisruptionBudgets: the numbers that their controller keeps, and the evictions that they allow."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import TABLE, Client
from tests.conformance.manifests import container, pod, workload

Object = dict[str, Any]
_REFUSED = "Cannot evict pod as it would violate the pod's disruption budget."


@pytest.fixture
def pods(namespace: str) -> str:
    """Where the namespace's pods are."""
    return f"/api/v1/namespaces/{namespace}/pods"


@pytest.fixture
def budgets(namespace: str) -> str:
    """Where the namespace's budgets are."""
    return f"/apis/policy/v1/namespaces/{namespace}/poddisruptionbudgets"


@pytest.fixture
def deployments(namespace: str) -> str:
    """Where the namespace's Deployments are."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


def budget(name: str = "budget", app: str = "web", **spec: Any) -> Object:
    """A budget of the pods of one workload."""
    return {"metadata": {"name": name}, "spec": {"selector": {"matchLabels": {"app": app}}, **spec}}


def allowed(found: Object) -> Object:
    """The budget's condition."""
    conditions = found["status"].get("conditions") or ()
    return next((item for item in conditions if item["type"] == "DisruptionAllowed"), {})


async def running(cluster: Client, deployments: str, image: str, replicas: int, delay: int = 0) -> list[str]:
    """The names of the pods of a Deployment `web`, once all are available; each is ready after a delay in seconds."""
    body = workload("Deployment", "web", image, replicas)
    if delay:
        probe = {"exec": {"command": ["true"]}, "initialDelaySeconds": delay, "periodSeconds": 1}
        body["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
    await cluster.made(deployments, body)

    def settled(found: Object) -> bool:
        return found["status"].get("availableReplicas", 0) == replicas

    await cluster.until(deployments, "web", settled, seconds=60)
    where = deployments.replace("/apis/apps/v1", "/api/v1").replace("deployments", "pods")
    return [item["metadata"]["name"] for item in (await cluster.get(where)).body["items"]]


async def counted(cluster: Client, budgets: str, *amounts: int, name: str = "budget") -> Object:
    """The budget, as soon as its expected, desired, healthy and allowed pods are these."""

    def holds(found: Object) -> bool:
        status = found["status"]
        fields = ("expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed")
        observed = status.get("observedGeneration") == found["metadata"]["generation"]
        return observed and tuple(status[field] for field in fields) == amounts

    return await cluster.until(budgets, name, holds, seconds=60)


def evict(name: str, **options: Any) -> Object:
    """An Eviction with these deleteOptions."""
    body: Object = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name}}
    return {**body, "deleteOptions": options} if options else body


@pytest.mark.parametrize(
    ("spec", "amounts"),
    [
        ({"minAvailable": 2}, (3, 2, 3, 1)),
        ({"minAvailable": "50%"}, (3, 2, 3, 1)),
        ({"maxUnavailable": 1}, (3, 2, 3, 1)),
        ({"maxUnavailable": "40%"}, (3, 1, 3, 2)),
        ({"minAvailable": 4}, (3, 4, 3, 0)),
        ({"maxUnavailable": 5}, (3, 0, 3, 3)),
        ({}, (0, 0, 3, 0)),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
async def test_a_budget_counts_the_pods_of_their_controllers(
    cluster: Client, budgets: str, deployments: str, image: str, spec: Object, amounts: tuple[int, ...]
) -> None:
    await running(cluster, deployments, image, 3)
    await cluster.made(budgets, budget(**spec))
    found = await counted(cluster, budgets, *amounts)
    condition = allowed(found)
    expected = ("True", "SufficientPods") if amounts[3] else ("False", "InsufficientPods")
    assert (condition["status"], condition["reason"], condition["message"]) == (*expected, "")
    assert condition["observedGeneration"] == 1
    table = (await cluster.get(budgets, accept=TABLE)).body["rows"][0]["cells"]
    assert table[3] == amounts[3]


async def test_an_eviction_beyond_the_budget_gets_429_until_the_replacement_is_healthy(
    cluster: Client, pods: str, budgets: str, deployments: str, image: str
) -> None:
    first, second = await running(cluster, deployments, image, 2)
    await cluster.made(budgets, budget(minAvailable=1))
    await counted(cluster, budgets, 2, 1, 2, 1)
    rehearsed = await cluster.post(f"{pods}/{first}/eviction", evict(first), dryRun="All")
    assert rehearsed.code == 201
    assert (await cluster.get(f"{budgets}/budget")).body["status"]["disruptionsAllowed"] == 1
    await cluster.patch(f"{deployments}/web", {"spec": {"replicas": 1}})
    remaining = await counted(cluster, budgets, 1, 1, 1, 0)
    assert allowed(remaining)["reason"] == "InsufficientPods"
    (last,) = [
        item["metadata"]["name"]
        for item in (await cluster.get(pods)).body["items"]
        if "deletionTimestamp" not in item["metadata"]
    ]
    assert last in (first, second)
    answer = await cluster.post(f"{pods}/{last}/eviction", evict(last))
    assert (answer.code, answer.reason, answer.message) == (429, "TooManyRequests", _REFUSED)
    cause = {
        "reason": "DisruptionBudget",
        "message": "The disruption budget budget needs 1 healthy pods and has 1 currently",
    }
    assert answer.body["details"] == {"causes": [cause]}
    dry = await cluster.post(f"{pods}/{last}/eviction", evict(last, dryRun=["All"]))
    assert dry.code == 429
    await cluster.patch(f"{deployments}/web", {"spec": {"replicas": 2}})
    await counted(cluster, budgets, 2, 1, 2, 1)
    assert (await cluster.post(f"{pods}/{last}/eviction", evict(last))).code == 201
    await cluster.gone(f"{pods}/{last}")


async def test_each_eviction_is_counted_at_once(
    cluster: Client, pods: str, budgets: str, deployments: str, image: str
) -> None:
    names = await running(cluster, deployments, image, 3, delay=4)
    await cluster.made(budgets, budget(maxUnavailable=1))
    await counted(cluster, budgets, 3, 2, 3, 1)
    codes = [(await cluster.post(f"{pods}/{name}/eviction", evict(name))).code for name in names[:2]]
    assert codes == [201, 429]
    await counted(cluster, budgets, 3, 2, 3, 1)


async def test_a_pod_of_two_budgets_cannot_be_evicted(
    cluster: Client, pods: str, budgets: str, deployments: str, image: str
) -> None:
    (name,) = await running(cluster, deployments, image, 1)
    for number in ("one", "two"):
        await cluster.made(budgets, budget(number, maxUnavailable=1))
        await counted(cluster, budgets, 1, 0, 1, 1, name=number)
    answer = await cluster.post(f"{pods}/{name}/eviction", evict(name))
    text = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."
    assert (answer.code, answer.message, answer.body["code"]) == (500, text, 500)


async def test_ended_and_pending_pods_are_evicted_whatever_their_budget_says(
    cluster: Client, pods: str, budgets: str, image: str
) -> None:
    labels = {"app": "web"}
    for name, body in (
        ("ended", pod("ended", container(image, "pass"))),
        ("pending", pod("pending", container("registry.invalid/a:1", "pass"))),
    ):
        await cluster.made(pods, {**body, "metadata": {"name": name, "labels": labels}})
    await cluster.made(budgets, budget(minAvailable=5))
    await cluster.until(pods, "ended", lambda found: found["status"]["phase"] == "Succeeded")
    await counted(cluster, budgets, 2, 5, 0, 0)
    for name in ("ended", "pending"):
        assert (await cluster.post(f"{pods}/{name}/eviction", evict(name))).code == 201
        await cluster.gone(f"{pods}/{name}")


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        ({}, 429),
        ({"unhealthyPodEvictionPolicy": "IfHealthyBudget"}, 429),
        ({"unhealthyPodEvictionPolicy": "AlwaysAllow"}, 201),
    ],
    ids=["by default", "IfHealthyBudget", "AlwaysAllow"],
)
async def test_the_eviction_of_an_unready_pod_depends_on_the_policy(
    cluster: Client, pods: str, budgets: str, image: str, policy: Object, code: int
) -> None:
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    sleeper = container(image, "import time; time.sleep(300)", readinessProbe=probe)
    await cluster.made(pods, {**pod("one", sleeper), "metadata": {"name": "one", "labels": {"app": "web"}}})
    await cluster.made(budgets, budget(minAvailable=1, **policy))
    await cluster.until(pods, "one", lambda found: found["status"]["phase"] == "Running")
    await counted(cluster, budgets, 1, 1, 0, 0)
    answer = await cluster.post(f"{pods}/one/eviction", evict("one"))
    assert answer.code == code, answer.body


async def test_unready_pods_may_go_while_the_budget_is_met(
    cluster: Client, pods: str, budgets: str, deployments: str, image: str
) -> None:
    await running(cluster, deployments, image, 1)
    probe = {"exec": {"command": ["false"]}, "periodSeconds": 1}
    sleeper = container(image, "import time; time.sleep(300)", readinessProbe=probe)
    await cluster.made(pods, {**pod("one", sleeper), "metadata": {"name": "one", "labels": {"app": "web"}}})
    await cluster.until(pods, "one", lambda found: found["status"]["phase"] == "Running")
    await cluster.made(budgets, budget(minAvailable=1))
    await counted(cluster, budgets, 2, 1, 1, 0)
    assert (await cluster.post(f"{pods}/one/eviction", evict("one"))).code == 201


async def test_a_budget_of_pods_without_a_scale_allows_no_disruption(
    cluster: Client, pods: str, budgets: str, namespace: str, image: str
) -> None:
    body = workload("DaemonSet", "web", image, 0)
    del body["spec"]["replicas"]
    await cluster.made(f"/apis/apps/v1/namespaces/{namespace}/daemonsets", body)
    await cluster.until(
        f"/apis/apps/v1/namespaces/{namespace}/daemonsets", "web", lambda found: found["status"]["numberReady"]
    )
    await cluster.made(budgets, budget(maxUnavailable=1))
    found = await cluster.until(budgets, "budget", lambda found: allowed(found).get("reason") == "SyncFailed")
    problem = "daemonsets.apps does not implement the scale subresource"
    assert (allowed(found)["message"], found["status"]["disruptionsAllowed"]) == (problem, 0)
    name = (await cluster.get(pods)).body["items"][0]["metadata"]["name"]
    assert (await cluster.post(f"{pods}/{name}/eviction", evict(name))).code == 429


async def test_an_eviction_with_another_uid_is_a_conflict(cluster: Client, pods: str, image: str) -> None:
    made = await cluster.made(pods, pod("one", container(image, "import time; time.sleep(300)")))
    await cluster.until(pods, "one", lambda found: found["status"]["phase"] == "Running")
    uid = made["metadata"]["uid"]
    answer = await cluster.post(f"{pods}/one/eviction", evict("one", preconditions={"uid": "other"}))
    detail = f"the UID in the precondition (other) does not match the UID in record ({uid})."
    assert (answer.code, answer.reason) == (409, "Conflict")
    assert answer.message.startswith(f'Operation cannot be fulfilled on Pod "one": {detail}')
    dry = await cluster.post(f"{pods}/one/eviction", evict("one", preconditions={"uid": "other"}, dryRun=["All"]))
    assert dry.code == 409
    stale = await cluster.post(f"{pods}/one/eviction", evict("one", preconditions={"resourceVersion": "1"}))
    assert (stale.code, "the ResourceVersion in the precondition (1)" in stale.message) == (409, True)
    wrong = await cluster.post(f"{pods}/one/eviction", evict("one", gracePeriodSeconds="soon"))
    assert wrong.code == 400
    unknown = await cluster.post(f"{pods}/one/eviction", evict("one", propagationPolicy="Never"))
    assert unknown.code == 422
    right = evict("one", preconditions={"uid": uid}, gracePeriodSeconds=0)
    assert (await cluster.post(f"{pods}/one/eviction", right)).code == 201
    await cluster.gone(f"{pods}/one")
