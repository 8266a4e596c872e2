"""`kubernaut actions`: the list for people and machines, and one action in full."""

import json
import shlex
from dataclasses import replace
from itertools import pairwise
from typing import Any, Literal

import pytest
from pydantic import Field

from kubernaut.api.plugin import ObjectName, Parameters
from kubernaut.api.rules import Rule
from kubernaut.caller.action_reference import attempts_phrase, field_type, permission_phrases
from kubernaut.cli.commands.actions import actions_table
from kubernaut.cli.parameters import read_parameters
from kubernaut.errors import PluginLoadError
from kubernaut.plugins.registry import Registry
from tests.support.shown import shown

INSTALLED = Registry.discover()


def test_the_list_for_machines_has_every_installed_action(kubernaut):
    ran = kubernaut("actions", "-o", "json")
    assert ran.code == 0
    assert [action["name"] for action in json.loads(ran.out)] == sorted(INSTALLED.actions)


def test_the_list_for_people_has_accounts_permissions_and_broken_plugins():
    broken = {"bad": PluginLoadError("plugin bad: [red] import")}
    lines = shown(actions_table(replace(INSTALLED, broken=broken))).splitlines()
    (scale,) = [line for line in lines if line.startswith("scale ")]
    assert "deployment-scaler" in scale
    assert "get deployments.apps, statefulsets.apps" in scale
    (gitops,) = [line for line in lines if line.startswith("gitops-pr ")]
    assert " none " in gitops
    assert lines[-1].split() == ["bad", "unavailable", "plugin", "bad:", "[red]", "import"]


def test_the_keys_of_a_map_are_shown_in_the_list_and_of_one_action(kubernaut):
    field = "spec.template.metadata.annotations[kubernaut.io/restarted-by]"
    assert field in shown(actions_table(INSTALLED))
    assert field in kubernaut("actions", "restart-deployment").out.replace("\n", "")


def test_one_action_is_shown_with_its_parameters_permissions_and_an_example(kubernaut):
    out = kubernaut("actions", "scale").out
    for part in (
        "replicas",
        "integer",
        "deployment-scaler",
        "patch deployments.apps/scale",
        "kubernaut execute scale -n production -p name=web",
    ):
        assert part in out


def test_a_permission_is_written_as_kubectl_takes_it():
    rules = [
        Rule(resources=("pods",), verbs=("get", "list")),
        Rule(api_group="apps", resources=("deployments/scale", "deployments"), verbs=("patch",)),
    ]
    assert permission_phrases(rules) == ["get, list pods", "patch deployments.apps/scale, deployments.apps"]


def test_a_permission_shows_what_the_guard_limits():
    rules = [
        Rule(resources=("pods",), verbs=("delete",), condition="oldObject.x"),
        Rule(resources=("pods",), verbs=("patch",), fields=("metadata.labels", "spec.a"), condition="object.b"),
    ]
    phrases = ["delete pods where oldObject.x", "patch pods (metadata.labels, spec.a) where object.b"]
    assert permission_phrases(rules) == phrases


class Inner(Parameters):
    """A part of the parameters."""

    a: str


class Typed(Parameters):
    """Parameters of every type."""

    number: int | None = None
    choice: Literal["a", "b"] | None = None
    both: int | str
    names: tuple[ObjectName, ...] = ()
    counts: dict[str, int] = Field(default_factory=dict)
    inner: Inner | None = None
    anything: Any = None


def test_each_type_of_a_parameter_is_shown_in_few_words():
    schema = Typed.model_json_schema()
    shown_types = {name: field_type(field, schema["$defs"]) for name, field in schema["properties"].items()}
    assert shown_types == {
        "number": "integer",
        "choice": "a | b",
        "both": "integer | string",
        "names": "list of string",
        "counts": "map to integer",
        "inner": "object",
        "anything": "any",
    }


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"backoff_limit": 2, "retry_safe": True}, "3 attempts"),
        ({"backoff_limit": 0, "retry_safe": False}, "1 attempt"),
        ({"backoff_limit": 2, "retry_safe": False}, "3 attempts, and none after one that may have changed something"),
    ],
)
def test_the_attempts_are_shown_as_they_will_be(change, phrase):
    assert attempts_phrase(INSTALLED.actions["scale"].spec.model_copy(update=change)) == phrase


@pytest.mark.parametrize("name", sorted(INSTALLED.actions))
def test_the_example_that_is_shown_can_be_pasted(kubernaut, name):
    out = kubernaut("actions", name).out
    words = shlex.split(out[out.index("kubernaut execute") :])
    spec = INSTALLED.actions[name].spec
    pasted = read_parameters([word for flag, word in pairwise(words) if flag == "-p"], None, spec.parameters)
    assert spec.parameters.model_validate(pasted) == spec.parameters.model_validate(spec.examples[0])
