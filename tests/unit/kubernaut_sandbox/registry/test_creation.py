"""The metadata that the server sets on a new object."""

from __future__ import annotations

import pytest

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.registry.creation import with_generated_name, with_identity

_KIND = Kind("", "v1", "configmaps", "ConfigMap")


def test_a_new_object_has_an_identity_of_the_servers() -> None:
    given = {"metadata": {"name": "one", "uid": "mine", "creationTimestamp": "then", "generation": 7}}
    created = with_identity(_KIND, "a", given)
    assert (created["kind"], created["apiVersion"]) == ("ConfigMap", "v1")
    assert created["metadata"].keys() == {"name", "namespace", "uid", "creationTimestamp"}
    assert created["metadata"]["namespace"] == "a"
    assert created["metadata"]["uid"] != "mine"


def test_an_object_of_another_namespace_or_with_a_version_is_rejected() -> None:
    with pytest.raises(ApiError, match="does not match the namespace"):
        with_identity(_KIND, "a", {"metadata": {"namespace": "b"}})
    with pytest.raises(ApiError, match="resourceVersion should not be set"):
        with_identity(_KIND, "a", {"metadata": {"resourceVersion": "1"}})


def test_a_name_is_generated_only_where_there_is_none() -> None:
    assert with_generated_name({"metadata": {"name": "a", "generateName": "b-"}})["metadata"]["name"] == "a"
    generated = with_generated_name({"metadata": {"generateName": "x" * 80}})["metadata"]["name"]
    assert len(generated) == 63
