"""Reports a step to the engine: in bounded size, because a termination message has at most 4096 bytes; without the token, and printable.

What is reported is read in logs, terminals, pages and JSON. So nothing in it has an effect there, whatever a forge or a file contains.
"""

from __future__ import annotations

import json
import math
from typing import Any

from kubernaut.runner import Action
from kubernaut_gitops_pr.forges.base import PullRequest
from kubernaut_gitops_pr.plan import Plan
from kubernaut_gitops_pr.quotation import printable
from kubernaut_gitops_pr.secrets import Token

_MAX_DIFF_BYTES, _MAX_LOG_BYTES, _MAX_VALUE_BYTES, _MAX_CHANGES = 1400, 64 * 1024, 80, 8
_MAX_LINE_BYTES, _MAX_NAME_BYTES = 2000, 300
_MAX_NUMBER = 2**53
"""A larger integer is not the same in every reader of JSON, and Kubernetes stores none beyond 64 bits; infinity and NaN are not JSON."""
_MARGIN = 1024
"""How much more than can be shown is searched for the token, so that one which is cut there is not shown in part."""
_IN_TEXT = "\n\t"


class StepReport:
    """The action's report. Whatever goes into it is scrubbed of the token first, then made printable, and then cut."""

    def __init__(self, action: Action, token: Token) -> None:
        self._action, self._token = action, token

    def progress(self, message: str) -> None:
        """Write a line to the pod's log."""
        self._action.progress(self._clean(message, _MAX_LINE_BYTES))

    def output(self, key: str, value: str) -> None:
        """Add an output to the result."""
        self._action.output(key, self._clean(value, _MAX_LINE_BYTES))

    def pull_request(self, pull: PullRequest) -> None:
        """Report where the pull request is, and its state."""
        self.output("pull_request", pull.url)
        self.output("pull_request_state", pull.state)
        self.progress(f"pull request {pull.url} is {pull.state}")
        self._conclude(f"Pull request {pull.url} is {pull.state}.")

    def duplicate(self, pull: PullRequest) -> None:
        """Report an open pull request of another execution that proposes the same changes."""
        self.output("branch", pull.branch)
        self.output("commit", pull.commit)
        self.output("pull_request", pull.url)
        self.output("pull_request_state", pull.state)
        self.progress(f"pull request {pull.url} already proposes these changes, so no other one is opened")
        self._conclude(f"Pull request {pull.url} was open already and proposes the same changes; nothing was pushed.")

    def unsure(self, branch: str) -> None:
        """Report that a push may have arrived or not."""
        self._action.unsure("Branch", branch)

    def diff(self, diff: str) -> None:
        """Report the diff: its first part in the log, and a shorter one in the result."""
        self._action.progress(self._clean(diff, _MAX_LOG_BYTES, _IN_TEXT).rstrip())
        self._action.output("diff", self._clean(diff, _MAX_DIFF_BYTES, _IN_TEXT))

    def changes(self, plan: Plan) -> None:
        """Report each changed value: in the dry run those that would change, otherwise only what is on the forge.

        Where these are not all, or not whole, the digest of each file is reported too: it is then part of the plan that is approved.
        """
        for path, edit in plan.edits[:_MAX_CHANGES]:
            file, field = self._clean(path, _MAX_NAME_BYTES), self._clean(edit.field, _MAX_NAME_BYTES)
            self._action.changed("File", file, field, self._value(edit.before), self._value(edit.after))
        if len(plan.edits) > _MAX_CHANGES:
            self.output("changes_left_out", str(len(plan.edits) - _MAX_CHANGES))
        is_whole = all(self._value(value) == value for _, edit in plan.edits for value in (edit.before, edit.after))
        if len(plan.edits) > _MAX_CHANGES or not is_whole:
            for path, before, after in plan.digests:
                self._action.changed("File", self._clean(path, _MAX_NAME_BYTES), "sha256", before, after)

    def _conclude(self, sentence: str) -> None:
        self._action.conclude(self._clean(sentence, _MAX_LINE_BYTES))

    def _value(self, value: Any) -> Any:
        """Return a value as it is recorded; as text if it is long, or a number that JSON or Kubernetes cannot hold."""
        cleaned = self._cleaned(value)
        if isinstance(cleaned, dict | list):
            text = json.dumps(cleaned, ensure_ascii=False)
            return cleaned if len(text) <= _MAX_VALUE_BYTES else _cut(text, _MAX_VALUE_BYTES)
        return cleaned

    def _cleaned(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._clean(value, _MAX_VALUE_BYTES, _IN_TEXT)
        if isinstance(value, dict):
            return {self._clean(str(key), _MAX_VALUE_BYTES): self._cleaned(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._cleaned(inner) for inner in value]
        if isinstance(value, int):
            return value if abs(value) <= _MAX_NUMBER else str(value)
        return value if not isinstance(value, float) or math.isfinite(value) else str(value)

    def _clean(self, text: str, limit: int, kept: str = "") -> str:
        scrubbed = self._token.scrub(text[: 2 * limit + _MARGIN])
        return _cut(printable(scrubbed, kept), limit)


def _cut(text: str, limit: int) -> str:
    """Return the text, or its first `limit` bytes if it is longer."""
    raw = text.encode(errors="replace")
    return text if len(raw) <= limit else raw[:limit].decode(errors="ignore") + "\n… (cut)"
