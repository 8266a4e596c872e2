"""Requests to a forge's API: bounded, retried within a budget, and never redirected.

A redirect means that the repository was moved or renamed, perhaps to a name that the admin did not allow. So it is rejected, and the token
is sent nowhere else.
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
from kubernaut_gitops_pr.forges.content import Content, UnexpectedAnswerError
from kubernaut_gitops_pr.git_errors import ErrorTranslator
from kubernaut_gitops_pr.quotation import quote
from kubernaut_gitops_pr.retry_budget import RetryBudget
from kubernaut_gitops_pr.secrets import Token
from kubernaut_gitops_pr.time_limit import within

_MAX_ANSWER_BYTES = 4 * 1024 * 1024
_MAX_REASON_LENGTH = 300
_MAX_SHOWN_LENGTH = 80
MAX_SECONDS = 60.0
"""How long a request may take from its start to the end of the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the forge."""

    code: int
    content: Any
    """What the JSON stands for, or the beginning of a text that is not JSON."""
    headers: Mapping[str, str]
    is_json: bool = True
    is_cut: bool = False
    """Whether it was too long to be read."""

    @property
    def reason(self) -> str:
        """The forge's own explanation, in one line: GitHub has `message` and `errors`, GitLab `message` or `error`."""
        if not isinstance(self.content, dict):
            return quote(str(self.content), _MAX_REASON_LENGTH)
        parts = [self.content.get(key) for key in ("message", "error", "error_description", "errors")]
        return quote("; ".join(_one_line(part) for part in parts if part), _MAX_REASON_LENGTH)


class RejectedAnswer(Rejected):
    """A permanent rejection, with the answer for a caller that can interpret it."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


class Http:
    """The API of one forge, authenticated with the token."""

    def __init__(
        self, base: str, token: Token, errors: ErrorTranslator, budget: RetryBudget, needs: str, ca_file: str = ""
    ) -> None:
        self._base, self._token, self._errors, self._budget, self._needs = base, token, errors, budget, needs
        # urllib3's PoolManager follows redirects by default; each request disables them.
        self._pool = urllib3.PoolManager(
            ca_certs=ca_file or None, retries=False, timeout=urllib3.Timeout(connect=10, read=30)
        )

    def get(self, path: str, **query: Any) -> Content:
        """Return the content of the answer. Raises RejectedAnswer, UnexpectedAnswerError or TryAgain."""
        return self._request("GET", path + (f"?{urlencode(query)}" if query else ""), None)

    def post(self, path: str, body: Mapping[str, Any]) -> Content:
        """Send JSON and return the content of the answer. Raises RejectedAnswer, UnexpectedAnswerError or TryAgain."""
        return self._request("POST", path, body)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> Content:
        call = f"{method} {path.partition('?')[0]}"
        attempt = 0
        while True:
            try:
                answer = within(MAX_SECONDS, lambda: self._send(method, path, body))
                problem = (
                    "" if answer.code < 400 and answer.code // 100 != 3 else f"{answer.code} {answer.reason}".strip()
                )
            except TimeoutError:
                answer, problem = None, f"there was no complete answer within {MAX_SECONDS:g} s"
            except urllib3.exceptions.HTTPError as error:
                answer, problem = None, quote(f"{type(error).__name__}: {error}", _MAX_REASON_LENGTH)
            if answer and not problem:
                return self._content(answer, call)
            if answer and not _is_transient(answer):
                raise self._rejection(answer, call)
            if not self._budget.wait(attempt, _requested_delay(answer)):
                raise TryAgain(self._token.scrub(f"the forge could not be reached for {call}: {problem}"))
            attempt += 1

    def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> Answer:
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
            raw = response.read(_MAX_ANSWER_BYTES + 1, decode_content=True)
        finally:
            response.close()  # the rest of an answer that was not read to its end must not become part of the next one
        return _answer(response.status, raw, {k.lower(): v for k, v in response.headers.items()})

    def _content(self, answer: Answer, call: str) -> Content:
        if answer.is_json:
            return Content(answer.content, call)
        shown = quote(self._token.scrub(answer.content), _MAX_SHOWN_LENGTH)
        size = f"longer than {_MAX_ANSWER_BYTES // 1024**2} MB" if answer.is_cut else "not JSON"
        raise UnexpectedAnswerError(call, f"it has the status {answer.code}, but is {size}: {shown!r}")

    def _rejection(self, answer: Answer, call: str) -> RejectedAnswer:
        reason = self._token.scrub(answer.reason)
        status = f"the forge answered {call} with {answer.code}" + (f": {reason}" if reason else "")
        repository, secret = self._errors.repository, self._errors.secret
        remedy = {
            401: f"the token in {secret} is wrong or has expired: renew it",
            403: f"the token in {secret} lacks a permission for {repository}: it needs {self._needs}",
            404: self._errors.not_found(),
        }.get(answer.code)
        if answer.code // 100 == 3:
            remedy = f"{repository} has moved, and redirects are not followed: use its new name, and ask the admin to allow it"
        return RejectedAnswer(f"{remedy} ({status})" if remedy else status, answer)


def _is_transient(answer: Answer) -> bool:
    """Whether another request may succeed. GitHub also answers 403 to too many requests, with headers that say so."""
    if answer.code in {408, 425, 429} or answer.code >= 500:
        return True
    limited = answer.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in answer.headers
    return answer.code == 403 and limited


def _requested_delay(answer: Answer | None) -> float | None:
    """Return the seconds that the forge asks to wait, or None."""
    if answer is None:
        return None
    after = answer.headers.get("retry-after", "")
    if after.isascii() and after.isdigit():
        return float(after)
    reset = answer.headers.get("x-ratelimit-reset", "") or answer.headers.get("ratelimit-reset", "")
    if (
        reset.isascii()
        and reset.isdigit()
        and (answer.headers.get("x-ratelimit-remaining") == "0" or answer.code == 429)
    ):
        return max(0.0, float(reset) - time.time()) + 1
    return None


def _answer(code: int, raw: bytes, headers: Mapping[str, str]) -> Answer:
    cut = len(raw) > _MAX_ANSWER_BYTES
    try:
        return Answer(code, json.loads(raw) if raw else {}, headers)
    except (ValueError, RecursionError):
        return Answer(code, raw[:_MAX_REASON_LENGTH].decode(errors="replace"), headers, is_json=False, is_cut=cut)


def _one_line(part: Any) -> str:
    if isinstance(part, dict):
        return ", ".join(f"{key}: {_one_line(value)}" for key, value in part.items() if key != "documentation_url")
    return ", ".join(map(_one_line, part)) if isinstance(part, list) else str(part)
