"""Structural schemas and their CEL rules."""

from __future__ import annotations

from kubernaut_sandbox.registry.cel_rules import cel_causes
from kubernaut_sandbox.registry.schemas import apply_defaults, prune, schema_causes

_SCHEMA = {
    "type": "object",
    "properties": {
        "spec": {
            "type": "object",
            "properties": {
                "list": {
                    "type": "array",
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                    "items": {
                        "type": "object",
                        "properties": {"name": {"type": "string"}, "level": {"type": "integer", "default": 1}},
                        "x-kubernetes-validations": [{"rule": "self.level >= oldSelf.level", "message": "never down"}],
                    },
                },
                "map": {"type": "object", "additionalProperties": {"type": "integer"}},
                "either": {"x-kubernetes-int-or-string": True},
            },
        }
    },
}


def test_pruning_includes_lists_and_maps() -> None:
    value = {"kind": "X", "spec": {"list": [{"name": "a", "b": 1}], "map": {"any": 1}, "c": 2}}
    clean, unknown = prune(_SCHEMA, value)
    assert clean == {"kind": "X", "spec": {"list": [{"name": "a"}], "map": {"any": 1}}}
    assert unknown == ["spec.list[0].b", "spec.c"]


def test_defaults_are_set_inside_lists() -> None:
    assert apply_defaults(_SCHEMA, {"spec": {"list": [{"name": "a"}]}}) == {
        "spec": {"list": [{"name": "a", "level": 1}]}
    }


def test_a_duplicate_key_in_a_list_map_is_invalid() -> None:
    (cause,) = schema_causes(_SCHEMA, {"spec": {"list": [{"name": "a"}, {"name": "a"}]}})
    assert str(cause) == 'spec.list[1]: Duplicate value: {"name":"a"}'


def test_a_transition_rule_finds_the_old_item_by_its_key() -> None:
    old = {"spec": {"list": [{"name": "a", "level": 2}, {"name": "b", "level": 1}]}}
    new = {"spec": {"list": [{"name": "b", "level": 1}, {"name": "a", "level": 1}]}}
    (cause,) = cel_causes(_SCHEMA, new, old)
    assert (cause.field, cause.message.rpartition(": ")[2]) == ("spec.list[1]", "never down")
    assert cel_causes(_SCHEMA, new) == []


def test_int_or_string_accepts_both() -> None:
    assert schema_causes(_SCHEMA, {"spec": {"either": "25%"}}) == schema_causes(_SCHEMA, {"spec": {"either": 1}}) == []
