"""The commands that need no cluster, as a shell runs them."""

import io
import json
import shlex
import subprocess
import sys
from itertools import pairwise

import pytest
import yaml
from rich.console import Console

from kubernaut.cli.console import escape_markup
from kubernaut.cli.parameters import as_pairs
from kubernaut.plugins.registry import Registry


def kubernaut(*words, **env):
    command = [sys.executable, "-m", "kubernaut.cli", *words]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=30, env={"PATH": "", "NO_COLOR": "1", **env}
    )


def test_actions_are_listed_for_machines_with_their_names():
    ran = kubernaut("actions", "-o", "json")
    assert ran.returncode == 0
    assert {"patch-configmap", "scale"} <= {action["name"] for action in json.loads(ran.stdout)}


def test_an_action_is_shown_with_its_parameters_rights_and_an_example():
    told = kubernaut("actions", "scale").stdout
    for part in (
        "replicas",
        "integer",
        "deployment-scaler",
        "patch deployments.apps/scale",
        "kubernaut execute scale -n production -p name=web",
    ):
        assert part in told


def test_the_rendered_job_is_a_hardened_one():
    ran = kubernaut(
        "render",
        "patch-configmap",
        "-n",
        "prod",
        "-p",
        "name=c",
        "-p",
        "set.REPLICAS=5",
        "-p",
        "remove=a",
        "-p",
        "remove=b.c",
    )
    job = yaml.safe_load(ran.stdout)
    assert (job["kind"], job["metadata"]["namespace"]) == ("Job", "prod")
    env = {e["name"]: e["value"] for e in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert json.loads(env["KUBERNAUT_EXECUTION"])["parameters"] == {
        "name": "c",
        "set": {"REPLICAS": "5"},
        "remove": ["a", "b.c"],
    }


def test_parameters_come_from_a_file_too_and_the_command_line_wins(tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("name: c\nset: {a: '1', b: '2'}\n", "utf-8")
    job = json.loads(kubernaut("render", "patch-configmap", "-f", str(file), "-p", "set.b=3", "-o", "json").stdout)
    env = {e["name"]: e["value"] for e in job["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert json.loads(env["KUBERNAUT_EXECUTION"])["parameters"]["set"] == {"a": "1", "b": "3"}


@pytest.mark.parametrize("name", sorted(Registry.discover().actions))
def test_the_example_that_is_shown_can_be_typed_as_it_stands(name):
    shown = kubernaut("actions", name).stdout
    words = shlex.split(shown[shown.index("kubernaut execute") :])
    ran = subprocess.run(
        [sys.executable, "-c", _PARSE, *[word for flag, word in pairwise(words) if flag == "-p"]],
        input=name,
        capture_output=True,
        text=True,
        check=True,
    )
    model = Registry.discover().actions[name].spec.parameters
    (first, *_) = Registry.discover().actions[name].spec.examples
    assert model.model_validate(json.loads(ran.stdout)) == model.model_validate(first)


_PARSE = """
import json, sys
from kubernaut.cli.parameters import read_parameters
from kubernaut.plugins.registry import Registry
model = Registry.discover().actions[sys.stdin.read()].spec.parameters
print(json.dumps(read_parameters(sys.argv[1:], None, model)))
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("render", "nope"), "action 'nope' is not installed; installed: ", id="unknown action"),
        pytest.param(("actions", "nope"), "action 'nope' is not installed", id="unknown action to show"),
        pytest.param(("render", "scale", "-p", "name"), "-p name: write it as key=value", id="no equals sign"),
        pytest.param(
            ("render", "scale", "-p", "name=web"), "parameters.replicas: is required", id="a missing parameter"
        ),
        pytest.param(
            ("render", "scale", "-p", "name=web", "-p", "replicas=x"),
            "parameters.replicas: input should be a valid integer",
            id="type",
        ),
        pytest.param(
            ("render", "scale", "-p", "naem=web"),
            "parameters.naem: there is no such parameter of this action",
            id="misspelt",
        ),
        pytest.param(("render", "scale", "-f", "/no/such/file"), "-f /no/such/file: cannot be read", id="no such file"),
        pytest.param(
            ("execute", "scale", "-p", "name=web", "-p", "replicas=x"),
            "parameters.replicas",
            id="before any cluster is asked",
        ),
        pytest.param(
            ("execute", "scale", "-p", "name=web", "-p", "replicas=1", "--kubeconfig", "/none"),
            "no usable kubeconfig",
            id="kubeconfig",
        ),
        pytest.param(("rbac", "render", "nope"), "action 'nope' is not installed", id="rbac of an unknown action"),
        pytest.param(("sandbox", "--load", "/none"), "--load /none: cannot be read", id="nothing to load"),
    ],
)
def test_bad_input_is_one_line_that_names_it_and_exit_code_2(words, told):
    ran = kubernaut(*words)
    assert ran.returncode == 2
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_cluster_that_does_not_answer_is_exit_code_3(tmp_path):
    nowhere = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "x", "user": {"token": "t"}}],
    }
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(nowhere), "utf-8")
    ran = kubernaut("execute", "scale", "-p", "name=web", "-p", "replicas=1", "--kubeconfig", str(file))
    assert ran.returncode == 3
    assert "no answer from the API server at http://127.0.0.1:1" in ran.stderr


@pytest.mark.parametrize(
    "words",
    [("crd",), ("rbac", "render"), ("rbac", "render", "--engine"), ("rbac", "render", "scale", "-n", "a", "-n", "b")],
)
def test_manifests_are_yaml_that_kubectl_takes(words):
    documents = list(yaml.safe_load_all(kubernaut(*words).stdout))
    assert documents
    assert all({"apiVersion", "kind", "metadata"} <= document.keys() for document in documents)


@pytest.mark.parametrize("command", ["demo", "sandbox", "controller", "execute", "actions", "render", "rbac", "crd"])
def test_every_command_explains_itself(command):
    ran = kubernaut(command, "--help")
    assert ran.returncode == 0
    assert len(ran.stdout.splitlines()) > 5


def test_what_a_cluster_says_steers_no_terminal_and_breaks_no_markup():
    text = "\x1b]0;title\x07 [bold red]x[/] C:\\dir\\ [/] \u202eevil"
    out = Console(file=io.StringIO(), force_terminal=True, width=200, highlight=False)
    out.print(f"[green]{escape_markup(text)}[/]")
    shown = out.file.getvalue()
    assert "\x1b]" not in shown
    assert "\u202e" not in shown
    assert "[bold red]x[/] C:\\dir\\ [/]" in shown


@pytest.mark.parametrize(
    "value", ["x'; touch /tmp/pwned; '", "$(id)", "a b", "`id`", "-n kube-system", 'a"b', "", "line\nline"]
)
def test_the_undo_line_is_one_command_whatever_a_value_holds(value):
    (pair,) = as_pairs({"set": {"A": value}})
    ran = subprocess.run(["sh", "-c", f"printf %s {pair}"], capture_output=True, text=True, check=True)
    assert ran.stdout == f"set.A={value}"
