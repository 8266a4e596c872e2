"""A small API server over TLS: it accepts some tokens or client certificates, and records who asked for what."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

from tests.support.certificates import Authority


@dataclass
class TlsApiServer:
    """What it accepts, what it saw, and the files that a kubeconfig names."""

    folder: Path
    authority: Authority
    port: int = 0
    accepted: set[str] = field(default_factory=set)
    """Values of the Authorization header; "" accepts every request."""
    requests: list[web.Request] = field(default_factory=list)
    on_request: Callable[[web.Request], Awaitable[None]] | None = None
    """Called with every request before it is answered."""
    clients: list[str] = field(default_factory=list)
    """The names in the client certificates, "" where there was none."""

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    def kubeconfig(self, user: dict[str, object], **cluster: object) -> dict[str, object]:
        """Return a kubeconfig for this user; `cluster` overrides fields of its cluster."""
        described = {"server": self.url, "certificate-authority": str(self.folder / "ca.pem"), **cluster}
        return {
            "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {k: v for k, v in described.items() if v is not None}}],
            "users": [{"name": "u", "user": user}],
        }

    async def handle(self, request: web.Request) -> web.Response:
        """Answer as an API server does: a list, or 401."""
        self.requests.append(request)
        if self.on_request:
            await self.on_request(request)
        peer = request.transport.get_extra_info("peercert") if request.transport else None
        names = dict(pair[0] for pair in (peer or {}).get("subject", ()))
        self.clients.append(names.get("commonName", ""))
        if "" not in self.accepted and request.headers.get("Authorization") not in self.accepted:
            return web.json_response({"kind": "Status", "message": "Unauthorized", "code": 401}, status=401)
        return web.json_response({"metadata": {"resourceVersion": "1"}, "items": []})


@asynccontextmanager
async def tls_api_server(folder: Path, *hosts: str) -> AsyncIterator[TlsApiServer]:
    """Serve on loopback with a certificate for these hosts; client certificates of its authority are optional."""
    server = TlsApiServer(folder, Authority())
    (folder / "ca.pem").write_bytes(server.authority.pem)
    certificate, key = server.authority.pair("server", *hosts)
    (folder / "server.pem").write_bytes(certificate + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "ca.pem"))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(folder / "server.pem")
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
