"""`kubernaut actions`: the list for people and machines, and one action in full."""

import json
import shlex
from dataclasses import replace
from itertools import pairwise

import pytest

from kubernaut.api.rules import Rule
from kubernaut.cli.commands.actions import actions_table, permission_phrases
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


@pytest.mark.parametrize("name", sorted(INSTALLED.actions))
def test_the_example_that_is_shown_can_be_pasted(kubernaut, name):
    out = kubernaut("actions", name).out
    words = shlex.split(out[out.index("kubernaut execute") :])
    spec = INSTALLED.actions[name].spec
    pasted = read_parameters([word for flag, word in pairwise(words) if flag == "-p"], None, spec.parameters)
    assert spec.parameters.model_validate(pasted) == spec.parameters.model_validate(spec.examples[0])
