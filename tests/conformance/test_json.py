"""JSON that is none, or that is on the edge: what the API rejects, replaces or warns about, for every verb that has a body."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conformance.client import JSON_PATCH, MERGE, STRATEGIC, Client
from tests.conformance.manifests import configmap, workload
from tests.conformance.test_custom_resources import group, widgets  # noqa: F401 - fixtures

NOT_JSON = {
    "NaN": b"NaN",
    "Infinity": b"Infinity",
    "-Infinity": b"-Infinity",
    "beyond a double": b"1e400",
    "10,001 levels": b"[" * 10_001 + b"]" * 10_001,
    "cut": b"[",
    "a number with a leading zero": b"01",
    "a comment": b"1 // one",
}


@pytest.fixture
async def path(cluster: Client, widgets: str) -> str:  # noqa: F811 - the fixture
    """A custom resource whose field `open` takes anything."""
    await cluster.made(widgets, {"metadata": {"name": "one"}, "spec": {"size": 1, "open": {}}, **_type(widgets)})
    return f"{widgets}/one"


def _type(widgets: str) -> dict[str, str]:  # noqa: F811 - the fixture's value
    return {"apiVersion": "/".join(widgets.split("/")[2:4]), "kind": "Widget"}


def body(path: str, value: bytes, **metadata: str) -> bytes:
    """A manifest with these bytes as the value of a field."""
    manifest = {
        "metadata": {"name": "two", **metadata},
        "spec": {"size": 1, "open": {"x": "HERE"}},
        **_type(path.rpartition("/")[0]),
    }
    return json.dumps(manifest).encode().replace(b'"HERE"', value)


@pytest.mark.parametrize("value", NOT_JSON.values(), ids=NOT_JSON.keys())
async def test_what_is_not_json_is_a_bad_request_for_every_verb_and_hurts_no_list(
    cluster: Client, path: str, value: bytes
) -> None:
    revision = (await cluster.get(path)).body["metadata"]["resourceVersion"]
    collection = path.rpartition("/")[0]
    answers = [
        await cluster.post(collection, body(path, value)),
        await cluster.put(path, body(path, value, name="one", resourceVersion=revision)),
        await cluster.put(f"{path}/status", body(path, value, name="one", resourceVersion=revision)),
        await cluster.patch(path, b'{"spec": {"open": {"x": ' + value + b"}}}", MERGE),
        await cluster.patch(path, b'[{"op": "add", "path": "/spec/open/x", "value": ' + value + b"}]", JSON_PATCH),
        await cluster.patch(f"{path}/status", b'{"status": {"phase": ' + value + b"}}", MERGE),
        await cluster.patch(f"{path}/scale", b'{"spec": {"replicas": ' + value + b"}}", MERGE),
    ]
    assert [(answer.code, answer.reason) for answer in answers] == [(400, "BadRequest")] * len(answers)
    listed = await cluster.get(collection)
    assert [(one["metadata"]["name"], one["spec"]["open"]) for one in listed.body["items"]] == [("one", {})]


@pytest.mark.parametrize("value", NOT_JSON.values(), ids=NOT_JSON.keys())
async def test_what_is_not_json_is_a_bad_request_for_a_kind_that_is_built_in(
    cluster: Client, namespace: str, value: bytes
) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    await cluster.made(maps, configmap("one", {"k": "v"}))
    manifest = json.dumps(configmap("two", {"k": "HERE"})).encode().replace(b'"HERE"', value)
    answers = [
        await cluster.post(maps, manifest),
        await cluster.put(f"{maps}/one", manifest),
        await cluster.patch(f"{maps}/one", b'{"data": {"k": ' + value + b"}}", STRATEGIC),
    ]
    assert [(answer.code, answer.reason) for answer in answers] == [(400, "BadRequest")] * 3
    assert (await cluster.get(f"{maps}/one")).body["data"] == {"k": "v"}


@pytest.mark.parametrize(
    ("value", "stored"),
    [
        (b'"\\ud800"', "\N{REPLACEMENT CHARACTER}"),
        (b'"\\ude00\\ud83d"', "\N{REPLACEMENT CHARACTER}" * 2),
        (b'"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
        (b'"\xff"', "\N{REPLACEMENT CHARACTER}"),
        (b'"\\u0000"', "\0"),
        (b"9223372036854775807", 9223372036854775807),
        (b"9223372036854775808", 9223372036854775808.0),
        (b"1e-400", 0),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
    ids=[
        "half a character",
        "two wrong halves",
        "two halves",
        "a byte that is not UTF-8",
        "a NUL",
        "the largest integer",
        "a larger one",
        "almost nothing",
        "a key twice",
    ],
)
async def test_json_on_the_edge_is_stored_as_go_reads_it(cluster: Client, path: str, value: bytes, stored: Any) -> None:
    collection = path.rpartition("/")[0]
    assert (await cluster.post(collection, body(path, value))).code == 201
    found = (await cluster.get(f"{collection}/two")).body["spec"]["open"]["x"]
    # Go writes a large float without an exponent, so that Python reads it as an integer.
    assert (float(found) if isinstance(stored, float) else found) == stored
    assert len((await cluster.get(collection)).body["items"]) == 2


async def test_a_field_that_is_there_twice_is_warned_about_or_rejected_by_field_validation(
    cluster: Client, namespace: str
) -> None:
    maps = f"/api/v1/namespaces/{namespace}/configmaps"
    twice = b'{"metadata": {"name": "a", "labels": {"l": "1", "l": "2"}}, "data": {"k": "1", "k": "2"}}'
    warned = await cluster.post(maps, twice, dryRun="All")
    assert warned.code == 201
    assert warned.body["data"] == {"k": "2"}
    assert set(warned.warnings) == {
        '299 - "duplicate field \\"metadata.labels.l\\""',
        '299 - "duplicate field \\"data.k\\""',
    }
    assert not (await cluster.post(maps, twice, dryRun="All", fieldValidation="Ignore")).warnings
    refused = await cluster.post(maps, twice, fieldValidation="Strict")
    assert (refused.code, refused.reason) == (400, "BadRequest")
    assert "strict decoding error" in refused.message
    assert 'duplicate field "data.k"' in refused.message
    await cluster.made(maps, configmap("a"))
    refused = await cluster.patch(f"{maps}/a", b'{"data": {"k": "1", "k": "2"}}', fieldValidation="Strict")
    assert (refused.code, refused.reason) == (422, "Invalid")
    assert 'duplicate field "data.k"' in refused.message


async def test_an_integer_that_is_too_large_for_its_field_is_a_bad_request(cluster: Client, namespace: str) -> None:
    deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    answer = await cluster.post(deployments, workload("Deployment", "web", "example.invalid/a", 3_000_000_000))
    assert (answer.code, answer.reason) == (400, "BadRequest")
    assert "cannot unmarshal number 3000000000 into Go struct field" in answer.message
    assert "spec.replicas of type int32" in answer.message


async def test_copies_of_a_json_patch_that_multiply_are_rejected(cluster: Client, path: str) -> None:
    await cluster.patch(path, {"spec": {"open": {"x": "y" * 100_000}}})
    copies = [{"op": "copy", "from": "/spec/open", "path": f"/spec/open/{index}"} for index in range(40)]
    assert (await cluster.patch(path, copies, JSON_PATCH)).code == 422
