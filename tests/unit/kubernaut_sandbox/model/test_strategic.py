"""Strategic merge patches."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.model.strategic import strategic_merge

_CONTAINERS = {"containers": [{"name": "a", "image": "x", "env": [{"name": "E", "value": "1"}]}, {"name": "b"}]}


@pytest.mark.parametrize(
    ("patch", "names"),
    [
        pytest.param([{"name": "b", "image": "y"}], ["a", "b"], id="merged by name"),
        pytest.param([{"name": "c"}], ["c", "a", "b"], id="added in front"),
        pytest.param([{"name": "a", "$patch": "delete"}], ["b"], id="deleted"),
        pytest.param([{"$patch": "replace"}, {"name": "c"}], ["c"], id="replaced"),
    ],
)
def test_a_keyed_list_is_merged_by_its_key(patch: list[dict[str, Any]], names: list[str]) -> None:
    merged = strategic_merge(_CONTAINERS, {"containers": patch})
    assert [container["name"] for container in merged["containers"]] == names


def test_an_item_keeps_the_fields_that_the_patch_does_not_name() -> None:
    patch = {"containers": [{"name": "a", "env": [{"name": "F", "value": "2"}]}]}
    (first, _) = strategic_merge(_CONTAINERS, patch)["containers"]
    assert first["image"] == "x"
    assert [variable["name"] for variable in first["env"]] == ["F", "E"]


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"command": ["a"]}, {"command": ["b"]}, {"command": ["b"]}),
        ({"finalizers": ["a"]}, {"finalizers": ["a", "b"]}, {"finalizers": ["b", "a"]}),
        ({"finalizers": ["a", "b"]}, {"$deleteFromPrimitiveList/finalizers": ["a"]}, {"finalizers": ["b"]}),
        ({"a": 1, "b": 2}, {"$retainKeys": ["a"], "a": 3}, {"a": 3}),
        ({"a": {"b": 1}}, {"a": {"$patch": "replace", "c": 2}}, {"a": {"c": 2}}),
        ({"a": 1}, {"a": None}, {}),
    ],
    ids=["a plain list", "a set", "deleted from a set", "retained keys", "a replaced object", "null removes"],
)
def test_directives_and_lists_without_a_key(target: Any, patch: Any, merged: Any) -> None:
    assert strategic_merge(target, patch) == merged


def test_an_item_without_its_merge_key_is_a_bad_request() -> None:
    with pytest.raises(ApiError, match="does not contain declared merge key: name") as caught:
        strategic_merge(_CONTAINERS, {"containers": [{"image": "y"}]})
    assert caught.value.code == 400
