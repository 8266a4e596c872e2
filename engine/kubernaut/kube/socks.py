"""Connections through a SOCKS5 proxy (RFC 1928 and 1929), such as `ssh -D` opens; names are resolved at the proxy, as Go does it."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler

SOCKS_SCHEMES = ("socks5", "socks5h")
_VERSION, _NO_LOGIN, _LOGIN, _CONNECT = 5, 0, 2, 1
_IPV4, _DOMAIN, _IPV6 = 1, 3, 4
_ADDRESS_BYTES = {_IPV4: 4, _IPV6: 16}
_REPLIES = (
    "", "general failure", "the proxy's rules do not allow it", "network unreachable", "host unreachable",
    "connection refused", "time to live expired",
)  # fmt: skip


class SocksConnector(aiohttp.TCPConnector):
    """Opens every connection through the proxy. aiohttp has no public place for it: this is the method that its extensions override."""

    def __init__(self, proxy: str, limit: int) -> None:
        super().__init__(limit=limit, resolver=_Unresolved(), use_dns_cache=False)
        self._proxy = urlsplit(proxy)

    async def _wrap_create_connection(
        self,
        *args: Any,
        req: aiohttp.ClientRequest,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
        **options: Any,
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        for ours in ("addr_infos", "client_error"):
            options.pop(ours, None)
        with _as_client_errors(req):
            async with asyncio.timeout(timeout.sock_connect or timeout.connect):
                stream = await _connect(self._proxy, req.url.raw_host or "", req.url.port or 443)
                return await self._loop.create_connection(*args, **options, sock=stream)


class _Unresolved(AbstractResolver):
    """Leaves names to the proxy."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="0.0.0.0", port=port, family=family, proto=0, flags=0)]  # noqa: S104 - never used

    async def close(self) -> None:
        """Nothing is open."""


@contextmanager
def _as_client_errors(request: aiohttp.ClientRequest) -> Iterator[None]:
    """Raise what aiohttp raises where a connection cannot be opened."""
    try:
        yield
    except ssl.SSLCertVerificationError as error:
        raise aiohttp.ClientConnectorCertificateError(request.connection_key, error) from error
    except ssl.SSLError as error:
        raise aiohttp.ClientConnectorSSLError(request.connection_key, error) from error
    except TimeoutError:
        raise
    except OSError as error:
        raise aiohttp.ClientProxyConnectionError(request.connection_key, error) from error


async def _connect(proxy: SplitResult, host: str, port: int) -> socket.socket:
    """Return a socket that the proxy has connected. Raises OSError."""
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(proxy.hostname or "", proxy.port or 1080, type=socket.SOCK_STREAM)
    family, kind, protocol, _, address = addresses[0]
    stream = socket.socket(family, kind, protocol)
    try:
        stream.setblocking(False)
        await loop.sock_connect(stream, address)
        await _log_in(stream, unquote(proxy.username or ""), unquote(proxy.password or ""))
        await loop.sock_sendall(
            stream, bytes([_VERSION, _CONNECT, 0]) + _encode_address(host) + struct.pack(">H", port)
        )
        await _read_reply(stream)
    except BaseException:
        stream.close()
        raise
    return stream


def _encode_address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("idna")
        return bytes([_DOMAIN, len(name)]) + name
    return bytes([_IPV4 if address.version == 4 else _IPV6]) + address.packed


async def _log_in(stream: socket.socket, user: str, password: str) -> None:
    loop = asyncio.get_running_loop()
    methods = [_NO_LOGIN, _LOGIN] if user else [_NO_LOGIN]
    await loop.sock_sendall(stream, bytes([_VERSION, len(methods), *methods]))
    version, method = await _receive(stream, 2)
    if version != _VERSION or method not in methods:
        raise OSError(
            "the proxy is not a SOCKS5 proxy" if version != _VERSION else "the SOCKS5 proxy wants another login"
        )
    if method == _LOGIN:
        name, secret = user.encode(), password.encode()
        await loop.sock_sendall(stream, bytes([1, len(name)]) + name + bytes([len(secret)]) + secret)
        if (await _receive(stream, 2))[1] != 0:
            raise OSError("the SOCKS5 proxy does not accept the user name and password of proxy-url")


async def _read_reply(stream: socket.socket) -> None:
    _, reply, _, kind = await _receive(stream, 4)
    if reply:
        raise OSError(f"the SOCKS5 proxy: {_REPLIES[reply] if reply < len(_REPLIES) else f'error {reply}'}")
    length = _ADDRESS_BYTES.get(kind) or (await _receive(stream, 1))[0]
    await _receive(stream, length + 2)


async def _receive(stream: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        chunk = await asyncio.get_running_loop().sock_recv(stream, count - len(data))
        if not chunk:
            raise OSError("the SOCKS5 proxy closed the connection")
        data += chunk
    return data
