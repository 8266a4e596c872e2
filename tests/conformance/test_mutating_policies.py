"""MutatingAdmissionPolicy: apply configurations and JSON patches, in order, before the object is validated."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import Client, Object
from tests.conformance.policies import (
    ADMISSION,
    CONFIG_MAPS,
    DRY,
    config_map,
    config_maps,
    mutating,
    unique_name,
    validating,
)

POD = {
    "metadata": {"name": "one"},
    "spec": {"containers": [{"name": "main", "image": "none"}], "restartPolicy": "Never"},
}
PODS = {**CONFIG_MAPS, "resources": ["pods"]}


def applying(expression: str) -> Object:
    return {"patchType": "ApplyConfiguration", "applyConfiguration": {"expression": expression}}


def patching(expression: str) -> Object:
    return {"patchType": "JSONPatch", "jsonPatch": {"expression": expression}}


@pytest.mark.parametrize(
    ("mutation", "data"),
    [
        (
            applying("Object{data: {'who': request.userInfo.username == '' ? 'nobody' : 'somebody'}}"),
            {"a": "b", "who": "somebody"},
        ),
        (applying("Object{data: {'a': object.data.a + '!'}}"), {"a": "b!"}),
        (applying("has(object.data.a) ? Object{data: {'x': 'y'}} : Object{}"), {"a": "b", "x": "y"}),
        (applying("Object{}"), {"a": "b"}),
        (patching("[JSONPatch{op: 'add', path: '/data/x', value: 'y'}]"), {"a": "b", "x": "y"}),
        (patching("[JSONPatch{op: 'replace', path: '/data/a', value: 'c'}]"), {"a": "c"}),
        (patching("[JSONPatch{op: 'move', from: '/data/a', path: '/data/z'}]"), {"z": "b"}),
        (
            patching("[JSONPatch{op: 'test', path: '/data/a', value: 'c'}, JSONPatch{op: 'remove', path: '/data/a'}]"),
            {"a": "b"},
        ),
        (
            patching("[JSONPatch{op: 'add', path: '/data/' + jsonpatch.escapeKey('x.y'), value: 'z'}]"),
            {"a": "b", "x.y": "z"},
        ),
        (patching("object.data.map(k, JSONPatch{op: 'replace', path: '/data/' + k, value: k})"), {"a": "a"}),
    ],
)
async def test_a_mutation_changes_the_object(
    cluster: Client, namespace: str, mutation: Object, data: dict[str, str]
) -> None:
    async with mutating(cluster, namespace, mutation):
        answer = await cluster.post(config_maps(namespace), config_map(a="b"), **DRY)
        assert (answer.code, answer.body.get("data")) == (201, data), answer.message


async def test_mutations_follow_each_other_and_policies_validate_their_result(cluster: Client, namespace: str) -> None:
    mutations = [applying("Object{data: {'n': '1'}}"), applying("Object{data: {'n': object.data.n + '2'}}")]
    seen = {"expression": "false", "messageExpression": "object.data.n + ' ' + string(has(object.metadata.labels))"}
    async with mutating(cluster, namespace, *mutations):
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert answer.body["data"] == {"n": "12"}
        async with validating(cluster, namespace, seen):
            answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
            assert answer.message.endswith("denied request: 12 false")


async def test_the_result_is_validated(cluster: Client, namespace: str) -> None:
    async with mutating(cluster, namespace, applying("Object{data: {'not a key': 'x'}}")):
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert (answer.code, "a valid config key must consist of" in answer.message) == (422, True)


async def test_a_container_is_added_to_a_pod_and_one_is_changed(cluster: Client, namespace: str) -> None:
    sidecar = (
        "Object{spec: Object.spec{"
        " containers: [Object.spec.containers{name: 'sidecar', image: 'proxy'}],"
        " initContainers: [Object.spec.initContainers{name: 'setup', image: 'proxy'}],"
        " volumes: [Object.spec.volumes{name: 'shared', emptyDir: Object.spec.volumes.emptyDir{}}]}}"
    )
    changed = "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'main', workingDir: '/tmp'}]}}"
    constraints = {"matchConstraints": {"resourceRules": [PODS, CONFIG_MAPS]}}
    condition = [{"name": "pods", "expression": "request.resource.resource == 'pods'"}]
    async with mutating(
        cluster, namespace, applying(sidecar), applying(changed), matchConditions=condition, **constraints
    ):
        answer = await cluster.post(f"/api/v1/namespaces/{namespace}/pods", POD, **DRY)
        assert answer.code == 201, answer.message
        spec = answer.body["spec"]
        assert sorted(container["name"] for container in spec["containers"]) == ["main", "sidecar"]
        (main,) = (container for container in spec["containers"] if container["name"] == "main")
        (proxy,) = (container for container in spec["containers"] if container["name"] == "sidecar")
        assert (main["image"], main["workingDir"]) == ("none", "/tmp")
        assert (proxy["imagePullPolicy"], proxy["terminationMessagePath"]) == ("Always", "/dev/termination-log")
        assert [container["name"] for container in spec["initContainers"]] == ["setup"]
        assert "shared" in {volume["name"] for volume in spec["volumes"]}


async def test_a_container_is_appended_by_a_json_patch(cluster: Client, namespace: str) -> None:
    expression = (
        "[JSONPatch{op: 'add', path: '/spec/containers/-',"
        " value: Object.spec.containers{name: 'sidecar', image: 'proxy', env: [Object.spec.containers.env{name: 'A', value: 'b'}]}}]"
    )
    async with mutating(
        cluster,
        namespace,
        patching(expression),
        matchConstraints={"resourceRules": [{**PODS, "operations": ["CREATE"]}]},
    ):
        answer = await cluster.post(f"/api/v1/namespaces/{namespace}/pods", POD, **DRY)
        assert answer.code == 201, answer.message
        sidecar = answer.body["spec"]["containers"][1]
        assert (sidecar["name"], sidecar["env"]) == ("sidecar", [{"name": "A", "value": "b"}])


@pytest.mark.parametrize(
    ("mutation", "words"),
    [
        (applying("Object{data: {'a': object.data.missing}}"), "resulted in error: no such key: missing"),
        (patching("[JSONPatch{op: 'remove', path: '/data/missing'}]"), "JSON Patch: "),
        (
            applying("Object{metadata: Object.data{}}"),
            'type mismatch: unexpected type name "Object.data", expected "Object.metadata", which matches field name path'
            " from root Object type",
        ),
    ],
    ids=["an error", "a patch that does not fit", "a type that does not fit"],
)
async def test_a_mutation_that_fails_denies_or_is_ignored(
    cluster: Client, namespace: str, mutation: Object, words: str
) -> None:
    async with mutating(cluster, namespace, mutation) as name:
        answer = await cluster.post(config_maps(namespace), config_map(a="b"), **DRY)
        assert (answer.code, answer.reason) == (403, "Invalid"), answer.message
        assert answer.message.startswith(f"policy '{name}' with binding '{name}' denied request: ")
        assert words in answer.message
        assert answer.body["details"]["causes"][0]["message"] == answer.message
    async with mutating(cluster, namespace, mutation, failurePolicy="Ignore"):
        answer = await cluster.post(config_maps(namespace), config_map(a="b"), **DRY)
        assert (answer.code, answer.body["data"]) == (201, {"a": "b"})


async def test_an_apply_configuration_changes_nothing_atomic(cluster: Client, namespace: str) -> None:
    expression = "Object{spec: Object.spec{containers: [Object.spec.containers{name: 'main', command: ['other']}]}}"
    async with mutating(cluster, namespace, applying(expression), matchConstraints={"resourceRules": [PODS]}):
        answer = await cluster.post(f"/api/v1/namespaces/{namespace}/pods", POD, **DRY)
        assert answer.code == 403
        assert (
            "invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.containers[0].command"
            in answer.message
        )


async def test_a_policy_is_asked_again_if_needed(cluster: Client, namespace: str) -> None:
    counted = applying("Object{data: {'count': string(int(object.?data[?'count'].orValue('0')) + 1)}}")
    async with mutating(cluster, namespace, counted, reinvocationPolicy="IfNeeded"):
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        first = int(answer.body["data"]["count"])
        later = applying("Object{data: {'later': 'yes'}}")
        async with mutating(cluster, namespace, later), mutating(cluster, namespace, later):
            answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
            assert int(answer.body["data"]["count"]) in (first, first + 1)
    async with mutating(cluster, namespace, counted):
        answer = await cluster.post(config_maps(namespace), config_map(), **DRY)
        assert answer.body["data"]["count"] == "1"


async def test_updates_are_changed(cluster: Client, namespace: str) -> None:
    path = config_maps(namespace)
    await cluster.made(path, config_map(a="b"))
    rule = {**CONFIG_MAPS, "operations": ["UPDATE"]}
    async with mutating(
        cluster,
        namespace,
        applying("Object{data: {'was': oldObject.data.a}}"),
        matchConstraints={"resourceRules": [rule]},
    ):
        answer = await cluster.patch(f"{path}/one", {"data": {"a": "c"}}, **DRY)
        assert answer.body["data"] == {"a": "c", "was": "b"}
        answer = await cluster.put(f"{path}/one", config_map(z="z"), **DRY)
        assert answer.body["data"] == {"z": "z", "was": "b"}


async def test_a_deletion_cannot_be_changed(cluster: Client) -> None:
    spec = {
        "matchConstraints": {"resourceRules": [{**CONFIG_MAPS, "operations": ["DELETE"]}]},
        "reinvocationPolicy": "Never",
        "mutations": [applying("Object{}")],
    }
    path = f"{ADMISSION}/mutatingadmissionpolicies"
    answer = await cluster.post(path, {"metadata": {"name": unique_name()}, "spec": spec}, **DRY)
    words = (
        'resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"'
    )
    assert (answer.code, words in answer.message) == (422, True), answer.message


INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("a string", applying("'a'"), "must evaluate to Object but got string"),
    ("a map", applying("{'a': 'b'}"), "must evaluate to Object but got map(string, string)"),
    ("an operation that is no patch", patching("['a']"), "must evaluate to list(JSONPatch) but got list(string)"),
    ("an unknown name", applying("Object{data: {'a': thing}}"), "undeclared reference to 'thing' (in container '')"),
]


@pytest.mark.parametrize(("mutation", "words"), [case[1:] for case in INVALID], ids=[case[0] for case in INVALID])
async def test_a_mutation_that_does_not_compile_is_invalid(cluster: Client, mutation: Object, words: str) -> None:
    spec = {
        "matchConstraints": {"resourceRules": [CONFIG_MAPS]},
        "reinvocationPolicy": "Never",
        "mutations": [mutation],
    }
    path = f"{ADMISSION}/mutatingadmissionpolicies"
    answer = await cluster.post(path, {"metadata": {"name": unique_name()}, "spec": spec}, **DRY)
    assert (answer.code, answer.reason) == (422, "Invalid")
    assert words in answer.message
