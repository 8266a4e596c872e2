"""A thin HTTP client from a kubeconfig, for the sandbox and for real clusters alike: tests see what is on the wire."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

Object = dict[str, Any]
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
JSON_PATCH = "application/json-patch+json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """A response: code, JSON body (or text under `text`) and Warning headers."""

    code: int
    body: Object
    warnings: tuple[str, ...]

    @property
    def message(self) -> str:
        """A Status's message."""
        return str(self.body.get("message", ""))

    @property
    def reason(self) -> str:
        """A Status's reason."""
        return str(self.body.get("reason", ""))


class Client:
    """Requests as one user."""

    def __init__(
        self, session: aiohttp.ClientSession, server: str, context: ssl.SSLContext, token: str = "", user: str = ""
    ) -> None:
        self._session, self._server, self._context, self._token, self._user = session, server, context, token, user

    def with_token(self, token: str) -> Client:
        """The same cluster as another user; without the client certificate, if there is one."""
        bare = ssl.create_default_context(cadata=_authorities(self._context))
        return Client(self._session, self._server, bare, token)

    def impersonating(self, user: str) -> Client:
        """The same credentials, acting as another user."""
        return Client(self._session, self._server, self._context, self._token, user)

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        kind: str = "application/json",
        accept: str = "application/json",
        **query: Any,
    ) -> Answer:
        """One request; the body is sent as JSON of the given media type."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        data = None if body is None else io.BytesIO(raw)
        headers = {"Content-Type": kind, "Accept": accept} | self._bearer()
        asked = self._session.request(
            method, self._server + path, data=data, headers=headers, params=query, ssl=self._context
        )
        async with asked as response:
            text = await response.text()
            parsed = json.loads(text) if response.content_type == "application/json" else {"text": text}
            return Answer(response.status, parsed, tuple(response.headers.getall("Warning", ())))

    async def get(self, path: str, **query: Any) -> Answer:
        """GET."""
        return await self.call("GET", path, **query)

    async def post(self, path: str, body: Any, **query: Any) -> Answer:
        """POST."""
        return await self.call("POST", path, body, **query)

    async def put(self, path: str, body: Any, **query: Any) -> Answer:
        """PUT."""
        return await self.call("PUT", path, body, **query)

    async def patch(self, path: str, body: Any, kind: str = MERGE, **query: Any) -> Answer:
        """PATCH."""
        return await self.call("PATCH", path, body, kind, **query)

    async def delete(self, path: str, body: Any = None, **query: Any) -> Answer:
        """DELETE."""
        return await self.call("DELETE", path, body, **query)

    async def made(self, path: str, body: Object) -> Object:
        """The object as created; fails the test otherwise."""
        answer = await self.post(path, body)
        assert answer.code == 201, answer.body
        return answer.body

    async def watch(self, path: str, seconds: int = 10, **query: Any) -> AsyncIterator[Object]:
        """Watch events until the server ends the watch."""
        params = {"watch": "true", "timeoutSeconds": seconds} | query
        asked = self._session.get(self._server + path, params=params, headers=self._bearer(), ssl=self._context)
        async with asked as response:
            while line := await response.content.readline():
                yield json.loads(line)

    async def events(self, path: str, count: int, seconds: int = 10, **query: Any) -> list[Object]:
        """Return the first `count` events of a watch; fewer when the watch ends before."""
        found: list[Object] = []
        async for event in self.watch(path, seconds, **query):
            found.append(event)
            if len(found) == count:
                break
        return found

    async def until(self, collection: str, name: str, holds: Callable[[Object], Any], seconds: float = 30) -> Object:
        """The object as soon as the condition holds; follows a watch, fails with the last state seen."""
        last: Object = {}
        try:
            async with asyncio.timeout(seconds):
                while True:
                    async for event in self.watch(collection, int(seconds) + 1, fieldSelector=f"metadata.name={name}"):
                        last = event["object"]
                        if event["type"] != "DELETED" and holds(last):
                            return last
        except TimeoutError:
            raise AssertionError(f"{collection}/{name} did not come to that: {json.dumps(last, indent=1)}") from None

    async def gone(self, path: str, seconds: float = 30) -> None:
        """Wait until the object is no more."""
        collection, _, name = path.rpartition("/")
        async with asyncio.timeout(seconds):
            while (found := await self.get(path)).code != 404:
                revision = found.body["metadata"]["resourceVersion"]
                async for event in self.watch(
                    collection, 5, fieldSelector=f"metadata.name={name}", resourceVersion=revision
                ):
                    if event["type"] in ("DELETED", "ERROR"):
                        break

    def _bearer(self) -> dict[str, str]:
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return bearer | ({"Impersonate-User": self._user} if self._user else {})


@asynccontextmanager
async def connected(kubeconfig: Object) -> AsyncIterator[Client]:
    """A client of the kubeconfig's first cluster and user."""
    cluster, user = kubeconfig["clusters"][0]["cluster"], kubeconfig["users"][0]["user"]
    context = ssl.create_default_context(cadata=_pem(cluster, "certificate-authority"))
    if "client-certificate-data" in user or "client-certificate" in user:
        with tempfile.TemporaryDirectory() as directory:
            pair = Path(directory) / "pair.pem"
            pair.write_text(_pem(user, "client-certificate") + _pem(user, "client-key"))
            context.load_cert_chain(pair)
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        yield Client(session, cluster["server"], context, user.get("token", ""))


def _pem(holder: Object, field: str) -> str:
    if f"{field}-data" in holder:
        return base64.b64decode(holder[f"{field}-data"]).decode()
    return Path(holder[field]).read_text()


def _authorities(context: ssl.SSLContext) -> str:
    return "".join(ssl.DER_cert_to_PEM_cert(der) for der in context.get_ca_certs(binary_form=True))
