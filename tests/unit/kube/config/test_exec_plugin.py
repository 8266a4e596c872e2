"""Credential plugins: what they are given, and what is reported when they give nothing."""

import asyncio
import json
import os
from dataclasses import replace

import pytest

from kubernaut.errors import InputError, UnauthenticatedError
from kubernaut.kube.config.exec_plugin import ExecPlugin
from kubernaut.kube.config.kubeconfig_section import Section

V1, BETA = "client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"
CLUSTER = {"server": "https://a"}


@pytest.fixture
def plugin(tmp_path):
    """Make a plugin of a shell script in the kubeconfig's folder."""

    def make(script, **fields):
        file = tmp_path / "plugin.sh"
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        entry = {"command": "./plugin.sh", "apiVersion": V1, "interactiveMode": "Never", **fields}
        return ExecPlugin.of(Section(entry, "users[u].user.exec", tmp_path / "config"), CLUSTER)

    return make


def answer(token, version=V1):
    return f'printf \'{{"apiVersion":"{version}","kind":"ExecCredential","status":{{"token":"%s"}}}}\' "{token}"'


def give_info(path):
    """A script that keeps what it is given."""
    return f'echo "$KUBERNETES_EXEC_INFO" > {path}/info; env > {path}/env; echo "$@" > {path}/args; {answer("t")}'


async def test_a_command_is_run_from_the_folder_of_its_kubeconfig_with_args_and_environment(
    plugin, tmp_path, monkeypatch
):
    monkeypatch.setenv("GIVEN", "outside")
    monkeypatch.setenv("KEPT", "yes")
    env = [{"name": "GIVEN", "value": "inside"}]
    issued = await plugin(give_info(tmp_path), args=["--role", "a b"], env=env).issue()
    assert issued.credential.authorization == "Bearer t"
    assert (tmp_path / "args").read_text() == "--role a b\n"
    lines = (tmp_path / "env").read_text().splitlines()
    assert {"GIVEN=inside", "KEPT=yes"} <= set(lines)


@pytest.mark.parametrize(("version", "wanted"), [(V1, True), (BETA, False)])
async def test_it_is_given_an_exec_credential_with_the_cluster_if_it_wants_it(plugin, tmp_path, version, wanted):
    script = give_info(tmp_path).replace(V1, version)
    await plugin(script, apiVersion=version, provideClusterInfo=wanted).issue()
    spec = {"interactive": False, **({"cluster": CLUSTER} if wanted else {})}
    assert json.loads((tmp_path / "info").read_text()) == {
        "apiVersion": version,
        "kind": "ExecCredential",
        "spec": spec,
    }


async def test_a_command_without_a_slash_is_found_on_the_path(plugin, tmp_path, monkeypatch):
    made = plugin(answer("t"), command="plugin.sh")
    with pytest.raises(InputError, match=r"plugin\.sh is not installed"):
        await made.issue()
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert (await made.issue()).credential.authorization == "Bearer t"


async def test_a_missing_command_is_reported_with_its_install_hint(plugin):
    with pytest.raises(InputError) as refused:
        await plugin("", command="./none", installHint="get it\n\x1b[1mhere\x1b[0m").issue()
    assert "users[u].user.exec.command: " in str(refused.value)
    assert str(refused.value).endswith("none is not installed: get it here")


async def test_a_command_that_is_not_executable_is_reported(plugin, tmp_path):
    made = plugin("")
    (tmp_path / "plugin.sh").chmod(0o644)
    with pytest.raises(InputError, match="cannot be run: Permission denied; make it executable"):
        await made.issue()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        pytest.param("", "gave no credential: it printed nothing", id="nothing"),
        pytest.param(
            "echo garbage; echo why >&2",
            "gave no credential: what it printed is not JSON; .* It wrote: why",
            id="garbage",
        ),
        pytest.param(
            "printf 'token\\033[2J expired\\n' >&2; exit 7",
            "exited with code 7; .* It wrote: token expired$",
            id="a failure",
        ),
        pytest.param("kill -9 $$", "was killed by signal 9", id="a signal"),
        pytest.param("echo asking >&2; sleep 60", r"did not end within 0\.5 s; .* It wrote: asking$", id="silence"),
    ],
)
async def test_one_that_gives_no_credential_is_reported_with_user_command_and_its_own_words(plugin, script, message):
    with pytest.raises(UnauthenticatedError, match=message) as refused:
        await replace(plugin(script), timeout_seconds=0.5).issue()
    assert "config: users[u].user.exec.command: " in str(refused.value)
    assert "run it by hand to see why, or log in again" in str(refused.value)


async def test_others_run_while_a_plugin_does(plugin):
    slow = asyncio.create_task(plugin(f"sleep 1; {answer('t')}").issue())
    await asyncio.sleep(0.01)
    assert not slow.done()
    assert (await slow).credential.authorization == "Bearer t"


@pytest.mark.parametrize(
    ("mode", "terminal", "given"), [("IfAvailable", True, True), ("IfAvailable", False, False), ("Never", True, False)]
)
async def test_standard_input_is_for_a_plugin_that_wants_it_at_a_terminal(
    plugin, tmp_path, monkeypatch, mode, terminal, given
):
    monkeypatch.setattr(os, "isatty", lambda _: terminal)
    await plugin(give_info(tmp_path), interactiveMode=mode).issue()
    assert json.loads((tmp_path / "info").read_text())["spec"]["interactive"] is given


async def test_a_plugin_that_needs_a_terminal_is_not_run_without_one(plugin, monkeypatch):
    monkeypatch.setattr(os, "isatty", lambda _: False)
    with pytest.raises(InputError, match=r"interactiveMode: .*plugin\.sh needs a terminal"):
        await plugin(answer("t"), interactiveMode="Always").issue()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        pytest.param({"command": None}, "command: is not set", id="no command"),
        pytest.param(
            {"apiVersion": "client.authentication.k8s.io/v1alpha1"},
            "apiVersion: '.*v1alpha1' is not supported; update the plugin",
            id="an old version",
        ),
        pytest.param({"apiVersion": None}, "apiVersion: '' is not supported", id="no version"),
        pytest.param({"interactiveMode": None}, "interactiveMode: must be one of Never", id="no mode in v1"),
        pytest.param({"interactiveMode": "Sometimes"}, "interactiveMode: must be one of", id="another mode"),
        pytest.param({"env": [{"value": "x"}]}, r"env\[0\]\.name: must be the name", id="a variable without a name"),
        pytest.param({"args": "x"}, "args: must be a list of texts", id="args in one text"),
    ],
)
def test_an_entry_that_cannot_be_used_is_refused_by_its_field(plugin, fields, message):
    with pytest.raises(InputError, match=message):
        plugin("", **fields)


def test_in_v1beta1_the_mode_may_be_left_out(plugin):
    assert plugin("", apiVersion=BETA, interactiveMode=None).mode == "IfAvailable"
