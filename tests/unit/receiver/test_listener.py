"""What strangers hold open is bounded, in number and in time, and what is at work goes on."""

import asyncio
import contextlib
import socket
import ssl

import pytest

from kubernaut.receiver import listener as module
from kubernaut.receiver.listener import Listener
from tests.support.certificates import Authority


class Echo(asyncio.Protocol):
    """Answers what it gets."""

    made = ()

    def __init__(self, made):
        made.append(self)

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


@contextlib.asynccontextmanager
async def listening(seconds=10.0, context=None):
    protocols = []
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.setblocking(False)
        listener = Listener(sock, lambda: Echo(protocols), context, seconds)
        task = asyncio.create_task(listener.run())
        try:
            yield listener, sock.getsockname()[1], protocols
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            listener.close()
            await asyncio.sleep(0)


async def is_closed(reader, seconds=3):
    with contextlib.suppress(OSError):
        async with asyncio.timeout(seconds):
            return await reader.read(1) == b""
    return True


async def echoes(reader, writer):
    writer.write(b"x")
    return await asyncio.wait_for(reader.read(1), 3) == b"x"


async def test_a_connection_that_sends_nothing_is_closed_after_its_time():
    async with listening(0.2) as (_, port, _p):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await is_closed(reader)
        writer.close()


async def test_what_is_at_work_has_its_own_time_and_then_a_little_more():
    async with listening(0.2) as (listener, port, protocols):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await echoes(reader, writer)
        with listener.at_work(protocols[0]):
            await asyncio.sleep(0.4)
            assert await echoes(reader, writer)
        assert await is_closed(reader)
        writer.close()


async def test_the_oldest_that_waits_makes_room_and_none_that_works(monkeypatch):
    monkeypatch.setattr(module, "MAX_CONNECTIONS", 2)
    monkeypatch.setattr(module, "MOMENT_SECONDS", 0.3)
    async with listening() as (listener, port, protocols):
        first = await asyncio.open_connection("127.0.0.1", port)
        assert await echoes(*first)
        with listener.at_work(protocols[0]):
            second = await asyncio.open_connection("127.0.0.1", port)
            assert await echoes(*second)
            third = await asyncio.open_connection("127.0.0.1", port)
            assert await echoes(*third)
            assert await is_closed(second[0])
            assert await echoes(*first)
            with listener.at_work(protocols[2]):
                fourth = await asyncio.open_connection("127.0.0.1", port)
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.3):
                        await echoes(*fourth)
                third[1].close()
                assert await asyncio.wait_for(fourth[0].read(1), 3) == b"x"
        for _, writer in (first, second, third, fourth):
            writer.close()


async def test_tls_uses_the_context_of_the_moment_and_plain_bytes_are_dropped(tmp_path):
    authority, names = Authority(), iter(("one", "two", "three"))

    def context():
        (tmp_path / "pair.pem").write_bytes(b"".join(authority.pair(next(names), "localhost")))
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made.load_cert_chain(tmp_path / "pair.pem")
        return made

    client = ssl.create_default_context(cadata=authority.pem.decode())
    async with listening(context=context) as (listener, port, _):
        for name in ("one", "two"):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname="localhost")
            (subject,) = writer.get_extra_info("peercert")["subject"]
            assert subject == (("commonName", name),)
            assert await echoes(reader, writer)
            writer.close()
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        async with asyncio.timeout(3):
            while await reader.read(100):
                pass
        writer.close()
        async with asyncio.timeout(3):
            while listener._open:
                await asyncio.sleep(0.01)


async def test_a_handshake_that_never_comes_holds_no_connection(tmp_path, monkeypatch):
    (tmp_path / "pair.pem").write_bytes(b"".join(Authority().pair("a", "localhost")))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(tmp_path / "pair.pem")
    async with listening(0.2, lambda: made) as (listener, port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await is_closed(reader)
        writer.close()
        await asyncio.sleep(0.1)
        assert listener._open == {}
