"""Requests to a forge's API: bounded, retried within a budget, and never redirected.

A redirect means that the repository was moved or renamed, perhaps to a name that the admin did not allow. So it is rejected, and the token
is sent nowhere else.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr.forges.answer import MAX_BYTES, Answer
from kubernaut_gitops_pr.forges.content import Content, UnexpectedAnswerError
from kubernaut_gitops_pr.git_errors import ErrorTranslator
from kubernaut_gitops_pr.quotation import quote
from kubernaut_gitops_pr.retry_budget import RetryBudget
from kubernaut_gitops_pr.secrets import Token
from kubernaut_gitops_pr.time_limit import within

_MAX_REASON_LENGTH = 300
_MAX_SHOWN_LENGTH = 80
MAX_SECONDS = 30.0
"""How long a request may take from its start to the end of the answer."""


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
        # urllib3's PoolManager follows redirects by default; each request disables them. A request that is given up keeps its connection
        # until the forge ends it, so there is room for some.
        self._pool = urllib3.PoolManager(
            maxsize=10, ca_certs=ca_file or None, retries=False, timeout=urllib3.Timeout(connect=10, read=30)
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
            started = time.monotonic()
            try:
                answer = within(MAX_SECONDS, lambda: self._send(method, path, body))
                problem = (
                    "" if answer.code < 400 and answer.code // 100 != 3 else f"{answer.code} {answer.reason}".strip()
                )
            except TimeoutError:
                answer, problem = None, f"there was no complete answer within {MAX_SECONDS:g} s"
            except urllib3.exceptions.HTTPError as error:
                answer, problem = None, quote(self._token.scrub(f"{type(error).__name__}: {error}"), _MAX_REASON_LENGTH)
            if answer and not problem:
                return self._content(answer, call)
            if answer and not answer.is_transient:
                raise self._rejection(answer, call)
            self._budget.spend(time.monotonic() - started)
            if not self._budget.wait(attempt, answer.requested_delay if answer else None):
                raise TryAgain(f"the forge could not be reached for {call}: {problem}")
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
            raw = response.read(MAX_BYTES + 1, decode_content=False)  # compressed, a small answer can be a huge one
        finally:
            response.close()  # the rest of an answer that was not read to its end must not become part of the next one
        headers = {k.lower(): v for k, v in response.headers.items()}
        return Answer.read(response.status, raw, headers, self._token.scrub)

    def _content(self, answer: Answer, call: str) -> Content:
        if answer.is_json:
            return Content(answer.content, call)
        shown = quote(answer.content, _MAX_SHOWN_LENGTH)
        size = f"longer than {MAX_BYTES // 1024**2} MB" if answer.is_cut else "not JSON"
        raise UnexpectedAnswerError(call, f"it has the status {answer.code}, but is {size}: {shown!r}")

    def _rejection(self, answer: Answer, call: str) -> RejectedAnswer:
        reason = answer.reason
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
