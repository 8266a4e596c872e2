"""A credential plugin that fails: no request is sent without a credential, also where the API server would take one."""

import json
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from kubernaut.errors import InputError, UnauthenticatedError
from kubernaut.kube.config.client_config import load_client_config
from kubernaut.kube.config.exec_plugin import ExecPlugin
from kubernaut.kube.transport import Connection
from tests.support.tls_api_server import tls_api_server

EXEC = "client.authentication.k8s.io/v1"


def printing(document):
    return f"echo why >&2\ncat <<'END'\n{json.dumps(document)}\nEND"


def credential(kind="ExecCredential", version=EXEC, **fields):
    return printing({"apiVersion": version, "kind": kind, **fields})


FAILURES = {
    "exit code 1": "echo why >&2; exit 1",
    "exit code 1 after a credential": f"{credential(status={'token': 't'})}\nexit 1",
    "garbage": "echo why >&2; echo garbage",
    "nothing": "echo why >&2",
    "deep nesting": "echo why >&2; head -c 100000 /dev/zero | tr '\\0' '['",
    "another kind": credential("Status", status={"token": "t"}),
    "another version": credential(version="v1", status={"token": "t"}),
    "no status": credential(),
    "a status that is null": credential(status=None),
    "an empty status": credential(status={}),
    "an empty token": credential(status={"token": ""}),
    "a token of blanks": credential(status={"token": "  \n"}),
    "a token that is a list": credential(status={"token": ["t"]}),
    "a token that is half a character": credential(status={"token": "\ud800"}),
    "a certificate that is none": credential(status={"clientCertificateData": "x", "clientKeyData": "y"}),
    "too much": "echo why >&2; yes | head -c 2000000",
    "a hang": "echo why >&2; sleep 60",
    "a hang that ignores signals": "trap '' TERM INT HUP; echo why >&2; while :; do sleep 60; done",
    "a child that keeps the output open": "echo why >&2; sleep 60 &",
}


async def refused(tmp_path: Path, entry: dict[str, object]) -> tuple[str, int]:
    """Return the error of a request with this user entry, and how many requests reached the server."""
    async with tls_api_server(tmp_path, "127.0.0.1") as server:
        server.accepted = {""}
        user = {"exec": {"apiVersion": EXEC, "interactiveMode": "Never", **entry}}
        with pytest.raises((UnauthenticatedError, InputError)) as error:
            async with Connection(load_client_config(server.kubeconfig(user))) as connection:
                await connection.send("GET", "/api/v1/namespaces", timeout=aiohttp.ClientTimeout(total=10))
        return str(error.value), len(server.requests)


@pytest.mark.parametrize("script", FAILURES.values(), ids=FAILURES.keys())
async def test_a_plugin_that_fails_stops_the_request_and_its_words_are_reported(tmp_path, monkeypatch, script):
    issue = ExecPlugin.issue
    monkeypatch.setattr(ExecPlugin, "issue", lambda plugin: issue(replace(plugin, timeout_seconds=1.0)))
    plugin = tmp_path / "plugin"
    plugin.write_text(f"#!/bin/sh\n{script}\n", "utf-8")
    plugin.chmod(0o755)
    message, requests = await refused(tmp_path, {"command": str(plugin)})
    assert requests == 0
    assert f"users[u].user.exec.command: {plugin} " in message
    assert "It wrote: why" in message or "printed more than" in message


@pytest.mark.parametrize(
    ("content", "mode"),
    [(None, 0), ("#!/bin/sh\nexit 0\n", 0o644), ("#!/no/such/interpreter\n", 0o755), ("garbage", 0o755)],
    ids=["a missing program", "one that is not executable", "one without its interpreter", "one that is no program"],
)
async def test_a_plugin_that_cannot_be_run_stops_the_request(tmp_path, content, mode):
    plugin = tmp_path / "plugin"
    if content is not None:
        plugin.write_text(content, "utf-8")
        plugin.chmod(mode)
    message, requests = await refused(tmp_path, {"command": str(plugin)})
    assert requests == 0
    assert f"users[u].user.exec.command: {plugin} " in message


@pytest.mark.parametrize("entry", [{}, {"command": ""}, {"command": "x", "apiVersion": "v0"}], ids=str)
async def test_an_entry_that_names_no_usable_plugin_stops_the_request(tmp_path, entry):
    message, requests = await refused(tmp_path, entry)
    assert requests == 0
    assert "users[u].user.exec." in message
