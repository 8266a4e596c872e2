"""The command as a whole: help, exit codes, and errors in one line."""

import subprocess
import sys

import pytest
import typer.main
import yaml

from kubernaut.cli.app import app

COMMANDS = sorted(typer.main.get_command(app).commands)


def every_command(group, before=()):
    """Each command with its name, subcommands included."""
    for name, command in group.commands.items():
        yield " ".join((*before, name)), command
        if hasattr(command, "commands"):
            yield from every_command(command, (*before, name))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("render", "nope"), "action 'nope' is not installed; installed: ", id="an unknown action"),
        pytest.param(("actions", "nope"), "action 'nope' is not installed", id="an unknown action to show"),
        pytest.param(("render", "scale", "-p", "name"), "-p name: write it as key=value", id="no equals sign"),
        pytest.param(
            ("render", "scale", "-p", "name=web"), "parameters.replicas: is required", id="a missing parameter"
        ),
        pytest.param(
            ("render", "scale", "-p", "name=web", "-p", "replicas=x"),
            "parameters.replicas: input should be a valid integer",
            id="a parameter of the wrong type",
        ),
        pytest.param(
            ("render", "scale", "-p", "naem=web"),
            "parameters.naem: there is no such parameter of this action",
            id="a misspelt parameter",
        ),
        pytest.param(
            ("render", "scale", "-f", "/no/such/file"), "-f /no/such/file: cannot be read", id="a missing file"
        ),
        pytest.param(
            ("execute", "scale", "-p", "name=web", "-p", "replicas=x"),
            "parameters.replicas",
            id="a bad parameter, before a cluster is needed",
        ),
        pytest.param(
            ("execute", "scale", "-p", "name=web", "-p", "replicas=1", "--kubeconfig", "/none"),
            "kubeconfig /none: there is no such file; set KUBECONFIG or --kubeconfig",
            id="a missing kubeconfig",
        ),
        pytest.param(("rbac", "render", "nope"), "action 'nope' is not installed", id="RBAC of an unknown action"),
        pytest.param(("sandbox", "--load", "/none"), "--load /none: cannot be read", id="a missing manifest"),
    ],
)
def test_bad_input_is_reported_in_one_line_with_exit_code_2(kubernaut, words, message):
    ran = kubernaut(*words)
    assert ran.code == 2
    assert message in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_cluster_that_does_not_answer_is_reported_with_exit_code_3(kubernaut, tmp_path):
    nowhere = {
        "current-context": "x",
        "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
        "clusters": [{"name": "x", "cluster": {"server": "http://127.0.0.1:1"}}],
        "users": [{"name": "x", "user": {"token": "t"}}],
    }
    file = tmp_path / "kubeconfig"
    file.write_text(yaml.safe_dump(nowhere), "utf-8")
    ran = kubernaut("execute", "scale", "-p", "name=web", "-p", "replicas=1", "--kubeconfig", str(file))
    assert ran.code == 3
    assert "no answer from the API server at http://127.0.0.1:1" in ran.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help_page(kubernaut, command):
    ran = kubernaut(command, "--help")
    assert ran.code == 0
    assert f"Usage: kubernaut {command}" in ran.out


def test_every_command_argument_and_option_is_explained():
    found = dict(every_command(typer.main.get_command(app)))
    assert "rbac explain" in found
    unexplained = [name for name, command in found.items() if not command.help]
    unexplained += [
        f"{name} {parameter.name}"
        for name, command in found.items()
        for parameter in command.params
        if not getattr(parameter, "help", None)
    ]
    assert unexplained == []


def test_every_command_that_connects_takes_a_context():
    found = dict(every_command(typer.main.get_command(app)))
    options = {name: {opt for parameter in command.params for opt in parameter.opts} for name, command in found.items()}
    del options["sandbox"]  # it writes a kubeconfig
    connecting = {name for name, names in options.items() if "--kubeconfig" in names}
    assert connecting == {name for name, names in options.items() if "--context" in names}
    assert {"execute", "controller", "rbac check", "install"} < connecting


def test_the_installed_program_is_the_same_command():
    ran = subprocess.run([sys.executable, "-m", "kubernaut.cli", "--help"], capture_output=True, text=True, check=True)
    assert [name for name in COMMANDS if f"\n  {name} " not in ran.stdout] == []
