"""Kubeconfigs of every kind: what kubectl connects with, the client connects with, and what kubectl refuses, it refuses."""

import asyncio
import base64
import shutil

import pytest
import yaml

from kubernaut.errors import KubernautError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import PODS
from kubernaut_sandbox import Sandbox
from tests.support.shell import command

KUBECTL = shutil.which("kubectl")
V1 = "client.authentication.k8s.io/v1"
PLUGIN = {"command": "./plugin", "apiVersion": V1, "interactiveMode": "Never"}


@pytest.fixture
async def sandbox():
    async with Sandbox() as running:
        yield running


@pytest.fixture
def folder(sandbox, tmp_path):
    """A folder with the authority, a token, and a plugin that prints the token."""
    (tmp_path / "ca.pem").write_bytes(sandbox.ca_file.read_bytes())
    (tmp_path / "token").write_text(sandbox.token("kubernetes-admin") + "\n")
    write_plugin(tmp_path, f'cat "{tmp_path}/token"')
    return tmp_path


def write_plugin(folder, token, end=""):
    plugin = folder / "plugin"
    plugin.write_text(
        f"#!/bin/sh\necho >> {folder}/calls\n"
        f'printf \'{{"apiVersion":"{V1}","kind":"ExecCredential","status":{{"token":"%s"{end}}}}}\' "$({token})"\n'
    )
    plugin.chmod(0o755)


def write(folder, sandbox, user=None, namespace="", name="config", **cluster):
    """Write a kubeconfig; a field that is None is left out."""
    described = {"server": sandbox.url, "certificate-authority": "ca.pem"} | {
        field.replace("_", "-"): value for field, value in cluster.items()
    }
    document = {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": namespace}}],
        "clusters": [
            {"name": "c", "cluster": {field: value for field, value in described.items() if value is not None}}
        ],
        "users": [{"name": "u", "user": {"tokenFile": "token"} if user is None else user}],
    }
    (folder / name).write_text(yaml.safe_dump(document), "utf-8")
    return folder / name


async def kubectl_connects(file):
    """Return whether kubectl connects with a kubeconfig (None: those of $KUBECONFIG), and what it wrote."""
    words = ["--kubeconfig", str(file)] if file else []
    process = await asyncio.create_subprocess_exec(
        KUBECTL,
        *words,
        "get",
        "pods",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 40)
    return process.returncode == 0, errors.decode()


async def connects(file):
    """Return whether the client connects, and what it reports."""
    try:
        async with await Cluster.connect(file) as cluster:
            await cluster.list(PODS, cluster.namespace)
    except KubernautError as error:
        return False, str(error)
    return True, ""


def exec_of(**fields):
    return {"exec": {**PLUGIN, **fields}}


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl is installed")
@pytest.mark.parametrize(
    ("cluster", "user", "works"),
    [
        pytest.param({}, None, True, id="a token file and an authority beside the kubeconfig"),
        pytest.param({"tls_server_name": "localhost"}, None, True, id="another name that is in the certificate"),
        pytest.param({"tls_server_name": "other.example"}, None, False, id="a name that is not in the certificate"),
        pytest.param({"certificate_authority": None}, None, False, id="no authority"),
        pytest.param({"certificate_authority": "none.pem"}, None, False, id="an authority that does not exist"),
        pytest.param({"certificate_authority": "token"}, None, False, id="an authority that is not PEM"),
        pytest.param(
            {"certificate_authority": None, "insecure_skip_tls_verify": True}, None, True, id="no verification"
        ),
        pytest.param({"insecure_skip_tls_verify": True}, None, False, id="an authority and no verification"),
        pytest.param(
            {"certificate_authority_data": base64.b64encode(b"x").decode()}, None, False, id="two authorities"
        ),
        pytest.param({"certificate_authority": None, "certificate_authority_data": "%"}, None, False, id="bad base64"),
        pytest.param({"proxy_url": "http://127.0.0.1:1"}, None, False, id="a proxy that does not answer"),
        pytest.param({"proxy_url": "127.0.0.1:1"}, None, False, id="a proxy without a scheme"),
        pytest.param({"server": None}, None, False, id="no server"),
        pytest.param({}, {}, False, id="no credentials"),
        pytest.param({}, {"token": 5}, False, id="a number as token"),
        pytest.param({}, {"tokenFile": "token", "token": "wrong"}, True, id="a token file before a token"),
        pytest.param({}, {"tokenFile": "none"}, False, id="a token file that does not exist"),
        pytest.param({}, {"tokenFile": "token", "username": "anna"}, False, id="a token and a login"),
        pytest.param({}, {"tokenFile": "token", "as": "anna"}, False, id="as someone who is allowed nothing"),
        pytest.param(
            {}, {"tokenFile": "token", "as": "anna", "as-groups": ["system:masters"]}, True, id="as someone in a group"
        ),
        pytest.param({}, {"tokenFile": "token", "as-groups": ["system:masters"]}, False, id="groups without a user"),
        pytest.param({}, {"auth-provider": {"name": "gcp"}}, False, id="an auth-provider that was removed"),
        pytest.param({}, exec_of(), True, id="a plugin"),
        pytest.param(
            {},
            exec_of(provideClusterInfo=True, args=["a"], env=[{"name": "A", "value": "b"}]),
            True,
            id="a plugin with everything",
        ),
        pytest.param({}, exec_of(command="none"), False, id="a plugin that is not installed"),
        pytest.param({}, exec_of(command="/bin/true"), False, id="a plugin that prints nothing"),
        pytest.param({}, exec_of(command="/bin/false"), False, id="a plugin that fails"),
        pytest.param({}, exec_of(command="/bin/echo", args=["x"]), False, id="a plugin that prints garbage"),
        pytest.param(
            {}, exec_of(apiVersion="client.authentication.k8s.io/v1beta1"), False, id="a plugin of another version"
        ),
        pytest.param(
            {}, exec_of(apiVersion="client.authentication.k8s.io/v1alpha1"), False, id="a plugin of a removed version"
        ),
        pytest.param({}, exec_of(interactiveMode=None), False, id="a plugin without a mode"),
        pytest.param({}, exec_of(interactiveMode="Always"), False, id="a plugin that needs a terminal"),
        pytest.param({}, {**exec_of(command="/bin/false"), "tokenFile": "token"}, True, id="a token before a plugin"),
    ],
)
async def test_the_client_connects_where_kubectl_does_and_nowhere_else(sandbox, folder, cluster, user, works):
    file = write(folder, sandbox, user, **cluster)
    (kubectl, errors), (ours, message) = await asyncio.gather(kubectl_connects(file), connects(file))
    assert (kubectl, ours) == (works, works), f"kubectl: {errors}\nkubernaut: {message}"


@pytest.mark.skipif(KUBECTL is None, reason="no kubectl is installed")
@pytest.mark.parametrize(
    ("order", "works"),
    [("one:none:two", True), ("two:one", False)],
    ids=["the right user first", "the wrong user first"],
)
async def test_several_files_are_merged_as_kubectl_merges_them(sandbox, folder, monkeypatch, order, works):
    """Both have all names; each path is relative to its own file. The second has a wrong token and a server that does not answer."""
    other = folder / "two"
    other.mkdir()
    write(folder, sandbox, name="one")
    write(
        other, sandbox, {"token": "wrong"}, server="https://127.0.0.1:1", certificate_authority="../ca.pem", name="two"
    )
    places = {"one": folder / "one", "two": other / "two", "none": folder / "none"}
    monkeypatch.setenv("KUBECONFIG", ":".join(str(places[name]) for name in order.split(":")))
    kubectl, ours = await asyncio.gather(kubectl_connects(None), connects(None))
    assert (kubectl[0], ours[0]) == (works, works), f"{kubectl[1]} {ours[1]}"


async def test_a_plugin_is_asked_again_after_a_401_and_once_for_several_requests(sandbox, folder):
    write_plugin(folder, f"test $(wc -l < {folder}/calls) -gt 1 && cat {folder}/token || echo wrong")
    async with await Cluster.connect(write(folder, sandbox, exec_of())) as cluster:
        await asyncio.gather(*(cluster.list(PODS, "default") for _ in range(5)))
    assert len((folder / "calls").read_text()) == 2


async def test_a_plugin_is_asked_again_before_its_token_expires(sandbox, folder):
    write_plugin(folder, f'cat "{folder}/token"', ',"expirationTimestamp":"2020-01-01T00:00:00Z"')
    async with await Cluster.connect(write(folder, sandbox, exec_of())) as cluster:
        for _ in range(3):
            await cluster.list(PODS, "default")
    assert len((folder / "calls").read_text()) == 3


async def test_the_command_line_reports_a_401_with_the_user_and_a_plugin_with_its_words(sandbox, folder):
    (folder / "token").write_text("wrong")
    code, _, errors = await command("get", "--kubeconfig", str(write(folder, sandbox)))
    assert (code, "does not accept the credentials of user 'u' of kubeconfig" in errors) == (3, True)
    write_plugin(folder, "echo expired, run login >&2; kill $$")
    code, _, errors = await command("get", "--kubeconfig", str(write(folder, sandbox, exec_of())))
    assert code == 3
    assert "users[u].user.exec.command" in errors
    assert errors.rstrip().endswith("It wrote: expired, run login")
    assert len(errors.splitlines()) == 1


async def test_what_a_kubeconfig_lacks_is_bad_input(sandbox, folder):
    file = str(write(folder, sandbox))
    code, _, errors = await command("get", "--kubeconfig", file, "--context", "other")
    assert (code, f"kubeconfig {file}: --context: there is no context 'other'; its contexts are: c" in errors) == (
        2,
        True,
    )


async def test_commands_act_in_the_namespace_of_the_context_that_is_chosen(site, tmp_path):
    if site.sandbox is None:
        pytest.skip("the contexts are those of a kubeconfig of its own")
    document = site.sandbox.kubeconfig(others=["other"])
    (first, second) = document["contexts"]
    first["context"]["namespace"] = site.namespace
    second["context"].update(user=first["context"]["user"], namespace="default")
    file = tmp_path / "config"
    file.write_text(yaml.safe_dump(document), "utf-8")
    options = ("--kubeconfig", str(file))
    code, _, errors = await command(
        "execute", "scale", "--name", "here", "-p", "name=web", "-p", "replicas=2", "--dry-run", *options
    )
    assert code == 0, errors
    assert (await command("get", "here", *options))[0] == 0
    assert (await command("describe", "here", "-n", site.namespace, "--context", "other", *options))[0] == 0
    code, _, errors = await command("get", "here", "--context", "other", *options)
    assert (code, "there is no execution here in default" in errors) == (2, True)
