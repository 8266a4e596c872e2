"""How a step can end early: refused for good (exit 42), to be retried (exit 1), or stopped from outside (exit 143)."""

from __future__ import annotations


class Rejected(Exception):  # noqa: N818 - it reads as what happened
    """A permanent refusal: another attempt would be refused as well."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """A reason of the execution's status, where it is more exact than the step's own."""


class TryAgain(Exception):  # noqa: N818 - it reads as what to do
    """A failure that may not happen again: another attempt is made."""


class Conflict(TryAgain):
    """Someone else changed the object between reading and writing it."""


class Unanswered(TryAgain):
    """A request that was sent, and may have been carried out: no answer came, or one that leaves it open."""


class Stopped(BaseException):
    """The pod is being deleted (SIGTERM)."""
