"""Hostile bodies and queries sent to the sandbox: each ends in a Status, and what is accepted can be read by everybody."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from kubernaut.embedded.cluster import embedded
from kubernaut.plugins.registry import Registry
from kubernaut_sandbox.model.documents import MAX_DEPTH
from tests.conformance.client import JSON_PATCH, MERGE, TABLE, Client, connected

EXECUTIONS = "/apis/kubernaut.io/v1alpha1/namespaces/production/kubernetesexecutions"
YAML = "application/yaml"


@pytest.fixture
async def admin(registry: Registry) -> AsyncIterator[Client]:
    """The admin of a sandbox with a running engine and its admission policies."""
    async with embedded(registry) as running, connected(running.sandbox.kubeconfig()) as client:
        yield client


def execution(value: str, name: str = "hostile") -> bytes:
    """An execution that waits, with this text as the value of a parameter."""
    manifest = {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": name},
        "spec": {"action": "scale", "suspend": True, "parameters": {"name": "web", "replicas": 1, "x": "HERE"}},
    }
    return json.dumps(manifest).replace('"HERE"', value).encode()


BAD = {
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "1e400": "1e400",
    "1,500 levels": "[" * 1500 + "]" * 1500,
    "100,000 levels": "[" * 100_000 + "]" * 100_000,
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD.keys())
async def test_what_no_object_can_hold_is_a_400_and_the_namespace_can_be_listed(admin: Client, value: str) -> None:
    await admin.call("POST", EXECUTIONS, execution("1"))
    one = f"{EXECUTIONS}/hostile"
    answers = [
        await admin.post(EXECUTIONS, execution(value, "other")),
        await admin.put(one, execution(value)),
        await admin.put(f"{one}/status", execution(value)),
        await admin.patch(one, f'{{"spec": {{"parameters": {{"x": {value}}}}}}}'.encode(), MERGE),
        await admin.patch(one, f'[{{"op": "test", "path": "/spec", "value": {value}}}]'.encode(), JSON_PATCH),
        await admin.patch(f"{one}/status", f'{{"status": {{"outputs": {value}}}}}'.encode(), MERGE),
        await admin.delete(one, f'{{"preconditions": {value}}}'.encode()),
        await admin.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", f'{{"spec": {value}}}'.encode()),
        await admin.post(
            "/api/v1/namespaces/production/serviceaccounts/default/token", f'{{"spec": {value}}}'.encode()
        ),
    ]
    assert [(answer.code, answer.body.get("kind")) for answer in answers] == [(400, "Status")] * len(answers)
    assert [one["metadata"]["name"] for one in (await admin.get(EXECUTIONS)).body["items"]] == ["hostile"]


@pytest.mark.parametrize(
    "text",
    [
        ".nan",
        "-.inf",
        "9" + "0" * 400,
        "[" * 1500 + "]" * 1500,
        "!!binary aGk=",
        "&a ["
        + "1," * 9
        + "]\n"
        + "".join(f"a{i}: &b{i} [" + f"*{'b' + str(i - 1) if i else 'a'}," * 9 + "]\n" for i in range(9)),
        "&a [*a]",
    ],
    ids=["NaN", "Infinity", "400 digits", "1,500 levels", "bytes", "aliases that multiply", "an alias of itself"],
)
async def test_the_same_in_yaml_is_a_400(admin: Client, text: str) -> None:
    body = (
        "apiVersion: kubernaut.io/v1alpha1\nkind: KubernetesExecution\nmetadata: {name: other}\n"
        f"spec: {{action: scale, suspend: true}}\nvalue: {text}"
    )
    answer = await admin.call("POST", EXECUTIONS, body.encode(), YAML)
    assert (answer.code, answer.body["kind"]) == (400, "Status")
    assert (await admin.get(EXECUTIONS)).body["items"] == []


async def test_the_deepest_execution_that_is_accepted_can_be_read_changed_and_deleted(admin: Client) -> None:
    levels = MAX_DEPTH - 3
    assert (await admin.post(EXECUTIONS, execution("[" * (levels + 1) + "]" * (levels + 1)))).code == 400
    assert (await admin.post(EXECUTIONS, execution("[" * levels + "]" * levels))).code == 201
    one = f"{EXECUTIONS}/hostile"
    answers = [
        await admin.get(one),
        await admin.get(EXECUTIONS),
        await admin.call("GET", EXECUTIONS, accept=TABLE),
        await admin.patch(one, {"metadata": {"labels": {"a": "b"}}}),
        await admin.patch(one, [{"op": "add", "path": "/metadata/labels/c", "value": "d"}], JSON_PATCH),
        await admin.put(one, (await admin.get(one)).body),
        await admin.delete(one),
    ]
    assert [answer.code for answer in answers] == [200] * len(answers)


async def test_an_execution_does_not_get_deeper_by_patches(admin: Client) -> None:
    await admin.post(EXECUTIONS, execution("1"))
    status, levels = f"{EXECUTIONS}/hostile/status", 150
    deep = json.loads("[" * levels + "]" * levels)
    assert (await admin.patch(status, {"status": {"result": {"outputs": {"x": deep}}}})).code == 200
    inside = "/status/result/outputs/x" + "/0" * (levels - 1)
    answer = await admin.patch(status, [{"op": "copy", "from": "/status", "path": f"{inside}/-"}], JSON_PATCH)
    assert (answer.code, answer.reason) == (400, "BadRequest")
    further = f"/0{inside.removeprefix('/status')}"
    copies = [{"op": "copy", "from": "/status", "path": f"{inside}{further * index}/-"} for index in range(9)]
    answer = await admin.patch(status, copies, JSON_PATCH)
    assert (answer.code, answer.reason) == (400, "BadRequest")
    assert (await admin.get(EXECUTIONS)).code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "\u00b2"},
        {"limit": "9" * 5000},
        {"resourceVersion": "\u00b2"},
        {"resourceVersion": "9" * 5000},
        {"continue": "e30"},
        {"continue": "eyJydiI6IEluZmluaXR5LCAic3RhcnQiOiBbMV19"},
        {"continue": "eyJydiI6IDEsICJzdGFydCI6IFsxLCAyXX0"},
        {"continue": "W1tb" * 1000},
        {"watch": "true", "timeoutSeconds": "nan"},
        {"watch": "true", "timeoutSeconds": "1e9"},
        {"labelSelector": "a in (" * 100},
        {"labelSelector": "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")},
        {"fieldSelector": "metadata.name=\0"},
    ],
    ids=str,
)
async def test_a_query_of_no_use_is_answered_with_a_status(admin: Client, query: dict[str, str]) -> None:
    async with asyncio.timeout(10):
        answer = await admin.get(EXECUTIONS, **query)
    assert answer.code in (200, 400, 410, 504), answer.body


@pytest.mark.parametrize("seconds", ["abc", "\u00b2", "-1", "1e400"])
async def test_a_grace_period_that_is_no_number_is_a_400(admin: Client, seconds: str) -> None:
    assert (await admin.delete(f"{EXECUTIONS}/x", gracePeriodSeconds=seconds)).code == 400


@pytest.mark.parametrize("key", ["\x1b[2J", "\r\nX-Evil: 1", "\x00", "\x85", "x" * 20_000, '"\\'], ids=ascii)
async def test_an_unknown_field_of_any_name_is_answered_and_puts_nothing_into_headers(admin: Client, key: str) -> None:
    body = json.dumps({"metadata": {"name": "odd"}, key: 1, f"{key}2": 2}).encode()
    answer = await admin.post("/api/v1/namespaces/production/configmaps", body, dryRun="All")
    assert answer.code == 201, answer.body
    assert sum(len(warning) for warning in answer.warnings) < 5000
    assert not any("\x1b" in warning or "\r" in warning for warning in answer.warnings)
