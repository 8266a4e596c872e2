"""How a step can end early: refused for good (exit 42), to be retried (exit 1), or stopped from outside (exit 143).

    StepFailure
    ├── Rejected        never again
    │   ├── NotFound
    │   └── AlreadyExists
    └── TryAgain        another attempt
        ├── Conflict
        ├── TooManyRequests
        └── Unanswered
    Misuse              a defect of the action's plugin
    Stopped             SIGTERM

What the API server answered is in `status`, `status_reason` and `causes`: no author has to read a message.
"""

from __future__ import annotations


class StepFailure(Exception):  # noqa: N818 - it reads as what happened
    """A failure, with what the API server answered, if it did."""

    status: int = 0
    """The HTTP code of the API server's answer; 0 where the failure did not come from one."""
    status_reason: str = ""
    """Kubernetes' own reason, such as `NotFound`, `Invalid` or `Forbidden`; "" where it gave none."""
    causes: tuple[str, ...] = ()
    """The types of the causes in the answer, such as `FieldValueInvalid`, or `DisruptionBudget` of an eviction."""


class Rejected(StepFailure):
    """A permanent refusal: another attempt would be refused as well."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason
        """A reason of the execution's status, where it is more exact than the step's own."""


class NotFound(Rejected):
    """There is no such object (404). For a kind that is not served, Rejected is raised: a typo must not mean "already gone"."""


class AlreadyExists(Rejected):
    """There is an object of this name already (409)."""


class TryAgain(StepFailure):
    """A failure that may not happen again: another attempt is made."""


class Conflict(TryAgain):
    """Someone else changed the object between reading and writing it, or it is not the one that a precondition names."""


class TooManyRequests(TryAgain):
    """The request was turned away for now (429); `causes` contains `DisruptionBudget` where a budget forbids an eviction."""


class Unanswered(TryAgain):
    """A request that was sent, and may have been carried out: no answer came, or one that leaves it open."""


class Misuse(ValueError):  # noqa: N818 - it reads as what happened
    """An argument that no cluster could accept: a defect of the action's plugin."""


class Stopped(BaseException):
    """The pod is being deleted (SIGTERM)."""
