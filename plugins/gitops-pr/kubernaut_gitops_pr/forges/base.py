"""What this action needs of a forge.

That is as little as possible: whether the repository exists and can be written to, and pull requests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubernaut_gitops_pr.forges.content import UnexpectedAnswerError
from kubernaut_gitops_pr.forges.http import Http, RejectedAnswer


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request, or a merge request."""

    number: int
    url: str
    state: str
    """`open`, `closed` or `merged`."""
    base: str
    branch: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class PullRequestSpec:
    """The pull request that an execution asks for."""

    branch: str
    base: str
    title: str
    body: str
    labels: Sequence[str] = ()
    reviewers: Sequence[str] = ()
    draft: bool = False


class Forge(ABC):
    """One repository on a forge. Methods raise Rejected or TryAgain."""

    exists_code: ClassVar[int]
    """The HTTP status code that rejects a second pull request from the same branch."""

    def __init__(self, http: Http, repository: str) -> None:
        self._http, self._repository = http, repository
        self.pipelines: tuple[str, ...] = ()
        """Files of the repository that the forge names as pipelines, once it has been checked."""

    def open(self, spec: PullRequestSpec) -> PullRequest:
        """Open the pull request and return it, or the one that already exists for its branch."""
        try:
            return self._create(spec)
        except RejectedAnswer as rejection:
            if rejection.answer.code != self.exists_code:
                raise
            pull = self.find(spec.branch)
            if pull is None:
                raise
            return pull
        except UnexpectedAnswerError:
            # The answer is unreadable, but the pull request may have been opened.
            pull = self.find(spec.branch)
            if pull is None:
                raise
            return pull

    @abstractmethod
    def open_requests(self, base: str) -> list[PullRequest]:
        """Return open pull requests for this base branch from branches of the same repository: the newest hundred, newest first."""

    @abstractmethod
    def check(self, reviewers: Sequence[str]) -> None:
        """Reject now what would be rejected later: a repository that is missing, archived or not writable, or an unknown reviewer."""

    @abstractmethod
    def find(self, branch: str) -> PullRequest | None:
        """Return the newest pull request from this branch, in any state, or None."""

    @abstractmethod
    def complete(self, pull: PullRequest, spec: PullRequestSpec) -> None:
        """Add to the pull request what could not be set when it was opened; it is safe to repeat."""

    @abstractmethod
    def _create(self, spec: PullRequestSpec) -> PullRequest:
        """Create the pull request. Raises RejectedAnswer with `exists_code` if its branch has one already."""
