"""What a plugin can declare, and what is rejected with a message for its author."""

import pytest
from pydantic import BaseModel, ValidationError

from kubernaut import ActionSpec, ObjectName, Parameters, Resources, Rule, Target


class Named(Parameters):
    name: ObjectName


def spec(**changes):
    return ActionSpec(
        **{
            "summary": "Do.",
            "parameters": Named,
            "target": lambda p: Target("ConfigMap", p.name),
            "service_account": "doer",
            **changes,
        }
    )


class Open(BaseModel):
    name: str


class Placed(Parameters):
    namespace: str = "prod"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param(
            {"parameters": Open}, "accepts unknown fields: derive it from kubernaut.Parameters", id="open parameters"
        ),
        pytest.param({"parameters": Placed}, "Placed has a field `namespace`", id="a parameter namespace"),
        pytest.param({"settings": Open}, "settings model Open accepts unknown fields", id="open settings"),
        pytest.param({"service_account": "Bad_Name"}, "service_account", id="an invalid ServiceAccount name"),
        pytest.param({"deadline": 0}, "deadline", id="a deadline of zero"),
        pytest.param({"backoff_limit": -1}, "backoff_limit", id="negative retries"),
        pytest.param({"examples": ({"nome": "x"},)}, "nome", id="an example that its own model refuses"),
        pytest.param({"summary": ""}, "summary", id="no summary"),
        pytest.param({"colour": "red"}, "colour", id="an unknown field"),
    ],
)
def test_an_invalid_spec_is_rejected(changes, message):
    with pytest.raises(ValidationError, match=message):
        spec(**changes)


@pytest.mark.parametrize(
    "rule",
    [
        {"resources": ("*",), "verbs": ("get",)},
        {"resources": ("pods",), "verbs": ("*",)},
        {"api_group": "*", "resources": ("pods",), "verbs": ("get",)},
        {"resources": ("pods/*",), "verbs": ("get",)},
    ],
    ids=["every resource", "every verb", "every group", "every subresource"],
)
def test_wildcards_are_rejected(rule):
    with pytest.raises(ValidationError, match="grants more than an action is allowed to have"):
        Rule(**rule)


@pytest.mark.parametrize("quantity", ["lots", "1 Gi", ""])
def test_an_invalid_quantity_is_rejected(quantity):
    with pytest.raises(ValidationError, match="it is not a valid Kubernetes quantity"):
        Resources(memory_limit=quantity)


@pytest.mark.parametrize("name", ["a/b", "..", "a..b", "UPPER", "a" * 254, "", "ümlaut", "a\n", "-a"])
def test_hostile_object_names_are_rejected(name):
    with pytest.raises(ValidationError):
        Named(name=name)
