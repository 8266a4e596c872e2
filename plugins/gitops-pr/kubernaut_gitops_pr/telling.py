"""What a step tells the engine: bounded, because a termination message holds 4096 bytes, and without the token."""

from __future__ import annotations

import json
from typing import Any

from kubernaut.runner import Action
from kubernaut_gitops_pr.forges import PullRequest
from kubernaut_gitops_pr.plan import Plan
from kubernaut_gitops_pr.secrets import Token

_DIFF_BYTES, _LOGGED_BYTES, _VALUE, _CHANGES = 1400, 64 * 1024, 80, 8


class Telling:
    """The action's report, with the token scrubbed from everything that goes into it."""

    def __init__(self, action: Action, token: Token) -> None:
        self._action, self._token = action, token

    def progress(self, message: str) -> None:
        """Into the pod's log."""
        self._action.progress(self._token.scrub(message))

    def output(self, key: str, value: str) -> None:
        """Into the result."""
        self._action.output(key, self._token.scrub(value))

    def pull_request(self, pull: PullRequest) -> None:
        """Where it is, and what became of it."""
        self.output("pull_request", pull.url)
        self.output("pull_request_state", pull.state)
        self.progress(f"pull request {pull.url} is {pull.state}")
        self._action.conclude(self._token.scrub(f"Pull request {pull.url} is {pull.state}."))

    def plan(self, plan: Plan, diff: str) -> None:
        """Each changed value, and the diff: whole in the log, its beginning in the result."""
        for path, edit in plan.edits[:_CHANGES]:
            self._action.changed("File", path, edit.field, self._value(edit.before), self._value(edit.after))
        if len(plan.edits) > _CHANGES:
            self.output("changes_left_out", str(len(plan.edits) - _CHANGES))
        if diff:
            self.progress(_cut(self._token.scrub(diff).rstrip(), _LOGGED_BYTES))
            self.output("diff", _cut(self._token.scrub(diff), _DIFF_BYTES))

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return _cut(self._token.scrub(value), _VALUE)
        if isinstance(value, dict | list):
            text = self._token.scrub(json.dumps(value, ensure_ascii=False, default=str))
            return _cut(text, _VALUE) if len(text) > _VALUE else json.loads(text)
        return value


def _cut(text: str, most: int) -> str:
    """The text's beginning, by bytes."""
    raw = text.encode(errors="replace")
    return text if len(raw) <= most else raw[:most].decode(errors="ignore") + "\n… (cut)"
