"""Requests to a forge's API: bounded, patient, and never redirected.

A redirect would mean that the repository was moved or renamed, perhaps to where the admin's list does not reach; so it is refused, and the
token stays where it belongs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import urllib3

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr.patience import Patience
from kubernaut_gitops_pr.secrets import Token
from kubernaut_gitops_pr.troubles import Explainer

_MAX_ANSWER = 4 * 1024 * 1024
_SHOWN = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What the forge said."""

    code: int
    content: Any
    headers: Mapping[str, str]

    @property
    def words(self) -> str:
        """The forge's own reason, in one line: GitHub has `message` and `errors`, GitLab `message` or `error`."""
        if not isinstance(self.content, dict):
            return str(self.content)[:_SHOWN]
        parts = [self.content.get(key) for key in ("message", "error", "error_description", "errors")]
        return "; ".join(_flat(part) for part in parts if part)[:_SHOWN]


class Refused(Rejected):
    """A permanent refusal, with the answer for those who know better what it means."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


class Http:
    """One forge's API, as the owner of the token."""

    def __init__(
        self, base: str, token: Token, explainer: Explainer, patience: Patience, needs: str, ca_file: str = ""
    ) -> None:
        self._base, self._token, self._explainer, self._patience, self._needs = base, token, explainer, patience, needs
        # urllib3's PoolManager follows a redirect only if it is told to; each request tells it not to.
        self._pool = urllib3.PoolManager(
            ca_certs=ca_file or None, retries=False, timeout=urllib3.Timeout(connect=10, read=30)
        )

    def get(self, path: str, **query: Any) -> Any:
        """The content of an answer."""
        return self._ask("GET", path + (f"?{urlencode(query)}" if query else ""), None)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Send JSON; the content of the answer."""
        return self._ask("POST", path, body)

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None) -> Any:
        attempt = 0
        while True:
            try:
                answer = self._once(method, path, body)
                trouble = (
                    "" if answer.code < 400 and answer.code // 100 != 3 else f"{answer.code} {answer.words}".strip()
                )
            except urllib3.exceptions.HTTPError as error:
                answer, trouble = None, f"{type(error).__name__}: {error}"
            if answer and not trouble:
                return answer.content
            call = f"{method} {path.partition('?')[0]}"
            if answer and not _passes(answer):
                raise self._refusal(answer, call)
            if not self._patience.wait(attempt, _asked(answer)):
                raise TryAgain(self._token.scrub(f"the forge could not answer {call}: {trouble}"))
            attempt += 1

    def _once(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
        headers = {
            "Accept": "application/json",
            "Authorization": self._token.bearer,
            "User-Agent": "kubernaut-gitops-pr",
        }
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            headers["Content-Type"] = "application/json"
        response = self._pool.request(
            method, self._base + path, body=data, headers=headers, redirect=False, preload_content=False
        )
        try:
            raw = response.read(_MAX_ANSWER, decode_content=True)
        finally:
            response.close()  # an answer that was not read to its end must not be taken for the next one's beginning
        return Answer(response.status, _content(raw), {k.lower(): v for k, v in response.headers.items()})

    def _refusal(self, answer: Answer, call: str) -> Refused:
        words = self._token.scrub(answer.words)
        told = f"the forge answered {call} with {answer.code}" + (f": {words}" if words else "")
        where, secret = self._explainer.repository, self._explainer.secret
        remedy = {
            401: f"the token in {secret} is wrong or has expired: renew it",
            403: f"the token in {secret} lacks a permission for {where}: it needs {self._needs}",
            404: self._explainer.not_there(),
        }.get(answer.code)
        if answer.code // 100 == 3:
            remedy = f"{where} has moved: redirects are not followed; use its new name, and have it allowed"
        return Refused(f"{remedy} ({told})" if remedy else told, answer)


def _passes(answer: Answer) -> bool:
    """Is it worth another request? GitHub says 403 to too many requests, too, and tells by its headers."""
    if answer.code in {408, 425, 429} or answer.code >= 500:
        return True
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    return answer.code == 403 and limited


def _asked(answer: Answer | None) -> float | None:
    """Seconds that the forge asked to wait."""
    if answer is None:
        return None
    after = answer.headers.get("retry-after", "")
    if after.isdigit():
        return float(after)
    reset = answer.headers.get("x-ratelimit-reset", "") or answer.headers.get("ratelimit-reset", "")
    if reset.isdigit() and (answer.headers.get("x-ratelimit-remaining") == "0" or answer.code == 429):
        return max(0.0, float(reset) - time.time()) + 1
    return None


def _content(raw: bytes) -> Any:
    try:
        return json.loads(raw) if raw else {}
    except ValueError:
        return raw[:_SHOWN].decode(errors="replace")


def _flat(part: Any) -> str:
    if isinstance(part, dict):
        return ", ".join(f"{key}: {_flat(value)}" for key, value in part.items() if key != "documentation_url")
    return ", ".join(map(_flat, part)) if isinstance(part, list) else str(part)
