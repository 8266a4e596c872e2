"""Connections through a SOCKS5 proxy."""

import struct

import aiohttp
import pytest

from kubernaut.errors import UnavailableError
from kubernaut.kube.config.client_config import load_client_config
from kubernaut.kube.transport import Connection
from tests.support.tcp import relay, tcp_server
from tests.support.tls_api_server import tls_api_server


class Socks:
    """A SOCKS5 proxy, which may want a login or refuse; every name is that of this host."""

    def __init__(self):
        self.login, self.reply, self.greeting, self.asked, self.logins = None, 0, b"\x05", [], []

    async def serve(self, reader, writer):
        _, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        method = 2 if self.login else 0
        writer.write(self.greeting + bytes([method if method in methods else 255]))
        if self.login and method in methods:
            _, length = await reader.readexactly(2)
            user = await reader.readexactly(length)
            (length,) = await reader.readexactly(1)
            self.logins.append((user.decode(), (await reader.readexactly(length)).decode()))
            writer.write(b"\x01" + (b"\x00" if self.logins[-1] == self.login else b"\x01"))
        _, _, _, kind = await reader.readexactly(4)
        length = {1: 4, 4: 16}.get(kind) or (await reader.readexactly(1))[0]
        address = await reader.readexactly(length)
        (port,) = struct.unpack(">H", await reader.readexactly(2))
        self.asked.append((kind, address, port))
        writer.write(bytes([5, self.reply, 0, 1, 0, 0, 0, 0, 0, 0]))
        if not self.reply:
            await relay(reader, writer, "127.0.0.1", port)


@pytest.fixture
def socks():
    return Socks()


@pytest.fixture
async def ask(socks, tmp_path):
    """Send one request through the proxy and return its status code."""
    async with tls_api_server(tmp_path, "127.0.0.1", "inside.example") as server, tcp_server(socks.serve) as port:
        server.accepted = {"Bearer t"}

        async def send(host="127.0.0.1", login="", **cluster):
            described = {
                "server": f"https://{host}:{server.port}",
                "proxy-url": f"socks5://{login}127.0.0.1:{port}",
                **cluster,
            }
            async with Connection(load_client_config(server.kubeconfig({"token": "t"}, **described))) as opened:
                response = await opened.send("GET", "/api", timeout=aiohttp.ClientTimeout(total=10, connect=5))
                await response.read()
                return response.status

        yield send


async def test_an_address_is_reached_through_the_proxy(ask, socks):
    assert await ask() == 200
    assert socks.asked[0][:2] == (1, b"\x7f\x00\x00\x01")


async def test_a_name_is_resolved_by_the_proxy_and_is_in_the_certificate(ask, socks):
    assert await ask("inside.example") == 200
    assert socks.asked[0][:2] == (3, b"inside.example")
    with pytest.raises(UnavailableError, match=r"not valid for 'other.example'"):
        await ask("other.example")
    assert await ask("other.example", **{"tls-server-name": "inside.example"}) == 200


async def test_a_login_is_that_of_the_url(ask, socks):
    socks.login = ("anna", "p:w")
    assert await ask(login="anna:p%3Aw@") == 200
    with pytest.raises(UnavailableError, match="the SOCKS5 proxy: Username and password authentication failure"):
        await ask(login="anna:no@")
    with pytest.raises(UnavailableError, match="No acceptable authentication methods"):
        await ask()


@pytest.mark.parametrize(
    ("reply", "message"),
    [(5, "the SOCKS5 proxy: Connection refused"), (99, "the SOCKS5 proxy: Invalid reply code: 0X63")],
    ids=["refused", "an unknown error"],
)
async def test_what_the_proxy_could_not_do_is_reported(ask, socks, reply, message):
    socks.reply = reply
    with pytest.raises(UnavailableError, match=message):
        await ask()


async def test_another_server_is_not_taken_for_a_proxy(ask, socks):
    socks.greeting = b"H"
    with pytest.raises(UnavailableError, match="the SOCKS5 proxy: Unexpected SOCKS version"):
        await ask()
