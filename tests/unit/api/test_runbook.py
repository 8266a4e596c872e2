"""The model of a runbook: what is refused at once, with the field and the remedy."""

import pytest

from kubernaut.errors import InputError
from kubernaut.runbooks.manifest import read_runbook
from tests.support.runbooks import GROW, make_runbook, make_step

HUGE = [make_step(f"s{n}") for n in range(200)]


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        pytest.param(make_runbook(*HUGE), "at most 20 steps, and this one 200: divide it", id="200 steps"),
        pytest.param(make_runbook(steps=[]), "spec.steps: a runbook has at least one step", id="no step"),
        pytest.param(make_runbook(GROW, GROW), "the name grow is used more than once", id="a name twice"),
        pytest.param(
            make_runbook(make_step("$(params.x)")), "a name cannot hold $(…)", id="a reference in a step's name"
        ),
        pytest.param(
            make_runbook(make_step("a", action="$(params.x)")),
            "spec.steps.0.action: a name cannot hold $(…)",
            id="a reference in an action's name",
        ),
        pytest.param(make_runbook(make_step("Grow")), "must be lower-case letters, digits and '-'", id="capitals"),
        pytest.param(make_runbook(make_step("a" * 41)), "at most 40 characters", id="a long name"),
        pytest.param(
            make_runbook(make_step("a", *(f"s{n}" for n in range(9)))),
            "at most 8 others, and this one after 9",
            id="9 after",
        ),
        pytest.param(make_runbook(make_step("a", "b", "b=Ended")), "step b is named more than once", id="after twice"),
        pytest.param(
            make_runbook(make_step("a", "b=Finished")),
            "after.0.when: input should be 'Succeeded', 'Failed' or 'Ended'",
            id="when",
        ),
        pytest.param(make_runbook({**GROW, "acton": "x"}), "spec.steps.0.acton: there is no such field", id="a typo"),
        pytest.param(make_runbook({"name": "a"}), "spec.steps.0.action: is required", id="no action"),
        pytest.param(
            make_runbook(parameters={"n": {"type": "integer", "default": "3"}}),
            "spec.parameters.n.default: it must be an integer (got '3')",
            id="a default of another type",
        ),
        pytest.param(
            make_runbook(parameters={"n": {"type": "integer", "default": True}}),
            "it must be an integer (got True)",
            id="true",
        ),
        pytest.param(make_runbook(parameters={"a.b": {}}), "'a.b' is not a name", id="a dot in a parameter's name"),
        pytest.param(make_runbook(parameters={"n": {"type": "list"}}), "parameters.n.type", id="an unknown type"),
        pytest.param(
            make_runbook(alerts=[{"match": {}}]), "spec.alerts.0.match", id="an alert that matches everything"
        ),
        pytest.param(
            {"kind": "Runbook"}, "apiVersion must be kubernaut.io/v1alpha1 and kind Runbook", id="no apiVersion"
        ),
        pytest.param([1], "it is list, not a manifest", id="a list"),
        pytest.param({**make_runbook(), "metadata": None}, "metadata.name: is required", id="no metadata"),
        pytest.param({**make_runbook(), "spec": "x"}, "runbook grow-web: spec: input should be", id="a spec of text"),
    ],
)
def test_what_is_not_a_runbook_is_refused_with_the_field(manifest, words):
    with pytest.raises(InputError) as refused:
        read_runbook(manifest)
    assert words in str(refused.value)


def test_what_is_left_out_has_the_careful_meaning():
    _, spec = read_runbook(make_runbook(GROW, make_step("b", "grow"), alerts=[{"match": {"alertname": "Slow"}}]))
    assert spec.steps[1].after[0].when == "Succeeded"
    assert spec.alerts[0].mode == "propose"
