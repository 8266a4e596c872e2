"""Which tools there are, and what an agent is told of their arguments."""

import re

import jsonschema
import pytest

from kubernaut.errors import InputError
from kubernaut.mcp.toolbox import toolbox

ALWAYS = {
    "list_actions",
    "describe_action",
    "list_runbooks",
    "get_execution",
    "wait_for",
    "list_executions",
    "history",
    "propose_run",
    "propose_rollback",
    "cancel",
}


def test_an_agent_reads_and_proposes_every_action(registry):
    proposals = {f"propose_{name}" for name in registry.actions}
    assert toolbox(registry, allow_execute=False).keys() == ALWAYS | proposals


def test_only_where_that_is_allowed_are_there_tools_that_act(registry):
    added = toolbox(registry, allow_execute=True).keys() - toolbox(registry, allow_execute=False).keys()
    assert added == {"run", *(f"execute_{name}" for name in registry.actions)}
    assert [tool.name for tool in toolbox(registry, allow_execute=False).values() if tool.effect == "acts"] == []


@pytest.mark.parametrize("allow_execute", [False, True])
def test_no_tool_approves_suspends_or_resumes(registry, allow_execute):
    names = [name.partition("_")[0] for name in toolbox(registry, allow_execute=allow_execute)]
    assert set(names) <= {"list", "describe", "get", "wait", "history", "propose", "cancel", "execute", "run"}


def test_the_schema_of_an_action_is_that_of_its_model(registry):
    tools = toolbox(registry, allow_execute=True)
    for name, action in registry.actions.items():
        model = action.spec.parameters.model_json_schema()
        for verb in ("propose", "execute"):
            schema = tools[f"{verb}_{name}"].input_schema
            shown = schema["properties"]["parameters"]
            assert (shown["required"], shown["additionalProperties"]) == (model["required"], False)
            assert shown["properties"].keys() == model["properties"].keys()
            for example in action.spec.examples:
                jsonschema.validate({"parameters": example}, schema, jsonschema.Draft202012Validator)
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate({"parameters": {"nmae": "x"}}, schema, jsonschema.Draft202012Validator)


def test_every_schema_is_one_and_every_name_fits_what_models_take(registry):
    for tool in toolbox(registry, allow_execute=True).values():
        assert re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", tool.name)
        assert tool.description.endswith(".")
        for schema in (tool.input_schema, tool.output_schema or {}):
            jsonschema.Draft202012Validator.check_schema(schema)
        assert tool.input_schema["type"] == "object"


def test_an_action_whose_name_would_hide_another_tool_gets_a_longer_one(registry):
    scale = registry.actions["scale"]
    alike = type(registry)({name: type(scale)(name, "d", scale.hook, scale.spec) for name in ("run", "rollback")})
    assert toolbox(alike, allow_execute=True).keys() == ALWAYS | {
        "run",
        "propose_run-action",
        "propose_rollback-action",
        "execute_run-action",
        "execute_rollback-action",
    }


def test_the_actions_that_are_offered_can_be_chosen(registry):
    tools = toolbox(registry, allow_execute=True, only=["scale"])
    assert tools.keys() == ALWAYS | {"run", "propose_scale", "execute_scale"}
    with pytest.raises(InputError, match="--action sclae: it is not installed; installed: check-metric"):
        toolbox(registry, allow_execute=False, only=["sclae"])
