"""Classifies git's errors: rejected for good, or worth another attempt; and says what a person can do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr.git import GitError
from kubernaut_gitops_pr.quotation import quote

_PATTERNS = {
    "token": r"could not read (username|password)|authentication failed|returned error: 401|invalid credentials",
    "permission": r"returned error: 403|permission .*denied|not allowed to push|write access .* not granted",
    "missing": r"returned error: 404|repository .* not found|not found:|does not appear to be a git repository",
    "unknown": r"not our ref|unadvertised object|couldn't find remote ref",
    "moved": r"returned error: 30\d|redirect",
    "transient": (
        r"returned error: (408|425|429|5\d\d)|http (429|5\d\d)|could not resolve|failed to connect|couldn't connect|timed out|timeout"
        r"|early eof|rpc failed|connection (reset|refused|was)|empty reply|hung up|transfer closed|gnutls recv|ssl_read|too slow"
    ),
    "certificate": r"certificate",
}
"""What git writes for each kind of error; the first pattern that matches decides."""
_SETTINGS = {
    r"branch name|branch(es)? .*pattern|protected branch|creations being restricted": "branch_template",
    r"commit message": "commit_message_template",
    r"\bauthor\b": "author_name and author_email",
    r"\bcommitter\b": "committer_name and committer_email",
}
"""The setting for each subject of a push rule."""

_MAX_REASON_LENGTH = 300


class BranchExistsError(Exception):
    """A branch of the same name exists already, so a push was rejected."""


class NoSuchCommitError(Rejected):
    """The forge has no such commit or branch, or does not give it away."""


@dataclass(frozen=True, slots=True)
class ErrorTranslator:
    """Translates errors of one repository into exceptions whose messages name the repository, the token's Secret and the remedy."""

    repository: str
    secret: str
    """The Secret with the token, as messages name it."""

    def from_git(self, error: GitError) -> Exception:
        """Return the exception for an error of git: Rejected or TryAgain."""
        kind = _kind_from_wording(str(error))
        quoted = "git: " + ("; ".join(filter(None, (str(error), error.remote))) or "no output")
        if kind == "transient":
            return TryAgain(f"{self.repository} could not be reached ({quoted})")
        if kind == "missing":
            return Rejected(self.not_found())
        if kind == "unknown":
            return NoSuchCommitError(f"{self.repository} does not have what was asked for ({quoted})")
        remedies = {
            "token": f"the forge does not accept the token in {self.secret}: renew it",
            "permission": f"the token in {self.secret} lacks a permission for {self.repository}: allow it to read and write contents",
            "moved": f"{self.repository} has moved, and redirects are not followed: use its new name",
            "certificate": "the forge's certificate is not trusted: name its certificate authority in ca_secret",
        }
        return Rejected(f"{remedies[kind]} ({quoted})")

    def from_push(self, error: GitError, branch: str) -> Exception:
        """Return the exception for an error of `git push --porcelain`: Rejected, TryAgain or BranchExistsError."""
        status = _push_status(error.output)
        if not status:
            return self.from_git(error)
        summary, reason = status
        if summary == "[rejected]" or _is_race_from_wording(reason):
            return BranchExistsError(f"git: {reason}")
        words = error.remote or quote(reason, _MAX_REASON_LENGTH)
        return Rejected(
            f"{self.repository} rejected the branch {branch}, so nothing was pushed: {_remedy_from_wording(words)} "
            f"(the forge: {words})"
        )

    def not_found(self) -> str:
        """Return the message for a 404, which has two causes: forges hide repositories from tokens that cannot read them."""
        causes = f"repository {self.repository} does not exist, or the token in {self.secret} has no access to it"
        return f"{causes}: check the name, and which repositories the token is for"


def _push_status(output: str) -> tuple[str, str] | None:
    """Return how the forge rejected the branch: `[rejected]` or `[remote rejected]`, and the reason. None if it was never asked."""
    for line in output.splitlines():
        flag, _, rest = line.partition("\t")
        if flag == "!":
            summary, _, reason = rest.partition("\t")[2].partition(" (")
            return summary, reason.removesuffix(")")
    return None


def _kind_from_wording(output: str) -> str:
    """Return the kind of an error. git offers nothing but its text."""
    matches = (kind for kind, pattern in _PATTERNS.items() if re.search(pattern, output, re.IGNORECASE))
    return next(matches, "transient")


def _is_race_from_wording(reason: str) -> bool:
    """Whether the branch was created meanwhile: git's server reports that in the same way as what a hook declines."""
    return bool(re.search(r"cannot lock ref|already exists|failed to update ref", reason))


def _remedy_from_wording(words: str) -> str:
    """Return the remedy for a push rule. A forge offers nothing but its text; where it names no subject, all settings are named."""
    found = [setting for subject, setting in _SETTINGS.items() if re.search(subject, words, re.IGNORECASE)]
    settings = ", ".join(found or _SETTINGS.values())
    return f"ask an admin to change {settings} in the settings of gitops-pr, or to allow it in the forge's push rules"
