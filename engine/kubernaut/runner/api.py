"""A small REST client for the execution's namespace, at a tenth of the official client's CPU.

In the dry-run step it adds `dryRun=All` to every write, so that an author cannot forget it.
"""

from __future__ import annotations

import json
import os
import time
from urllib.parse import quote

from kubernaut.runner import pod
from kubernaut.runner.exceptions import Conflict, Rejected, TryAgain, Unanswered
from kubernaut.runner.http_client import BROKEN, Answer, Connection
from kubernaut.runner.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_MERGE_PATCH = "application/merge-patch+json"
_DRY_RUN = "dryRun=All"
_MAX_TRIES = 5


class Api:
    """Requests to the API server, each within one namespace.

    A kind is written as in a REST path: `v1/configmaps`, `apps/v1/deployments`, `apps/v1/deployments/scale`. Every method returns
    the object and raises Rejected (4xx), Conflict (409) or TryAgain (5xx, no answer).
    """

    def __init__(
        self, namespace: str, dry_run: bool, report: Report | None = None, connection: Connection | None = None
    ) -> None:
        """Create a client that records every request in `report`: the changes, too, whose outcome it does not know.

        `connection` is one that may be open already; each step of one process uses the same.
        """
        self._namespace, self._dry_run = namespace, dry_run
        self._report = report or Report("dry-run" if dry_run else "execute")
        self._traceparent = os.environ.get("TRACEPARENT")
        self._connection = connection or Connection()

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Read an object."""
        return self._request("GET", kind, name)

    def list(self, kind: str, *, selector: str = "", limit: int = 250) -> list[dict[str, Any]]:
        """Return the objects that a label selector (`app=web,tier in (a,b)`) matches, and of many no more than `limit`."""
        query = f"limit={limit}&labelSelector={quote(selector, safe='')}"
        return self._request("GET", kind, "", query=query).get("items") or []

    def patch(self, kind: str, name: str, patch: dict[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
        """Send a JSON merge patch and return the object as it is afterwards."""
        return self._request("PATCH", kind, name, patch, query=_DRY_RUN if dry_run else "")

    def create(self, kind: str, manifest: dict[str, Any]) -> dict[str, Any]:
        """Create an object of this kind."""
        return self._request("POST", kind, "", manifest)

    def delete(self, kind: str, name: str) -> dict[str, Any]:
        """Delete an object."""
        return self._request("DELETE", kind, name)

    def peek(self, kind: str, name: str) -> dict[str, Any]:
        """Read an object with permission to patch it alone: the dry run of an empty patch returns the object."""
        return self.patch(kind, name, {}, dry_run=True)

    def modify(
        self, kind: str, name: str, change: Callable[[dict[str, Any]], dict[str, Any]]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Read the object, call `change(current)` for a merge patch, write it if the object is still the same, and return (before, after).

        Needs permission to patch alone. Tries again, five times at most, when someone else wrote in between or no answer came. An empty
        patch writes nothing. `before` is the object before the first write that may have been carried out.
        """
        unsure: dict[str, Any] | None = None
        for left in reversed(range(_MAX_TRIES)):
            before = self.peek(kind, name)
            patch = change(before)
            after = before
            if patch:
                version = {"resourceVersion": before["metadata"]["resourceVersion"]}
                versioned = {**patch, "metadata": {**patch.get("metadata", {}), **version}}
                try:
                    after = self.patch(kind, name, versioned)
                except (Conflict, Unanswered) as failure:
                    if not left:
                        raise
                    if isinstance(failure, Unanswered):
                        unsure = unsure or before
                    continue
            self._report.unanswered.discard(("PATCH", kind, name))
            return unsure or before, after
        raise AssertionError("unreachable")

    def _request(
        self,
        method: str,
        kind: str,
        name: str,
        body: dict[str, Any] | None = None,
        *,
        query: str = "",
    ) -> dict[str, Any]:
        query = _DRY_RUN if self._dry_run and method != "GET" else query
        changing = method != "GET" and query != _DRY_RUN
        path = self._path(kind, name) + (f"?{query}" if query else "")
        headers = {
            "Accept": "application/json",
            "Authorization": f"Bearer {_read_token()}",
            "Content-Type": _MERGE_PATCH if method == "PATCH" else "application/json",
            "User-Agent": "kubernaut-runner",
            **({"Traceparent": self._traceparent} if self._traceparent else {}),
        }
        text = None if body is None else json.dumps(body)
        call, started, code = (method, kind, name), time.time(), 0
        try:
            answer = self._send(method, path, headers, text, again=not changing)
            code = answer.status
            content = _content(answer, " ".join(call).strip(), changing=changing)
        except Unanswered:
            if changing:
                self._report.unanswered.add(call)
            raise
        finally:
            self._report.record_call(*call, started, time.time(), code)
        if changing:
            made = name or (content.get("metadata") or {}).get("name", "")
            self._report.unrecorded.add((method, kind, made))
        return content

    def _send(self, method: str, path: str, headers: dict[str, str], text: str | None, *, again: bool) -> Answer:
        answer = self._connection.request(method, path, headers, text, again=again)
        if answer.status == 403:
            # An API server that has just started denies what is granted: a denial counts only from one that is ready.
            if self._connection.request("GET", "/readyz", headers, None, again=True).status != 200:
                raise TryAgain("the API server is not ready yet: it has not read what is granted")
            answer = self._connection.request(method, path, headers, text, again=again)
        return answer

    def _path(self, kind: str, name: str) -> str:
        group, version, resource, subresource = _parts(kind)
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        path = f"{root}/namespaces/{quote(self._namespace, safe='')}/{resource}"
        if name in {".", ".."}:
            # It would leave the path, and quoting does not change it.
            raise Rejected(f"{name!r} is not a valid object name")
        if name:
            path += f"/{quote(name, safe='')}"
        return f"{path}/{subresource}" if subresource else path


def _parts(kind: str) -> tuple[str, str, str, str]:
    """Split a kind such as `apps/v1/deployments/scale` into group, version, resource and subresource."""
    parts = kind.split("/")
    if not parts[0].startswith("v1") and len(parts) > 2:
        group, *parts = parts
    else:
        group = ""
    if len(parts) not in {2, 3}:
        raise ValueError(f"{kind!r} is not [GROUP/]VERSION/RESOURCE[/SUBRESOURCE], such as apps/v1/deployments")
    return group, parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def _read_token() -> str:
    try:
        with open(pod.token_file(), encoding="ascii") as file:  # noqa: PTH123 - pathlib costs a container's start 5 ms
            return file.read().strip()
    except FileNotFoundError:
        raise Rejected(
            "this action declares no rules, so its pod has no token: declare what it needs in ActionSpec.rules"
        ) from None


def _content(answer: Answer, call: str, *, changing: bool) -> dict[str, Any]:
    code = answer.status
    try:
        content = json.loads(answer.data)
    except ValueError:
        content = {}
    if not isinstance(content, dict):
        content = {}
    if code < 400:
        return content
    message = content.get("message") or f"{call} was answered with {code}"
    if code == 409 and content.get("reason") == "Conflict":
        raise Conflict(message)
    if changing and code in BROKEN:
        raise Unanswered(message)
    if code >= 500 or code == 429:
        raise TryAgain(message)
    raise Rejected(message, "Forbidden" if code == 403 and " cannot " in message else "")
