"""Patches by media type."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.patches import APPLY_PATCH, JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, Patch, merge_patch
from kubernaut_sandbox.model.statuses import ApiError

_BUILT_IN = Kind("", "v1", "pods", "Pod")
_CUSTOM = Kind("example.com", "v1", "widgets", "Widget", custom={"name": "v1"})


@pytest.mark.parametrize(
    ("target", "patch", "merged"),
    [
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": None}}, {"a": {"c": 2}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": "text"}, {"a": {"b": {"c": None}}}, {"a": {"b": {}}}),
    ],
    ids=["null removes", "a list is replaced", "an object replaces text"],
)
def test_a_merge_patch_follows_rfc_7396(target: Any, patch: Any, merged: Any) -> None:
    assert merge_patch(target, patch) == merged


def test_a_json_patch_replaces_an_absent_member_and_leaves_the_original() -> None:
    current = {"data": {"a": "1"}}
    patch = Patch(JSON_PATCH, [{"op": "replace", "path": "/data/b", "value": "2"}])
    assert patch.apply(_BUILT_IN, current) == {"data": {"a": "1", "b": "2"}}
    assert current == {"data": {"a": "1"}}


@pytest.mark.parametrize("kind", [_BUILT_IN, _CUSTOM], ids=["built-in", "custom"])
@pytest.mark.parametrize("media_type", [JSON_PATCH, MERGE_PATCH])
def test_json_and_merge_patches_are_supported_for_every_kind(kind: Kind, media_type: str) -> None:
    assert Patch(media_type, [] if media_type == JSON_PATCH else {}).apply(kind, {"a": 1}) == {"a": 1}


@pytest.mark.parametrize(
    ("kind", "media_type", "code"),
    [
        pytest.param(_CUSTOM, STRATEGIC_PATCH, 415, id="strategic for a custom kind"),
        pytest.param(_BUILT_IN, APPLY_PATCH, 501, id="server-side apply"),
        pytest.param(_BUILT_IN, "application/json", 415, id="no patch type"),
    ],
)
def test_any_other_patch_type_is_an_error(kind: Kind, media_type: str, code: int) -> None:
    with pytest.raises(ApiError) as caught:
        Patch(media_type, {}).check_type(kind)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("media_type", "content", "code"),
    [
        pytest.param(MERGE_PATCH, [], 400, id="a list as a merge patch"),
        pytest.param(JSON_PATCH, {}, 400, id="an object as a JSON patch"),
        pytest.param(JSON_PATCH, [{"op": "remove", "path": "/nope"}], 422, id="removing an absent member"),
        pytest.param(JSON_PATCH, [{"op": "test", "path": "", "value": {}}] * 10_001, 413, id="too many operations"),
    ],
)
def test_a_patch_that_cannot_be_applied_is_an_error(media_type: str, content: Any, code: int) -> None:
    with pytest.raises(ApiError) as caught:
        Patch(media_type, content).apply(_BUILT_IN, {})
    assert caught.value.code == code
