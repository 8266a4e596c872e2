"""Paths and names in the volumes and mounts of pods: what the API rejects, with the field and words of Kubernetes."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conformance.client import Client
from tests.conformance.manifests import container, job, pod

LABEL = "a lowercase RFC 1123 label must consist of"
BACK = "must not contain '..'"
START = "must not start with '..'"
RELATIVE = "must be a relative path"


def config(**item: Any) -> dict[str, Any]:
    """A ConfigMap volume with one item."""
    return {"name": "it", "configMap": {"name": "c", "items": [{"key": "k", **item}]}}


def secret(**item: Any) -> dict[str, Any]:
    """A Secret volume with one item."""
    return {"name": "it", "secret": {"secretName": "s", "items": [{"key": "k", **item}]}}


def downward(path: str) -> dict[str, Any]:
    """A downward API volume with one file."""
    return {"items": [{"path": path, "fieldRef": {"fieldPath": "metadata.name"}}]}


def projected(**source: Any) -> dict[str, Any]:
    """A projected volume with one source."""
    return {"name": "it", "projected": {"sources": [source]}}


VOLUMES = [
    (config(path="../../x"), "volumes[0].configMap.items[0].path", BACK),
    (config(path="a/../../x"), "volumes[0].configMap.items[0].path", BACK),
    (config(path="/etc/x"), "volumes[0].configMap.items[0].path", RELATIVE),
    (config(path="..x"), "volumes[0].configMap.items[0].path", START),
    (config(path=""), "volumes[0].configMap.items[0].path", "Required value"),
    (config(path="a", mode=512), "volumes[0].configMap.items[0].mode", "must be a number between 0 and 0777"),
    (secret(path="../x"), "volumes[0].secret.items[0].path", BACK),
    (secret(path="/x"), "volumes[0].secret.items[0].path", RELATIVE),
    ({"name": "it", "downwardAPI": downward("../x")}, "volumes[0].downwardAPI.path", BACK),
    (
        projected(configMap={"name": "c", "items": [{"key": "k", "path": "../x"}]}),
        "volumes[0].projected.sources[0].configMap.items[0].path",
        BACK,
    ),
    (
        projected(secret={"name": "s", "items": [{"key": "k", "path": "/x"}]}),
        "volumes[0].projected.sources[0].secret.items[0].path",
        RELATIVE,
    ),
    (projected(downwardAPI=downward("..x")), "volumes[0].projected.sources[0].downwardAPI.path", START),
    (projected(serviceAccountToken={"path": "../x"}), "volumes[0].projected.path", BACK),
    ({"name": "../../x", "emptyDir": {}}, "volumes[0].name", LABEL),
    ({"name": "a/b", "emptyDir": {}}, "volumes[0].name", LABEL),
    ({"name": "", "emptyDir": {}}, "volumes[0].name", "Required value"),
    ({"name": "it", "emptyDir": {}, "configMap": {"name": "c"}}, "volumes[0].configMap", "more than 1 volume type"),
]


@pytest.mark.parametrize(
    ("volume", "field", "words"), VOLUMES, ids=[f"{field}: {words[:24]}" for _, field, words in VOLUMES]
)
async def test_a_volume_with_a_bad_path_or_name_is_invalid(
    cluster: Client, namespace: str, volume: dict[str, Any], field: str, words: str
) -> None:
    answer = await cluster.post(
        f"/api/v1/namespaces/{namespace}/pods", pod("p", container("a", "pass"), volumes=[volume])
    )
    assert (answer.code, answer.reason) == (422, "Invalid"), answer.body
    causes = {cause["field"]: cause["message"] for cause in answer.body["details"]["causes"]}
    assert words in causes[f"spec.{field}"]


MOUNTS = [
    ([{"name": "it", "mountPath": "/a", "subPath": "../x"}], "volumeMounts.subPath", BACK),
    ([{"name": "it", "mountPath": "/a", "subPath": "/x"}], "volumeMounts.subPath", RELATIVE),
    ([{"name": "it", "mountPath": ""}], "volumeMounts[0].mountPath", "Required value"),
    ([{"name": "other", "mountPath": "/a"}], "volumeMounts[0].name", 'Not found: "other"'),
    ([{"name": "it", "mountPath": "/a"}] * 2, "volumeMounts[1].mountPath", "must be unique"),
]


@pytest.mark.parametrize("kind", ["pods", "jobs"])
@pytest.mark.parametrize(("mounts", "field", "words"), MOUNTS, ids=[words for _, _, words in MOUNTS])
async def test_a_mount_with_a_bad_path_or_name_is_invalid(
    cluster: Client, namespace: str, kind: str, mounts: list[dict[str, Any]], field: str, words: str
) -> None:
    main, volumes = container("a", "pass", volumeMounts=mounts), [{"name": "it", "emptyDir": {}}]
    if kind == "pods":
        path, body = f"/api/v1/namespaces/{namespace}/pods", pod("p", main, volumes=volumes)
    else:
        path = f"/apis/batch/v1/namespaces/{namespace}/jobs"
        body = job("p", main, pod_spec={"volumes": volumes})
    answer = await cluster.post(path, body)
    assert (answer.code, answer.reason) == (422, "Invalid"), answer.body
    causes = {cause["field"]: cause["message"] for cause in answer.body["details"]["causes"]}
    at = "spec" if kind == "pods" else "spec.template.spec"
    assert words in causes[f"{at}.containers[0].{field}"]


async def test_two_volumes_of_one_name_are_invalid(cluster: Client, namespace: str) -> None:
    volumes = [{"name": "it", "emptyDir": {}}] * 2
    answer = await cluster.post(
        f"/api/v1/namespaces/{namespace}/pods", pod("p", container("a", "pass"), volumes=volumes)
    )
    assert [(cause["field"], cause["reason"]) for cause in answer.body["details"]["causes"]] == [
        ("spec.volumes[1].name", "FieldValueDuplicate")
    ]


async def test_a_mount_path_and_a_termination_message_path_may_lead_up(cluster: Client, namespace: str) -> None:
    """Kubernetes leaves both to the kubelet, which resolves them in the root of the container."""
    mounts = [{"name": "it", "mountPath": "/a/../../b"}]
    main = container("a", "pass", volumeMounts=mounts, terminationMessagePath="/../../c")
    body = pod("p", main, volumes=[{"name": "it", "emptyDir": {}}])
    assert (await cluster.post(f"/api/v1/namespaces/{namespace}/pods", body, dryRun="All")).code == 201
