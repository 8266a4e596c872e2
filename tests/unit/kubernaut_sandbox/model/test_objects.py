"""Accessors of manifests."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.model.objects import dig, put_condition, with_meta

_OBJECT = {"spec": {"list": [{"a": 1}, {"a": 2}]}, "metadata": {"labels": {"app.io/x": "web"}}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("spec.list[1].a", 2),
        (".spec.list[-1].a", 2),
        ("spec.list[7].a", None),
        ("metadata.labels['app.io/x']", "web"),
        ("spec.none.deeper", None),
    ],
)
def test_a_path_leads_to_a_value_or_to_none(path: str, value: Any) -> None:
    assert dig(_OBJECT, path) == value


def test_the_transition_time_of_a_condition_changes_only_with_its_status() -> None:
    old = [{"type": "Ready", "status": "True", "lastTransitionTime": "then"}, {"type": "Other", "status": "True"}]
    ready, other = put_condition(old, {"type": "Ready", "status": "True", "reason": "Still"})
    assert (ready["lastTransitionTime"], ready["reason"], other) == ("then", "Still", old[1])
    changed, _ = put_condition(old, {"type": "Ready", "status": "False"})
    assert changed["lastTransitionTime"] != "then"


def test_none_removes_a_metadata_field_from_a_copy() -> None:
    changed = with_meta(_OBJECT, labels=None, name="one")
    assert changed["metadata"] == {"name": "one"}
    assert _OBJECT["metadata"] == {"labels": {"app.io/x": "web"}}
