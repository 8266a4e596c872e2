"""The engine's own custom resource, under another group: what an API server keeps and refuses of it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from kubernaut.api.crd import crd
from kubernaut.api.execution import PLURAL, VERSION
from tests.conformance.client import MERGE, Client
from tests.conformance.manifests import condition

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_REQUEST = {"verb": "PATCH", "resource": "v1/configmaps", "name": "c"}
_STAGES = [
    {"name": "wait", "startTime": "2026-05-01T12:00:00.250000Z", "took": 5, "detail": "TargetBusy"},
    {"name": "attempt", "at": 7, "took": 9_000_000_000_000, "attempt": 2, "error": "e"},
    {"name": "request", "at": -1, "within": "attempt", "attempt": 0, "request": _REQUEST},
]
_EARLIER = [
    {"name": "wait", "startTime": "2026-05-01T12:00:00.250000Z", "endTime": "2026-05-01T12:00:01Z"},
    {
        "name": "request",
        "startTime": "2026-05-01T12:00:01Z",
        "within": "wait",
        "attempt": 1,
        "request": {**_REQUEST, "code": 200, "count": 1},
    },
]


@pytest.fixture
async def execution(cluster: Client, namespace: str) -> AsyncIterator[str]:
    """The path of an execution that no engine sees."""
    group = f"g{secrets.token_hex(3)}.example.com"
    spec = crd()["spec"]
    names = {key: value for key, value in spec["names"].items() if key != "shortNames"}
    definition = {"metadata": {"name": f"{PLURAL}.{group}"}, "spec": {**spec, "group": group, "names": names}}
    await cluster.made(_CRDS, definition)
    await cluster.until(_CRDS, f"{PLURAL}.{group}", lambda made: condition(made, "Established"))
    path = f"/apis/{group}/{VERSION}/namespaces/{namespace}/{PLURAL}"
    body = {"apiVersion": f"{group}/{VERSION}", "kind": names["kind"], "metadata": {"name": "a"}}
    await cluster.made(path, {**body, "spec": {"action": "scale"}})
    yield f"{path}/a"
    await cluster.delete(f"{_CRDS}/{PLURAL}.{group}")


@pytest.mark.parametrize(
    "stages",
    [
        pytest.param(_STAGES, id="as they are stored"),
        pytest.param(_EARLIER, id="as earlier engines stored them"),
        pytest.param([*_EARLIER, *_STAGES[1:]], id="both"),
    ],
)
async def test_stages_are_kept_as_they_were_written(
    cluster: Client, execution: str, stages: list[dict[str, Any]]
) -> None:
    written = await cluster.patch(f"{execution}/status", {"status": {"stages": stages}}, MERGE)
    assert written.code == 200, written.body
    assert (await cluster.get(execution)).body["status"]["stages"] == stages, "nothing is pruned or filled in"


@pytest.mark.parametrize(
    ("field", "value"),
    [("took", "5"), ("at", 1.5), ("startTime", "noon"), ("endTime", 1), ("attempt", "1"), ("name", None)],
)
async def test_a_stage_with_a_value_of_another_type_is_invalid(
    cluster: Client, execution: str, field: str, value: Any
) -> None:
    stage = {key: found for key, found in {**_STAGES[0], field: value}.items() if found is not None}
    refused = await cluster.patch(f"{execution}/status", {"status": {"stages": [stage]}}, MERGE)
    assert refused.code == 422, refused.body
    assert f"status.stages[0].{field}" in refused.body["message"]
