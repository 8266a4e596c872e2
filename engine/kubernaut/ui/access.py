"""Who may use the page: a browser on this machine that has opened the address with the token, and pages of ours alone.

The server listens on loopback, which every user of the machine and every page in a browser can reach. So each request must name this
server as its host, which a page that had its own name resolved to loopback (DNS rebinding) does not; each that changes something must come
from a page of this origin; and each must have the cookie, which only the printed address gives. Browsers send a cookie to every port of a
host, so to the servers of other users of this machine too; they send it to no other path, and that of the page is drawn anew with each
start.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_HOSTS = ("127.0.0.1", "localhost", "[::1]")
_SAFE = {"GET", "HEAD"}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'none'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_YEAR_SECONDS = 365 * 86_400


@dataclass(frozen=True, slots=True)
class Access:
    """The secrets of one server, made up at its start."""

    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    """In the address that is printed."""
    session: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    """In the cookie."""
    root: str = field(default_factory=lambda: f"/{secrets.token_urlsafe(16)}", repr=False)
    """What the path of each page begins with, and of nothing that another server is asked for: the cookie is sent with no other."""

    def middleware(self, port: Callable[[], int]) -> Middleware:
        """Return the middleware that lets requests to this port through, or refuses them with a page that says why."""

        @web.middleware
        async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
            problem = self._foreign(request, port())
            if problem:
                return web.Response(status=403, text=f"{problem}\n")
            if token := request.query.get("token", ""):
                return self._open(request, token)
            if not self._has_cookie(request):
                text = "This page is open to whoever has the address that `kubernaut ui` printed: open that one.\n"
                return web.Response(status=401, text=text)
            return await handler(request)

        return check

    def _foreign(self, request: web.Request, port: int) -> str:
        """Return why a request does not come from a page of this server, or ""."""
        hosts = {f"{host}:{port}" for host in _HOSTS}
        if request.headers.get("Host", "") not in hosts:
            return f"This server answers as 127.0.0.1:{port} and localhost:{port} alone."
        origin = request.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in hosts}:
            return "Only pages of this server may use it."
        if origin is None and request.method not in _SAFE:
            return "A request that changes something must come from a page of this server."
        if request.headers.get("Sec-Fetch-Site", "none") not in {"none", "same-origin"} and request.path not in {
            "/",
            f"{self.root}/",
        }:
            return "Only pages of this server may use it."
        return ""

    def _open(self, request: web.Request, token: str) -> web.Response:
        """Turn the token of the address into the cookie."""
        if request.method not in _SAFE or not hmac.compare_digest(token.encode(), self.token.encode()):
            text = "This token is not, or no longer, valid: open the address that `kubernaut ui` printed last.\n"
            return web.Response(status=401, text=text)
        response = web.Response(status=303, headers={"Location": f"{self.root}/"})
        response.set_cookie(
            self._cookie, self.session, httponly=True, samesite="Strict", path=self.root, max_age=_YEAR_SECONDS
        )
        return response

    @property
    def _cookie(self) -> str:
        """The cookie's name: a server on another port, which can set cookies for this one too, does not know it."""
        return f"kubernaut-{self.root.removeprefix('/')}"

    def _has_cookie(self, request: web.Request) -> bool:
        return hmac.compare_digest(request.cookies.get(self._cookie, "").encode(), self.session.encode())


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Add to every answer what the browser has to enforce: nothing from elsewhere, in no frame of another page, kept nowhere."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
