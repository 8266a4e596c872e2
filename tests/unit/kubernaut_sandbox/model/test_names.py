"""The syntax of names, labels and keys."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.names import config_key_causes, metadata_causes, qualified_name_causes


def messages(resource: str, **metadata: Any) -> list[str]:
    """What is wrong with the metadata of an object, in short."""
    causes = metadata_causes(Kinds().by_resource(resource), {"metadata": {"name": "one", **metadata}})
    return [str(cause) for cause in causes]


@pytest.mark.parametrize(
    ("resource", "name", "valid"),
    [
        ("configmaps", "a.b-c", True),
        ("configmaps", "a_b", False),
        ("configmaps", "x" * 254, False),
        ("namespaces", "a.b", False),
        ("services", "x" * 64, False),
        ("roles.rbac.authorization.k8s.io", "system:a_B", True),
        ("roles.rbac.authorization.k8s.io", "a/b", False),
        ("configmaps", "", False),
    ],
)
def test_the_kind_decides_which_names_are_valid(resource: str, name: str, valid: bool) -> None:
    assert (messages(resource, name=name) == []) is valid


@pytest.mark.parametrize(
    ("key", "valid"),
    [("app", True), ("example.com/app", True), ("Example/app", False), ("a/b/c", False), ("a/", False)],
)
def test_a_qualified_name_may_have_a_dns_prefix(key: str, valid: bool) -> None:
    assert (qualified_name_causes("metadata.labels", key) == []) is valid


@pytest.mark.parametrize(
    ("key", "valid"), [("a.B_c-1", True), ("..data", False), (".", False), ("a b", False), ("x" * 254, False)]
)
def test_a_key_of_a_configmap_has_a_narrow_alphabet(key: str, valid: bool) -> None:
    assert (config_key_causes("data", key) == []) is valid


def test_a_finalizer_of_a_built_in_kind_is_qualified_or_standard() -> None:
    assert messages("configmaps", finalizers=["example.com/hold", "orphan"]) == []
    (message,) = messages("configmaps", finalizers=["hold"])
    assert message.startswith('metadata.finalizers[0]: Invalid value: "hold": name is neither a standard finalizer')


def test_only_one_owner_can_be_the_controller() -> None:
    owner = {"apiVersion": "v1", "kind": "Pod", "name": "one", "uid": "1", "controller": True}
    assert messages("configmaps", ownerReferences=[owner]) == []
    assert len(messages("configmaps", ownerReferences=[owner, owner])) == 1
    assert len(messages("configmaps", ownerReferences=[{**owner, "uid": ""}])) == 1
