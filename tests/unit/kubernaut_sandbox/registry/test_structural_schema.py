"""Structural schemas."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.registry.structural_schema import structural_causes


def problems(schema: dict[str, Any]) -> list[str]:
    """The fields at fault."""
    return [cause.field for cause in structural_causes(schema, "s", root=True)]


@pytest.mark.parametrize(
    ("schema", "fields"),
    [
        pytest.param({}, [], id="an object"),
        pytest.param({"properties": {"a": {}}}, ["s.properties[a].type"], id="a field without a type"),
        pytest.param({"properties": {"a": {"x-kubernetes-int-or-string": True}}}, [], id="int or string"),
        pytest.param({"properties": {"a": {"type": "array"}}}, ["s.properties[a].items"], id="an array without items"),
        pytest.param({"additionalProperties": {"type": "string"}}, ["s.additionalProperties"], id="an open root"),
        pytest.param({"$ref": "x"}, ["s.$ref"], id="a reference"),
        pytest.param(
            {"properties": {"a": {"type": "array", "uniqueItems": True, "items": {"type": "string"}}}},
            ["s.properties[a].uniqueItems"],
            id="unique items",
        ),
        pytest.param(
            {"x-kubernetes-validations": [{"rule": "self.("}]}, ["s.x-kubernetes-validations[0].rule"], id="bad CEL"
        ),
    ],
)
def test_the_causes_name_the_fields_that_are_not_structural(schema: dict[str, Any], fields: list[str]) -> None:
    assert problems({"type": "object", **schema}) == fields


def test_the_root_is_an_object() -> None:
    assert problems({"type": "string"}) == ["s.type"]
    assert problems({}) == ["s.type", "s.type"]
