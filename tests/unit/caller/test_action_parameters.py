"""An action's parameters get the types of its model, or an error that names the field."""

import pytest
from pydantic import field_validator

from kubernaut import Parameters
from kubernaut.caller.action_parameters import checked_parameters
from kubernaut.errors import InputError


class Model(Parameters):
    name: str
    replicas: int = 1

    @field_validator("name")
    @classmethod
    def _breaks(cls, name):
        if name == "broken":
            raise RuntimeError("a defect")
        return name


def test_text_becomes_what_the_model_asks_for_and_defaults_stay_out():
    assert checked_parameters(Model, {"name": "web", "replicas": "3"}) == {"name": "web", "replicas": 3}
    assert checked_parameters(Model, {"name": "web"}) == {"name": "web"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "web", "replicas": "x"}, "parameters.replicas: input should be a valid integer"),
        (
            {"nam": "web"},
            "parameters.name: is required; parameters.nam: there is no such parameter of this action; did you mean name",
        ),
        ({"name": "broken"}, "parameters: the action's own check raised RuntimeError: a defect"),
    ],
)
def test_what_does_not_fit_is_named(given, words):
    with pytest.raises(InputError, match=words):
        checked_parameters(Model, given)
