"""What a check finds without a cluster."""

from dataclasses import replace

import pytest
from pydantic import BaseModel, model_validator

from kubernaut.errors import PluginLoadError
from kubernaut.plugins.registry import Registry
from kubernaut.runbooks.check import Finding, Severity, check_runbook
from tests.support.runbooks import make_spec, make_step

NAME = {"name": {}}


def found(spec, registry):
    return [
        f"{one.field}: {one.message}" for one in check_runbook("r", spec, registry) if one.severity is Severity.ERROR
    ]


def scaled(**parameters):
    return make_step("a", parameters=parameters)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        pytest.param(
            make_spec(make_step("a", action="scal")),
            "steps.a.action: action scal is not installed",
            id="unknown action",
        ),
        pytest.param(make_spec(make_step("a", action="scal")), "did you mean scale?", id="a similar action"),
        pytest.param(
            make_spec(scaled(name="web", replicas="3")),
            "parameters.replicas: input should be a valid integer",
            id="a type",
        ),
        pytest.param(
            make_spec(scaled(name="web", replica=3)), "did you mean replicas?", id="an unknown parameter of the action"
        ),
        pytest.param(make_spec(scaled(name="web")), "parameters.replicas: is required", id="a missing one"),
        pytest.param(
            make_spec(scaled(name="web", replicas="$(params.n)"), parameters={"n": {"default": "3"}}),
            "parameters.replicas: input should be a valid integer (got '3')",
            id="a default of a type that does not fit",
        ),
        pytest.param(
            make_spec(scaled(name="web", replicas="$(params.n)"), parameters={"n": {}}),
            "parameters.replicas: input should be a valid integer",
            id="a type that does not fit, whatever the value is",
        ),
        pytest.param(
            make_spec(scaled(name="web", replicas="$(params.n)"), parameters={"n": {"type": "integer", "default": -1}}),
            "parameters.replicas: input should be greater than or equal to 0",
            id="a default that is out of range",
        ),
        pytest.param(
            make_spec(scaled(name="$(params.name)", replicas=-1), parameters=NAME),
            "parameters.replicas",
            id="a constant beside a reference",
        ),
        pytest.param(
            make_spec(scaled(name="$(params.x)", replicas=1)), "$(params.x): there is no such parameter", id="unknown"
        ),
        pytest.param(
            make_spec(scaled(name="web", replicas=1, **{"$(params.name)": 1}), parameters=NAME),
            "holds a reference",
            id="a key",
        ),
        pytest.param(make_spec(make_step("a", "b"), make_step("b", "a")), "a -> b -> a", id="a cycle"),
        pytest.param(
            make_spec(alerts=[{"match": {"a": "b"}, "arguments": {"nmae": "x"}}], parameters=NAME),
            "alerts[0].arguments: there is no parameter nmae; did you mean name?",
            id="an alert's unknown argument",
        ),
        pytest.param(
            make_spec(alerts=[{"match": {"a": "b"}}], parameters=NAME),
            "alerts[0].arguments: parameter name is required, and nothing gives it",
            id="an alert without a required argument",
        ),
        pytest.param(
            make_spec(alerts=[{"match": {"a": "b"}, "arguments": {"name": "$(labels.)"}}], parameters=NAME),
            "alerts[0].arguments.name: '$(labels.)' is not complete: write $(labels.NAME)",
            id="an alert's broken reference",
        ),
        pytest.param(
            make_spec(
                alerts=[{"match": {"a": "b"}, "arguments": {"n": "many"}}],
                parameters={"n": {"type": "integer", "default": 1}},
            ),
            "alerts[0].arguments.n: parameter n: it must be an integer (got 'many')",
            id="an alert's argument of another type",
        ),
    ],
)
def test_what_is_wrong_is_found(spec, words, registry):
    assert any(words in one for one in found(spec, registry)), found(spec, registry)


def test_names_that_leave_no_room_for_the_suffix_of_an_alert_are_found_if_alerts_begin_it(registry):
    step = make_step("s" * 32, parameters={"name": "web", "replicas": 1})
    assert check_runbook("r" * 20, make_spec(step), registry) == []
    (finding,) = check_runbook("r" * 20, make_spec(step, alerts=[{"match": {"a": "b"}}]), registry)
    assert "have 52 together, and 51 are left" in finding.message


@pytest.mark.parametrize(
    "parameters",
    [{"type": "integer"}, {"type": "integer", "default": 3}],
    ids=["without a default", "with a default"],
)
def test_what_may_be_right_is_no_error(parameters, registry):
    spec = make_spec(scaled(name="$(params.name)-x", replicas="$(params.n)"), parameters={"n": parameters, **NAME})
    assert check_runbook("r", spec, registry) == []


class Range(BaseModel):
    """Parameters of which one bounds the other."""

    low: int
    high: int

    @model_validator(mode="after")
    def _in_order(self):
        if self.low > self.high:
            raise ValueError("low is more than high")
        return self


def test_what_holds_only_for_the_value_that_stands_in_is_no_error(registry):
    scale = registry.actions["scale"]
    action = replace(scale, spec=scale.spec.model_copy(update={"parameters": Range}))
    steps = [make_step("a", parameters={"low": "$(params.low)", "high": 0})]
    for parameter, findings in (({"default": 1}, ["steps.a: parameters: low is more than high"]), ({}, [])):
        spec = make_spec(*steps, parameters={"low": {"type": "integer", **parameter}})
        assert [one.split(" (got")[0] for one in found(spec, Registry({"scale": action}))] == findings


def test_a_parameter_that_no_step_uses_is_a_warning(registry):
    assert check_runbook("r", make_spec(parameters=NAME), registry) == [
        Finding(Severity.WARNING, "parameters.name", "no step uses it")
    ]


def test_an_action_that_is_installed_but_broken_is_named_with_its_error():
    registry = Registry(broken={"scale": PluginLoadError("plugin scale: it does not import")})
    assert found(make_spec(), registry) == ["steps.grow.action: plugin scale: it does not import"]


def test_each_finding_is_reported_once(registry):
    findings = found(make_spec(scaled(name="$(params.x)", replicas="$(params.x)")), registry)
    assert len(findings) == len(set(findings)) == 2
