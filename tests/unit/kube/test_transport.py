"""Requests over TLS with a credential, repeated once after a 401, and how their bodies are encoded."""

import asyncio
import json
import os

import aiohttp
import pytest

from kubernaut.api.execution import Phase
from kubernaut.errors import UnavailableError
from kubernaut.kube.config.client_config import load_client_config
from kubernaut.kube.transport import Connection, encode
from tests.support.tcp import relay, tcp_server
from tests.support.tls_api_server import tls_api_server

EXEC = "client.authentication.k8s.io/v1"


def nested(levels):
    value = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"phase": Phase.RUNNING, "tuple": (1, 2), "none": None}, id="as the engine builds them"),
        pytest.param("é\u2028\x00", id="text"),
        pytest.param("\ud800", id="half a surrogate"),
        pytest.param(nested(500), id="deep"),
        pytest.param([10**30, 0.1, 1e22], id="numbers"),
    ],
)
def test_a_body_is_encoded_as_json_dumps_would(value):
    assert json.loads(encode({"a": value})) == json.loads(json.dumps({"a": value}))


def connection(document):
    return Connection(load_client_config(document))


async def get(open_connection):
    response = await open_connection.send("GET", "/api/v1/namespaces", timeout=aiohttp.ClientTimeout(total=10))
    await response.read()
    return response.status


@pytest.fixture
async def server(tmp_path):
    async with tls_api_server(tmp_path, "127.0.0.1", "localhost") as running:
        yield running


async def test_the_name_in_the_certificate_is_the_one_that_the_kubeconfig_names(server):
    server.accepted = {""}
    async with connection(server.kubeconfig({}, **{"tls-server-name": "localhost"})) as right:
        assert await get(right) == 200
    async with connection(server.kubeconfig({}, **{"tls-server-name": "other.example"})) as wrong:
        with pytest.raises(UnavailableError, match=r"not valid for 'other.example'"):
            await get(wrong)


async def test_without_verification_any_authority_will_do(server):
    server.accepted = {""}
    insecure = {"certificate-authority": None, "insecure-skip-tls-verify": True}
    async with connection(server.kubeconfig({}, **insecure)) as trusting:
        assert await get(trusting) == 200
    async with connection(server.kubeconfig({}, **{"certificate-authority": None})) as careful:
        with pytest.raises(UnavailableError, match="its certificate is not valid: "):
            await get(careful)


async def test_a_token_that_was_replaced_is_sent_after_a_401(server, tmp_path):
    (tmp_path / "token").write_text("one")
    async with connection(server.kubeconfig({"tokenFile": str(tmp_path / "token")})) as opened:
        server.accepted = {"Bearer one"}
        assert await get(opened) == 200
        status = (tmp_path / "token").stat()
        (tmp_path / "token").write_text("two")
        os.utime(tmp_path / "token", ns=(status.st_atime_ns, status.st_mtime_ns))
        server.accepted = {"Bearer two"}
        assert await get(opened) == 200
    assert [request.headers["Authorization"] for request in server.requests] == [
        f"Bearer {n}" for n in ("one", "one", "two")
    ]


async def test_a_401_that_stays_is_returned_and_not_repeated_with_the_same_credential(server):
    async with connection(server.kubeconfig({"token": "t"})) as opened:
        assert await get(opened) == 401
    assert len(server.requests) == 1


async def test_a_body_is_sent_again_after_a_401(server, tmp_path):
    plugin = tmp_path / "plugin"
    plugin.write_text(
        f"#!/bin/sh\necho >> {tmp_path}/calls\n"
        f'printf \'{{"apiVersion":"{EXEC}","kind":"ExecCredential","status":{{"token":"%s"}}}}\' $(wc -l < {tmp_path}/calls)\n'
    )
    plugin.chmod(0o755)
    bodies = []

    async def handle(request):
        bodies.append(await request.json())

    server.on_request = handle
    server.accepted = {"Bearer 2"}
    user = {"exec": {"command": str(plugin), "apiVersion": EXEC, "interactiveMode": "Never"}}
    async with connection(server.kubeconfig(user)) as opened:
        timeout = aiohttp.ClientTimeout(total=10)
        responses = await asyncio.gather(
            *(opened.send("POST", "/api/v1/namespaces", body={"n": n}, timeout=timeout) for n in range(3))
        )
        assert [response.status for response in responses] == [200] * 3
    assert sorted(body["n"] for body in bodies) == [0, 0, 1, 1, 2, 2]
    assert len((tmp_path / "calls").read_text()) == 2


async def test_a_client_certificate_that_was_replaced_is_used_for_new_requests(server, tmp_path):
    server.accepted = {""}

    def write(name):
        for file, content in zip(("cert", "key"), server.authority.pair(name), strict=True):
            (tmp_path / file).write_bytes(content)

    write("anna")
    user = {"client-certificate": str(tmp_path / "cert"), "client-key": str(tmp_path / "key")}
    async with connection(server.kubeconfig(user)) as opened:
        await get(opened)
        write("berta")
        await get(opened)
    assert server.clients == ["anna", "berta"]


async def test_impersonation_login_and_compression_are_sent_as_headers(server):
    server.accepted = {"Basic YW5uYTpw"}
    user = {"username": "anna", "password": "p", "as": "berta", "as-groups": ["dev", "ops"]}
    async with connection(server.kubeconfig(user, **{"disable-compression": True})) as opened:
        assert await get(opened) == 200
    headers = server.requests[0].headers
    assert (headers["Impersonate-User"], headers.getall("Impersonate-Group")) == ("berta", ["dev", "ops"])
    assert headers["Accept-Encoding"] == "identity"


async def test_a_netrc_file_is_not_used(server, tmp_path, monkeypatch):
    (tmp_path / "netrc").write_text("default login x password y\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    server.accepted = {"Bearer t"}
    async with connection(server.kubeconfig({"token": "t"})) as opened:
        assert await get(opened) == 200


@pytest.fixture
async def http_proxy():
    """An HTTP proxy that relays CONNECT; yields its URL and what it was asked for."""
    asked = []

    async def serve(reader, writer):
        line = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode()
        asked.append(line)
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await relay(reader, writer, *line.split()[1].rsplit(":", 1))

    async with tcp_server(serve) as port:
        yield f"http://127.0.0.1:{port}", asked


async def test_the_proxy_of_the_kubeconfig_is_used(server, http_proxy):
    url, asked = http_proxy
    server.accepted = {""}
    async with connection(server.kubeconfig({}, **{"proxy-url": url, "tls-server-name": "localhost"})) as opened:
        assert await get(opened) == 200
    assert asked == [f"CONNECT 127.0.0.1:{server.port} HTTP/1.1"]
    async with connection(server.kubeconfig({}, **{"proxy-url": url, "tls-server-name": "other.example"})) as wrong:
        with pytest.raises(UnavailableError, match=r"other.example"):
            await get(wrong)


@pytest.mark.parametrize(
    ("server_url", "reason"),
    [
        pytest.param(
            "https://127.0.0.1:1", r"127\.0\.0\.1:1: .*(Connect call failed|Connection refused)", id="nothing listens"
        ),
        pytest.param(
            "https://no.such.invalid", r"no\.such\.invalid: .*(Name or service|name resolution)", id="no such name"
        ),
    ],
)
async def test_a_server_that_cannot_be_reached_is_reported_with_the_reason(server, server_url, reason):
    async with connection(server.kubeconfig({}, server=server_url)) as opened:
        with pytest.raises(UnavailableError, match=f"no answer from the API server at https://{reason}") as refused:
            await get(opened)
    assert " object at " not in str(refused.value)
