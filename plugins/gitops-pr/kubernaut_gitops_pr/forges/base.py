"""What this action needs of a forge.

That is as little as possible: whether the repository exists and can be written to, and pull requests.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from kubernaut.runner import Rejected, TryAgain
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

    def open(self, spec: PullRequestSpec, commit: str) -> PullRequest:
        """Open the pull request for a branch at this commit, and return it, or the one that is open for it already.

        Raises TryAgain if that is one of another commit: the forge is late, or another writer has pushed to the branch.
        """
        try:
            return self._create_checked(spec)
        except RejectedAnswer as rejection:
            if rejection.answer.code != self.exists_code:
                raise
            return self._find_open(spec, commit, rejection)
        except UnexpectedAnswerError as error:
            # The answer cannot be used, but the pull request may have been opened.
            return self._find_open(spec, commit, error)

    def _create_checked(self, spec: PullRequestSpec) -> PullRequest:
        """Create the pull request. Raises UnexpectedAnswerError also if the answer is about another one."""
        pull = self._create(spec)
        if (pull.branch, pull.base) != (spec.branch, spec.base):
            problem = f"it is about {pull.branch} into {pull.base}, not {spec.branch} into {spec.base}"
            raise UnexpectedAnswerError("the request that opens the pull request", problem)
        return pull

    def _find_open(self, spec: PullRequestSpec, commit: str, failure: Rejected) -> PullRequest:
        """Return the open pull request of the branch, or raise the failure."""
        pull = next((found for found in self.find(spec) if found.state == "open"), None)
        if pull is None:
            raise failure
        if pull.commit not in {"", commit}:
            raise TryAgain(
                f"pull request {pull.url} of branch {spec.branch} has the commit {pull.commit[:12]}, not {commit[:12]}"
            )
        return pull

    @abstractmethod
    def open_requests(self, base: str) -> list[PullRequest]:
        """Return open pull requests for this base branch from branches of the same repository: the newest hundred, newest first."""

    @abstractmethod
    def check(self, reviewers: Sequence[str]) -> None:
        """Reject now what would be rejected later: a repository that is missing, archived or not writable, or an unknown reviewer."""

    @abstractmethod
    def find(self, spec: PullRequestSpec) -> list[PullRequest]:
        """Return the pull requests from this branch of the same repository for this base, in any state, the newest first.

        One from a fork can have a branch of the same name. Who opened it, and for which commit, is not checked.
        """

    @abstractmethod
    def complete(self, pull: PullRequest, spec: PullRequestSpec) -> None:
        """Add to the pull request what could not be set when it was opened; it is safe to repeat."""

    @abstractmethod
    def _create(self, spec: PullRequestSpec) -> PullRequest:
        """Create the pull request. Raises RejectedAnswer with `exists_code` if its branch has one already."""
