"""The three patch types."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.conformance.client import JSON_PATCH, MERGE, STRATEGIC, Client
from tests.conformance.manifests import configmap, workload


@pytest.fixture
async def one(cluster: Client, namespace: str) -> AsyncIterator[str]:
    """A ConfigMap to patch."""
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    await cluster.made(maps, configmap("one", {"a": "1", "b": "2"}, labels={"x": "y"}, finalizers=["example.com/old"]))
    yield f"{maps}/one"
    await cluster.patch(f"{maps}/one", {"metadata": {"finalizers": None}})


async def test_a_merge_patch_sets_and_removes_fields(cluster: Client, one: str) -> None:
    assert (await cluster.patch(one, {"data": {"a": None, "c": "3"}}, MERGE)).body["data"] == {"b": "2", "c": "3"}


async def test_a_json_patch_sets_and_removes_fields(cluster: Client, one: str) -> None:
    operations = [{"op": "remove", "path": "/data/a"}, {"op": "add", "path": "/data/c", "value": "3"}]
    assert (await cluster.patch(one, operations, JSON_PATCH)).body["data"] == {"b": "2", "c": "3"}


async def test_a_json_patch_that_replaces_an_absent_field_adds_it(cluster: Client, one: str) -> None:
    answer = await cluster.patch(one, [{"op": "replace", "path": "/data/new", "value": "3"}], JSON_PATCH)
    assert answer.body["data"]["new"] == "3"


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param({"op": "test", "path": "/data/a", "value": "9"}, id="a test that fails"),
        pytest.param({"op": "remove", "path": "/data/zz"}, id="removing what is not there"),
    ],
)
async def test_a_json_patch_that_cannot_be_applied_is_invalid(cluster: Client, one: str, operation: dict) -> None:
    answer = await cluster.patch(one, [operation], JSON_PATCH)
    assert (answer.code, answer.reason) == (422, "Invalid")


async def test_a_strategic_patch_adds_finalizers_and_merges_containers_by_name(
    cluster: Client, namespace: str, one: str
) -> None:
    answer = await cluster.patch(one, {"metadata": {"finalizers": ["example.com/new"]}}, STRATEGIC)
    assert answer.body["metadata"]["finalizers"] == ["example.com/new", "example.com/old"]
    await cluster.patch(one, {"metadata": {"finalizers": None}})
    deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    await cluster.made(deployments, workload("Deployment", "web", "example.invalid/a", 0))
    containers = [
        {"name": "side", "image": "example.invalid/b"},
        {"name": "main", "env": [{"name": "A", "value": "1"}]},
    ]
    patch = {"spec": {"template": {"spec": {"containers": containers}}}}
    found = (await cluster.patch(f"{deployments}/web", patch, STRATEGIC)).body["spec"]["template"]["spec"]["containers"]
    assert [c["name"] for c in found] == ["side", "main"]
    assert found[1]["image"] == "example.invalid/a"
    assert found[1]["env"] == [{"name": "A", "value": "1"}]
    patch["spec"]["template"]["spec"]["containers"] = [{"name": "side", "$patch": "delete"}]
    found = (await cluster.patch(f"{deployments}/web", patch, STRATEGIC)).body["spec"]["template"]["spec"]["containers"]
    assert [c["name"] for c in found] == ["main"]


async def test_a_patch_with_an_outdated_resource_version_is_a_conflict(cluster: Client, one: str) -> None:
    answer = await cluster.patch(one, {"metadata": {"resourceVersion": "1"}, "data": {"a": "9"}})
    assert (answer.code, answer.reason) == (409, "Conflict")


async def test_a_patch_cannot_rename_an_object(cluster: Client, one: str) -> None:
    answer = await cluster.patch(one, {"metadata": {"name": "two"}})
    assert (answer.code, answer.reason) == (400, "BadRequest")
    assert answer.message == "the name of the object (two) does not match the name on the URL (one)"


async def test_a_patch_of_the_wrong_type_is_invalid(cluster: Client, one: str) -> None:
    answer = await cluster.patch(one, {"data": {"a": 1}})
    assert (answer.code, answer.body["details"]["causes"][0]["field"]) == (422, "patch")
    assert "cannot unmarshal number into Go struct field ConfigMap.data of type string" in answer.message


async def test_an_unknown_patch_type_is_unsupported(cluster: Client, one: str) -> None:
    answer = await cluster.patch(one, {}, "application/foo")
    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")
