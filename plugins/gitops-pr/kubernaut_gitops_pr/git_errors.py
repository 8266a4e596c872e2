"""Classifies git's error output: rejected for good, or worth another attempt; and says what a person can do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubernaut.runner import Rejected, TryAgain

_PATTERNS = {
    "exists": r"non-fast-forward|fetch first|already exists|cannot lock ref|stale info",
    "token": r"could not read (username|password)|authentication failed|returned error: 401|invalid credentials",
    "branch": r"protected branch|hook declined|GH\d{3}|pre-receive|remote rejected",
    "permission": r"returned error: 403|permission .*denied|not allowed to push|write access .* not granted",
    "missing": r"returned error: 404|repository .* not found|not found:|does not appear to be a git repository",
    "moved": r"returned error: 30\d|redirect",
    "transient": (
        r"returned error: (408|425|429|5\d\d)|http (429|5\d\d)|could not resolve|failed to connect|couldn't connect|timed out|timeout"
        r"|early eof|rpc failed|connection (reset|refused|was)|empty reply|hung up|transfer closed|gnutls recv|ssl_read|too slow"
    ),
    "certificate": r"certificate",
}
"""What git writes for each kind of error; the first pattern that matches decides."""


class BranchExistsError(Exception):
    """A branch of the same name exists already, so a push was rejected."""


@dataclass(frozen=True, slots=True)
class ErrorTranslator:
    """Translates errors of one repository into exceptions whose messages name the repository, the token's Secret and the remedy."""

    repository: str
    secret: str
    """The Secret with the token, as messages name it."""

    def from_git(self, output: str) -> Exception:
        """Return the exception for git's error output: Rejected, TryAgain or BranchExistsError."""
        matches = (kind for kind, pattern in _PATTERNS.items() if re.search(pattern, output, re.IGNORECASE))
        kind = next(matches, "transient")
        quoted = f"git: {output[-400:] or 'no output'}"
        if kind == "exists":
            return BranchExistsError(quoted)
        if kind == "transient":
            return TryAgain(f"{self.repository} could not be reached ({quoted})")
        if kind == "missing":
            return Rejected(self.not_found())
        remedies = {
            "token": f"the forge does not accept the token in {self.secret}: renew it",
            "branch": f"{self.repository} rejected the branch: its rules must allow pushes to kubernaut/*",
            "permission": f"the token in {self.secret} lacks a permission for {self.repository}: allow it to read and write contents",
            "moved": f"{self.repository} has moved, and redirects are not followed: use its new name",
            "certificate": "the forge's certificate is not trusted: name its certificate authority in ca_secret",
        }
        return Rejected(f"{remedies[kind]} ({quoted})")

    def not_found(self) -> str:
        """Return the message for a 404, which has two causes: forges hide repositories from tokens that cannot read them."""
        causes = f"repository {self.repository} does not exist, or the token in {self.secret} has no access to it"
        return f"{causes}: check the name, and which repositories the token is for"
