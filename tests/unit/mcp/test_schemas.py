"""Schemas are short, and still say what the model says."""

from pydantic import BaseModel, Field

from kubernaut.mcp.schemas import compact_schema, with_parameters


class Part(BaseModel):
    size: int


class Whole(BaseModel):
    title: str
    part: Part | None = None
    maybe: str | None
    note: str | None = Field(default=None, description="What else.")
    texts: dict[str, list[str]] = {"default": ["title"]}


def test_titles_go_and_properties_of_that_name_stay():
    schema = compact_schema(Whole)
    assert schema["required"] == ["title", "maybe"]
    assert schema["properties"]["title"] == {"type": "string"}
    assert schema["properties"]["texts"]["default"] == {"default": ["title"]}
    assert schema["$defs"] == {
        "Part": {"properties": {"size": {"type": "integer"}}, "required": ["size"], "type": "object"}
    }


def test_null_goes_where_it_means_left_out_and_stays_where_it_must_be_given():
    properties = compact_schema(Whole)["properties"]
    assert properties["part"] == {"$ref": "#/$defs/Part"}
    assert properties["note"] == {"type": "string", "description": "What else."}
    assert properties["maybe"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}


def test_definitions_of_parameters_are_found_where_references_look_for_them():
    merged = with_parameters(
        {"type": "object", "properties": {"parameters": {"type": "object"}}}, compact_schema(Whole)
    )
    assert merged["properties"]["parameters"]["properties"]["part"] == {"$ref": "#/$defs/Part"}
    assert "$defs" not in merged["properties"]["parameters"]
    assert merged["$defs"].keys() == {"Part"}
