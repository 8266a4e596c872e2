"""What this action needs of a forge, and the two that it knows.

A forge is asked for as little as possible: whether the repository is there and may be written to, and for pull requests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request, or a merge request."""

    number: int
    url: str
    state: str
    """`open`, `closed` or `merged`."""
    base: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A pull request as it should be."""

    branch: str
    base: str
    title: str
    body: str
    labels: Sequence[str] = ()
    reviewers: Sequence[str] = ()
    draft: bool = False


class Forge(Protocol):
    """One repository of a GitHub or GitLab. Methods raise Rejected or TryAgain."""

    def check(self, reviewers: Sequence[str]) -> None:
        """Refuse now what would be refused later: no such repository, archived, not writable, no such reviewer."""

    def find(self, branch: str) -> PullRequest | None:
        """The newest pull request from this branch, whatever became of it."""

    def open(self, wanted: Wanted) -> PullRequest:
        """Open it; one that is open already for the same branch is as good."""

    def complete(self, pull: PullRequest, wanted: Wanted) -> None:
        """Give it what opening it did not; may be done again."""
