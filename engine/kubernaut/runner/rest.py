"""A small REST client for the execution's namespace, at a tenth of the official client's CPU.

In the dry-run step it adds `dryRun=All` to every write, so that an author cannot forget it. It records each request, and each change whose
outcome it does not know.
"""

from __future__ import annotations

import json
import os
import time
from urllib.parse import quote

from kubernaut.runner import pod
from kubernaut.runner.answers import Answer, read_content
from kubernaut.runner.exceptions import Misuse, Rejected, TryAgain, Unanswered
from kubernaut.runner.http_client import Connection
from kubernaut.runner.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Patch = dict[str, Any] | list[dict[str, Any]]
    """A mapping, or the operations of a JSON patch."""

DRY_RUN = "dryRun=All"
_CONNECTING = frozenset({"attach", "exec", "portforward", "proxy"})
"""Subresources that pass a request on, for which the API server knows no dry run."""


class Rest:
    """Sends requests, each within one namespace."""

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

    def _request(
        self,
        method: str,
        kind: str,
        name: str,
        body: Patch | None = None,
        *,
        query: str = "",
        content_type: str = "application/json",
    ) -> dict[str, Any]:
        query = DRY_RUN if self._dry_run and method != "GET" else query
        changing = method != "GET" and query != DRY_RUN
        if method == "DELETE" and query == DRY_RUN and isinstance(body, dict):
            # The API server reads a deletion's options from its body or else from its query, so the query alone would delete.
            body = {**body, "dryRun": ["All"]}
        if method != "GET" and parts_of(kind)[3] in _CONNECTING:
            raise Misuse(f"{kind} is passed on to a pod, and the dry run would not hold it back: do not write to it")
        path = self._path(kind, name) + (f"?{query}" if query else "")
        headers = self._headers(content_type)
        text = None if body is None else json.dumps(body)
        meant = name or _name_of(body)
        call, started, code = (method, kind, name), time.time(), 0
        try:
            answer = self._send(method, path, headers, text, again=not changing)
            code = answer.status
            content = read_content(answer, " ".join(call).strip(), changing=changing)
        except Unanswered:
            if changing:
                self._report.unanswered.add((method, kind, meant))
            raise
        finally:
            self._report.record_call(*call, started, time.time(), code)
        if changing:
            self._report.unrecorded.add((method, kind, meant or _name_of(content)))
            self._report.wrote = True
        return content

    def _headers(self, content_type: str) -> dict[str, str]:
        return {
            "Accept": "application/json",
            "Authorization": f"Bearer {_read_token()}",
            "Content-Type": content_type,
            "User-Agent": "kubernaut-runner",
            **({"Traceparent": self._traceparent} if self._traceparent else {}),
        }

    def _send(self, method: str, path: str, headers: dict[str, str], text: str | None, *, again: bool) -> Answer:
        answer = self._connection.request(method, path, headers, text, again=again)
        if answer.status == 403:
            # An API server that has just started denies what is granted: a denial counts only from one that is ready.
            if self._connection.request("GET", "/readyz", headers, None, again=True).status != 200:
                raise TryAgain("the API server is not ready yet: it has not read what is granted")
            answer = self._connection.request(method, path, headers, text, again=again)
        return answer

    def _path(self, kind: str, name: str) -> str:
        group, version, resource, subresource = parts_of(kind)
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        path = f"{root}/namespaces/{quote(self._namespace, safe='')}/{resource}"
        if name in {".", ".."}:
            # It would leave the path, and quoting does not change it.
            raise Rejected(f"{name!r} is not a valid object name")
        if name:
            path += f"/{quote(name, safe='')}"
        return f"{path}/{subresource}" if subresource else path


def parts_of(kind: str) -> tuple[str, str, str, str]:
    """Split a kind such as `apps/v1/deployments/scale` into group, version, resource and subresource."""
    parts = kind.split("/")
    if not parts[0].startswith("v1") and len(parts) > 2:
        group, *parts = parts
    else:
        group = ""
    if len(parts) not in {2, 3}:
        raise Misuse(f"{kind!r} is not [GROUP/]VERSION/RESOURCE[/SUBRESOURCE], such as apps/v1/deployments")
    return group, parts[0], parts[1], parts[2] if len(parts) == 3 else ""


def _read_token() -> str:
    try:
        with open(pod.token_file(), encoding="ascii") as file:  # noqa: PTH123 - pathlib costs a container's start 5 ms
            return file.read().strip()
    except FileNotFoundError:
        raise Rejected(
            "this action declares no rules, so its pod has no token: declare what it needs in ActionSpec.rules"
        ) from None


def _name_of(obj: Any) -> str:
    metadata = obj.get("metadata") if isinstance(obj, dict) else None
    return str(metadata.get("name") or "") if isinstance(metadata, dict) else ""
