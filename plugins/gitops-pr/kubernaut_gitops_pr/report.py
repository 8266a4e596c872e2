"""Reports a step to the engine: in bounded size, because a termination message has at most 4096 bytes, and without the token."""

from __future__ import annotations

import json
from typing import Any

from kubernaut.runner import Action
from kubernaut_gitops_pr.forges.base import PullRequest
from kubernaut_gitops_pr.plan import Plan
from kubernaut_gitops_pr.secrets import Token

_MAX_DIFF_BYTES, _MAX_LOG_BYTES, _MAX_VALUE_BYTES, _MAX_CHANGES = 1400, 64 * 1024, 80, 8


class StepReport:
    """The action's report, with the token scrubbed from everything that goes into it."""

    def __init__(self, action: Action, token: Token) -> None:
        self._action, self._token = action, token

    def progress(self, message: str) -> None:
        """Write a line to the pod's log."""
        self._action.progress(self._token.scrub(message))

    def output(self, key: str, value: str) -> None:
        """Add an output to the result."""
        self._action.output(key, self._token.scrub(value))

    def pull_request(self, pull: PullRequest) -> None:
        """Report where the pull request is, and its state."""
        self.output("pull_request", pull.url)
        self.output("pull_request_state", pull.state)
        self.progress(f"pull request {pull.url} is {pull.state}")
        self._action.conclude(self._token.scrub(f"Pull request {pull.url} is {pull.state}."))

    def duplicate(self, pull: PullRequest) -> None:
        """Report an open pull request of another execution that proposes the same changes."""
        self.output("branch", pull.branch)
        self.output("commit", pull.commit)
        self.output("pull_request", pull.url)
        self.output("pull_request_state", pull.state)
        self.progress(f"pull request {pull.url} already proposes these changes, so no other one is opened")
        self._action.conclude(
            self._token.scrub(
                f"Pull request {pull.url} was open already and proposes the same changes; nothing was pushed."
            )
        )

    def unsure(self, branch: str) -> None:
        """Report that a push may have arrived or not."""
        self._action.unsure("Branch", branch)

    def diff(self, diff: str) -> None:
        """Report the diff: in full in the log, its first part in the result."""
        self.progress(_cut(self._token.scrub(diff).rstrip(), _MAX_LOG_BYTES))
        self.output("diff", _cut(self._token.scrub(diff), _MAX_DIFF_BYTES))

    def changes(self, plan: Plan) -> None:
        """Report each changed value: in the dry run those that would change, otherwise only what is on the forge."""
        for path, edit in plan.edits[:_MAX_CHANGES]:
            self._action.changed("File", path, edit.field, self._value(edit.before), self._value(edit.after))
        if len(plan.edits) > _MAX_CHANGES:
            self.output("changes_left_out", str(len(plan.edits) - _MAX_CHANGES))

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return _cut(self._token.scrub(value), _MAX_VALUE_BYTES)
        if isinstance(value, dict | list):
            text = self._token.scrub(json.dumps(value, ensure_ascii=False, default=str))
            return _cut(text, _MAX_VALUE_BYTES) if len(text) > _MAX_VALUE_BYTES else json.loads(text)
        return value


def _cut(text: str, limit: int) -> str:
    """Return the text, or its first `limit` bytes if it is longer."""
    raw = text.encode(errors="replace")
    return text if len(raw) <= limit else raw[:limit].decode(errors="ignore") + "\n… (cut)"
