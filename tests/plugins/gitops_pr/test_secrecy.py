"""The token is not in the Job, in any command line, in any file of the clone, or in any message."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kubernaut.api.plugin import Execution
from kubernaut.jobs.hardening import Hardening
from kubernaut_gitops_pr import demo_git, plugin
from kubernaut_gitops_pr.demo_forge import EXAMPLE
from kubernaut_gitops_pr.demo_git import Reply
from kubernaut_gitops_pr.parameters import GitOpsPr
from kubernaut_gitops_pr.settings import GitOpsSettings
from tests.plugins.gitops_pr.conftest import TOKEN
from tests.plugins.gitops_pr.pod import UID

FORMS = (
    TOKEN,
    TOKEN.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D"),
    base64.b64encode(f"x-access-token:{TOKEN}".encode()).decode(),
    base64.b64encode(TOKEN.encode()).decode(),
)


def tokens_in(text):
    return [form for form in FORMS if form in text]


def job(settings, **more):
    parameters = GitOpsPr.model_validate_json(json.dumps(EXAMPLE), strict=True)
    known = GitOpsSettings.model_validate(settings)
    execution = Execution("x", "production", UID, "gitops-pr", parameters, known, "image:1", **more)
    return Hardening(execution, plugin.describe()).apply(plugin.build_job(execution))


def test_the_job_names_the_secret_and_mounts_no_service_account_token(site):
    made = job(site.settings)
    pod = made["spec"]["template"]["spec"]
    for container in [*pod["initContainers"], *pod["containers"]]:
        env = {entry["name"]: entry for entry in container["env"]}
        reference = {"secretKeyRef": {"name": "gitops-token", "key": "token", "optional": True}}
        assert env["KUBERNAUT_FORGE_TOKEN"] == {"name": "KUBERNAUT_FORGE_TOKEN", "valueFrom": reference}
        assert container["command"] == ["python", "-m", "kubernaut.runner", "kubernaut_gitops_pr.perform"]
    assert pod["automountServiceAccountToken"] is False
    assert pod["volumes"] == [{"name": "tmp", "emptyDir": {"sizeLimit": "2048Mi"}}]
    assert not tokens_in(json.dumps(made))


def test_the_pod_gets_the_settings_of_its_own_forge_only(site):
    other = {
        "kind": "gitlab",
        "url": "https://git.example.com",
        "token_secret": {"name": "other"},
        "repositories": ["secret/**"],
    }
    site.settings["forges"].insert(0, other)
    assert "git.example.com" not in json.dumps(job(site.settings))


def test_no_command_line_and_no_file_contains_the_token_while_git_runs(site, monkeypatch):
    original, files, lines = demo_git._Handler._git, [], []

    def git(handler, path, body):
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                lines.append(process.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
            except OSError:
                continue
        for parent, _, names in os.walk(site.directory / "tmp"):
            files.extend(content for name in names if (content := readable(Path(parent) / name)))
        original(handler, path, body)

    monkeypatch.setattr(demo_git._Handler, "_git", git)
    result = site.step("execute", body="why")
    assert result.state == "done"
    assert any("remote-http" in line and "push" not in line for line in lines)
    assert any('[remote "origin"]' in content for content in files)
    assert not [line for line in lines if tokens_in(line)]
    assert not [content for content in files if tokens_in(content)]
    assert not tokens_in(result.printed + result.report)


def readable(file):
    try:
        return file.read_bytes().decode("latin-1")
    except OSError:
        return ""


@pytest.mark.parametrize("step", ["dry-run", "execute"])
@pytest.mark.parametrize("form", FORMS, ids=["plain", "quoted", "basic", "base64"])
def test_a_forge_that_echoes_the_token_is_not_repeated(site, step, form):
    site.api.answer("GET", "/repos/platform/gitops", Reply(422, {"message": f"bad header {form}"}))
    result = site.step(step)
    assert "***" in result.message
    assert not tokens_in(result.message + result.printed + result.report)


def test_a_git_server_that_echoes_the_token_is_not_repeated(site):
    hook = site.root / "platform/gitops.git/hooks/pre-receive"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\necho 'you sent {TOKEN} or {FORMS[2]}' >&2\nexit 1\n")
    hook.chmod(0o755)
    result = site.step("execute")
    assert result.state == "rejected"
    assert "***" in result.message
    assert not tokens_in(result.message + result.printed + result.report)


def test_a_repository_that_holds_the_token_does_not_leak_it_through_diff_or_changes(site):
    site.push("main", {"leak.yaml": f"a: {TOKEN}\nb: 1\n"})
    result = site.step("dry-run", {"path": "leak.yaml", "set": {"a": "gone", "b": 2}})
    fields = result.fields()
    assert fields.pop("sha256"), "what is not shown is part of the plan all the same"
    assert fields == {"a": ("***", "gone"), "b": (1, 2)}
    assert not tokens_in(result.printed + result.report)


def test_an_unexpected_error_does_not_quote_the_token(site, monkeypatch):
    def broken(*_):
        raise ValueError(f"Invalid header value b'Bearer {TOKEN}'")

    monkeypatch.setattr("kubernaut_gitops_pr.forges.http.Http._send", broken)
    with pytest.raises(RuntimeError) as caught:
        site.step("execute")
    assert "Invalid header value b'Bearer ***'" in str(caught.value)
    assert "_send" in "".join(caught.value.__notes__)
    assert not tokens_in(str(caught.value) + "".join(caught.value.__notes__))
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    "token",
    ["", " \n", "short", "two words of it", "bell\x07bell\x07"],
    ids=["none", "blank", "short", "words", "control"],
)
def test_a_secret_without_a_token_is_named_in_the_message(site, token):
    result = site.step("dry-run", token=token)
    assert result.state == "rejected"
    assert "Secret gitops-token (key token) of namespace production" in result.message


def test_the_environment_does_not_keep_the_token(site):
    site.step("dry-run")
    assert TOKEN not in os.environ.values()


def test_the_pod_side_imports_nothing_heavy():
    heavy = ("pydantic", "pluggy", "kubernetes", "aiohttp")
    code = f"import sys, kubernaut_gitops_pr.perform; print([m for m in {heavy} if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_the_pod_checks_the_list_again(site):
    site.settings["forges"][0]["namespaces"] = ["production"]
    assert "namespace staging is not allowed to use" in site.step("execute", namespace="staging").message
    site.settings["forges"][0]["repositories"] = ["platform/other"]
    assert "not on the list of allowed repositories" in site.step("execute").message
    assert site.api.calls == []


def test_a_certificate_authority_comes_from_its_secret_too(site):
    site.settings["forges"][0]["ca_secret"] = {"name": "forge-ca", "key": "ca.crt"}
    env = {entry["name"]: entry for entry in job(site.settings)["spec"]["template"]["spec"]["containers"][0]["env"]}
    assert env["KUBERNAUT_FORGE_CA"]["valueFrom"]["secretKeyRef"]["name"] == "forge-ca"
    assert "Secret forge-ca (key ca.crt) does not contain a certificate authority" in site.step("dry-run").message
