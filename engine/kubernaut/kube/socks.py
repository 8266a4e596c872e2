"""Connections through a SOCKS5 proxy, such as `ssh -D` opens; names are resolved at the proxy, as Go does it.

python-socks speaks the protocol. Its connector for aiohttp is not used, because that one ignores `tls-server-name`.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import unquote, urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.client_proto import ResponseHandler
from python_socks import ProxyError, ProxyType
from python_socks.async_.asyncio import Proxy

SOCKS_SCHEMES = ("socks5", "socks5h")
_DEFAULT_PORT = 1080


class SocksConnector(aiohttp.TCPConnector):
    """Opens every connection through the proxy. aiohttp has no public place for it: this is the method that its extensions override."""

    def __init__(self, proxy: str, limit: int) -> None:
        super().__init__(limit=limit, resolver=_Unresolved(), use_dns_cache=False)
        url = urlsplit(proxy)
        user, password = unquote(url.username or ""), unquote(url.password or "")
        self._proxy = Proxy(ProxyType.SOCKS5, url.hostname or "", url.port or _DEFAULT_PORT, user, password, rdns=True)

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
            host, port = req.url.raw_host or "", req.url.port or 443
            stream = await self._proxy.connect(host, port, timeout=timeout.sock_connect or timeout.connect)
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
    except (ProxyError, OSError) as error:
        failure = OSError(f"the SOCKS5 proxy: {error}") if isinstance(error, ProxyError) else error
        raise aiohttp.ClientProxyConnectionError(request.connection_key, failure) from error
