"""What git's last words mean: refused for good, or worth another attempt; and what a person does about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubernaut.runner import Rejected, TryAgain

_KINDS = {
    "newer": r"non-fast-forward|fetch first|already exists|cannot lock ref|stale info",
    "token": r"could not read (username|password)|authentication failed|returned error: 401|invalid credentials",
    "branch": r"protected branch|hook declined|GH\d{3}|pre-receive|remote rejected",
    "permission": r"returned error: 403|permission .*denied|not allowed to push|write access .* not granted",
    "missing": r"returned error: 404|repository .* not found|not found:|does not appear to be a git repository",
    "moved": r"returned error: 30\d|redirect",
    "passing": (
        r"returned error: (408|425|429|5\d\d)|http (429|5\d\d)|could not resolve|failed to connect|couldn't connect|timed out|timeout"
        r"|early eof|rpc failed|connection (reset|refused|was)|empty reply|hung up|transfer closed|gnutls recv|ssl_read|too slow"
    ),
    "certificate": r"certificate",
}
"""What git says, in the order in which it is looked for."""


class BranchTaken(Exception):  # noqa: N818 - it reads as what happened
    """A push met a branch of the same name."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """The words for one repository and its token."""

    repository: str
    secret: str
    """Where the token is, in words."""

    def explained(self, words: str) -> Exception:
        """The failure as an outcome."""
        kind = next((kind for kind, said in _KINDS.items() if re.search(said, words, re.IGNORECASE)), "passing")
        told = f"git said: {words[-400:] or 'nothing'}"
        if kind == "newer":
            return BranchTaken(told)
        if kind == "passing":
            return TryAgain(f"{self.repository} could not be reached: {told}")
        if kind == "missing":
            return Rejected(self.not_there())
        remedies = {
            "token": f"the forge does not accept the token in {self.secret}: renew it",
            "branch": f"{self.repository} refused the branch: its rules must allow kubernaut/* to be pushed",
            "permission": f"the token in {self.secret} may not do this in {self.repository}: let it read and write contents",
            "moved": f"{self.repository} has moved: redirects are not followed; use its new name",
            "certificate": "the forge's certificate is not trusted: name its authority in ca_secret",
        }
        return Rejected(f"{remedies[kind]} ({told})")

    def not_there(self) -> str:
        """What a 404 may mean: forges do not tell strangers which repositories exist."""
        either = f"repository {self.repository} does not exist, or the token in {self.secret} may not see it"
        return f"{either}: check the name, and which repositories the token is for"
