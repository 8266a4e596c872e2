"""Apply configurations: merged field by field and by the keys of lists; what is atomic stays as it is."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.admission.apply_configuration import applied
from kubernaut_sandbox.model.kinds import Kind, Kinds

PODS = Kinds().by_resource("pods")
SCHEMA = {
    "properties": {
        "spec": {
            "properties": {
                "set": {"x-kubernetes-list-type": "set", "items": {}},
                "keyed": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k", "l"], "items": {}},
                "plain": {"items": {}},
                "whole": {"x-kubernetes-map-type": "atomic"},
            }
        }
    }
}
THINGS = Kind("example.com", "v1", "things", "Thing", custom={"schema": {"openAPIV3Schema": SCHEMA}})


@pytest.mark.parametrize(
    ("kind", "before", "configuration", "after"),
    [
        (
            PODS,
            {"metadata": {"labels": {"a": "b"}}},
            {"metadata": {"labels": {"c": "d"}}},
            {"metadata": {"labels": {"a": "b", "c": "d"}}},
        ),
        (
            PODS,
            {"metadata": {"finalizers": ["a"]}},
            {"metadata": {"finalizers": ["b", "a"]}},
            {"metadata": {"finalizers": ["a", "b"]}},
        ),
        (
            PODS,
            {"spec": {"containers": [{"name": "a", "image": "x"}]}},
            {"spec": {"containers": [{"name": "b"}, {"name": "a", "tty": True}]}},
            {"spec": {"containers": [{"name": "a", "image": "x", "tty": True}, {"name": "b"}]}},
        ),
        (THINGS, {"spec": {"set": [1]}}, {"spec": {"set": [2, 1]}}, {"spec": {"set": [1, 2]}}),
        (
            THINGS,
            {"spec": {"keyed": [{"k": 1, "l": 1, "v": 1}]}},
            {"spec": {"keyed": [{"k": 1, "l": 2, "v": 2}, {"k": 1, "l": 1, "v": 3}]}},
            {"spec": {"keyed": [{"k": 1, "l": 1, "v": 3}, {"k": 1, "l": 2, "v": 2}]}},
        ),
        (THINGS, {}, {}, {}),
    ],
)
def test_a_configuration_is_merged(
    kind: Kind, before: dict[str, Any], configuration: dict[str, Any], after: dict[str, Any]
):
    unchanged = repr(before)
    assert applied(kind, before, configuration) == after
    assert repr(before) == unchanged


@pytest.mark.parametrize(
    ("kind", "configuration", "path"),
    [
        (PODS, {"spec": {"containers": [{"name": "a", "args": ["x"]}]}}, ".spec.containers[0].args"),
        (THINGS, {"spec": {"plain": [1]}}, ".spec.plain"),
        (THINGS, {"spec": {"whole": {"a": 1}}}, ".spec.whole"),
    ],
)
def test_what_is_atomic_is_not_changed(kind: Kind, configuration: dict[str, Any], path: str):
    with pytest.raises(ValueError, match="may not mutate atomic arrays, maps or structs") as raised:
        applied(kind, {}, configuration)
    assert str(raised.value).endswith(f": {path}")
