"""The values that a pod refers to."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.kubelet.references import MissingReferenceError, config_key, field_value, resource_value
from kubernaut_sandbox.model.store import Store

_POD = {"metadata": {"name": "one", "namespace": "a", "labels": {"app.io/x": "web", "b": "2"}}, "spec": {}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "one"),
        ("metadata.labels['app.io/x']", "web"),
        ("metadata.labels", 'app.io/x="web"\nb="2"'),
        ("status.podIP", ""),
    ],
)
def test_a_field_of_the_pod_is_text(path: str, value: str) -> None:
    assert field_value(_POD, path) == value


@pytest.mark.parametrize(
    ("reference", "value"),
    [
        ({"resource": "limits.memory", "divisor": "1Mi"}, "129"),
        ({"resource": "limits.cpu"}, "1"),
        ({"resource": "requests.cpu"}, "0"),
        ({"resource": "limits.ephemeral", "divisor": "1"}, "2"),
    ],
    ids=["rounded up", "a whole unit", "no request is zero", "no limit is the node's capacity"],
)
def test_a_resource_is_in_units_of_the_divisor(reference: dict[str, str], value: str) -> None:
    container = {"resources": {"limits": {"memory": "129Mi", "cpu": "500m"}}}
    assert resource_value(_POD, container, reference) == value


def test_a_key_of_a_configmap_or_secret_is_read_decoded() -> None:
    store = Store()
    store.put("configmaps", {"metadata": {"name": "c", "namespace": "a"}, "data": {"k": "v"}})
    store.put("secrets", {"metadata": {"name": "s", "namespace": "a"}, "data": {"k": "dg=="}})
    assert config_key(store, _POD, "configmap", {"name": "c", "key": "k"}) == b"v"
    assert config_key(store, _POD, "secret", {"name": "s", "key": "k"}) == b"v"


@pytest.mark.parametrize(
    ("name", "message"), [("nope", 'configmap "nope" not found'), ("c", "couldn't find key k in ConfigMap a/c")]
)
def test_a_missing_reference_is_an_error_unless_it_is_optional(name: str, message: str) -> None:
    store = Store()
    store.put("configmaps", {"metadata": {"name": "c", "namespace": "a"}})
    reference: dict[str, Any] = {"name": name, "key": "k"}
    with pytest.raises(MissingReferenceError, match=message):
        config_key(store, _POD, "configmap", reference)
    assert config_key(store, _POD, "configmap", {**reference, "optional": True}) is None
