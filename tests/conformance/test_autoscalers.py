"""HorizontalPodAutoscalers without a metrics server: the limits are kept, and the missing metrics are reported."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import TABLE, Client
from tests.conformance.manifests import workload

Object = dict[str, Any]


@pytest.fixture
def autoscalers(namespace: str) -> str:
    """Where the namespace's autoscalers are."""
    return f"/apis/autoscaling/v2/namespaces/{namespace}/horizontalpodautoscalers"


@pytest.fixture
def deployments(namespace: str) -> str:
    """Where the namespace's Deployments are."""
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


def autoscaler(least: int | None, most: int, **spec: Any) -> Object:
    """An autoscaler of the Deployment `web`."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    given: Object = {"scaleTargetRef": target, "maxReplicas": most, **spec}
    return {"metadata": {"name": "web"}, "spec": given if least is None else {**given, "minReplicas": least}}


def reason(found: Object, kind: str) -> tuple[str, str]:
    """The status and the reason of a condition."""
    conditions = found["status"].get("conditions") or ()
    return next(((item["status"], item["reason"]) for item in conditions if item["type"] == kind), ("", ""))


@pytest.mark.parametrize(
    ("replicas", "limits", "expected", "word"),
    [(1, (2, 4), 2, "below Spec.MinReplicas"), (4, (1, 2), 2, "above Spec.MaxReplicas")],
    ids=["too few", "too many"],
)
async def test_an_autoscaler_brings_its_target_between_the_limits(
    cluster: Client,
    autoscalers: str,
    deployments: str,
    image: str,
    replicas: int,
    limits: tuple[int, int],
    expected: int,
    word: str,
) -> None:
    await cluster.made(deployments, workload("Deployment", "web", "registry.invalid/a:1", replicas))
    await cluster.made(autoscalers, autoscaler(*limits))
    await cluster.until(deployments, "web", lambda found: found["spec"]["replicas"] == expected, seconds=60)
    found = await cluster.until(
        autoscalers, "web", lambda found: found["status"]["desiredReplicas"] == expected, seconds=60
    )
    assert found["status"]["lastScaleTime"]
    events = autoscalers.replace("/apis/autoscaling/v2", "/api/v1").replace("horizontalpodautoscalers", "events")
    async for event in cluster.watch(events, 30, fieldSelector="reason=SuccessfulRescale"):
        assert event["object"]["message"] == f"New size: {expected}; reason: Current number of replicas {word}"
        break


async def test_an_autoscaler_without_metrics_says_so_and_leaves_its_target_alone(
    cluster: Client, autoscalers: str, deployments: str, image: str
) -> None:
    await cluster.made(deployments, workload("Deployment", "web", "registry.invalid/a:1", 2))
    made = await cluster.made(autoscalers, autoscaler(None, 3))
    assert made["spec"]["minReplicas"] == 1
    target = {"type": "Utilization", "averageUtilization": 80}
    assert made["spec"]["metrics"] == [{"type": "Resource", "resource": {"name": "cpu", "target": target}}]
    found = await cluster.until(autoscalers, "web", lambda found: reason(found, "ScalingActive")[1], seconds=60)
    assert reason(found, "AbleToScale") == ("True", "SucceededGetScale")
    assert reason(found, "ScalingActive") == ("False", "FailedGetResourceMetric")
    (message,) = [item["message"] for item in found["status"]["conditions"] if item["type"] == "ScalingActive"]
    assert message == (
        "the HPA was unable to compute the replica count: failed to get cpu utilization: unable to get metrics for resource cpu: "
        "unable to fetch metrics from resource metrics API: the server could not find the requested resource "
        "(get pods.metrics.k8s.io)"
    )
    assert (found["status"]["currentReplicas"], found["status"]["desiredReplicas"]) == (2, 0)
    assert (await cluster.get(f"{deployments}/web")).body["spec"]["replicas"] == 2
    cells = (await cluster.get(autoscalers, accept=TABLE)).body["rows"][0]["cells"]
    assert cells[:6] == ["web", "Deployment/web", "cpu: <unknown>/80%", "1", 3, 2]


async def test_an_autoscaler_leaves_a_target_without_replicas_alone(
    cluster: Client, autoscalers: str, deployments: str, image: str
) -> None:
    await cluster.made(deployments, workload("Deployment", "web", "registry.invalid/a:1", 0))
    await cluster.made(autoscalers, autoscaler(1, 3))
    found = await cluster.until(autoscalers, "web", lambda found: reason(found, "ScalingActive")[1], seconds=60)
    assert reason(found, "ScalingActive") == ("False", "ScalingDisabled")
    assert (await cluster.get(f"{deployments}/web")).body["spec"]["replicas"] == 0


async def test_an_autoscaler_of_nothing_reports_that_it_cannot_get_the_scale(
    cluster: Client, autoscalers: str, image: str
) -> None:
    await cluster.made(autoscalers, autoscaler(1, 3))
    found = await cluster.until(autoscalers, "web", lambda found: reason(found, "AbleToScale")[1], seconds=60)
    assert reason(found, "AbleToScale") == ("False", "FailedGetScale")
    (message,) = [item["message"] for item in found["status"]["conditions"]]
    assert message.endswith('deployments.apps "web" not found')


async def test_the_status_of_an_autoscaler_is_a_subresource(cluster: Client, autoscalers: str) -> None:
    made = await cluster.made(autoscalers, autoscaler(1, 3))
    await cluster.patch(f"{autoscalers}/web", {"status": {"desiredReplicas": 7}})
    assert (await cluster.get(f"{autoscalers}/web/status")).body["status"]["desiredReplicas"] == 0
    assert made["status"]["currentMetrics"] is None


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (autoscaler(0, 3), ["spec.minReplicas: Invalid value: 0: must be greater than or equal to 1"]),
        (autoscaler(4, 3), ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"]),
        (autoscaler(1, 0), ["spec.maxReplicas: Required value: must be set and greater than 0"]),
        (
            autoscaler(1, 3, scaleTargetRef={"apiVersion": "apps/v1"}),
            ["spec.scaleTargetRef.kind: Required value", "spec.scaleTargetRef.name: Required value"],
        ),
        (
            autoscaler(1, 3, scaleTargetRef={"kind": "Deployment", "name": "web"}),
            ["spec.scaleTargetRef.apiVersion: Invalid value"],
        ),
        (
            autoscaler(1, 3, metrics=[{"type": "Resource"}]),
            ["spec.metrics[0].resource: Required value: must populate information for the given metric source"],
        ),
        (
            autoscaler(
                1, 3, metrics=[{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization"}}}]
            ),
            ["spec.metrics[0].resource.target.averageUtilization: Required value"],
        ),
    ],
    ids=[
        "no minimum",
        "a minimum above the maximum",
        "no maximum",
        "no target",
        "a target's group",
        "no source",
        "no goal",
    ],
)
async def test_an_impossible_autoscaler_is_invalid(
    cluster: Client, autoscalers: str, body: Object, messages: list[str]
) -> None:
    answer = await cluster.post(autoscalers, body, dryRun="All")
    assert (answer.code, [message for message in messages if message not in answer.message]) == (422, []), (
        answer.message
    )
