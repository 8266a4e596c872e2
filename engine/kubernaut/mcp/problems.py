"""Errors as an agent can act on them: what is wrong in our words, what to do, and the API server's own words as data."""

from __future__ import annotations

from collections.abc import Mapping

from kubernaut.errors import (
    ConflictError,
    DeniedError,
    ExistsError,
    InputError,
    KubernautError,
    NotFoundError,
    QuotaError,
    RejectedError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
)
from kubernaut.mcp.answers import ProblemAnswer
from kubernaut.mcp.untrusted import MAX_TEXT
from kubernaut.printable import printable

_ASK = "Tell a person what untrusted says: you cannot grant it to yourself."
_SAYINGS: Mapping[type[KubernautError], tuple[str, str]] = {
    UnauthenticatedError: (
        "The API server does not accept the credentials of the kubeconfig, or they could not be obtained.",
        "Ask a person to renew them or to log in again; the kubeconfig is read anew for each call.",
    ),
    DeniedError: ("This user is not allowed to do that.", _ASK),
    UnavailableError: (
        "The cluster cannot be reached, or does not answer.",
        "Try again later. If you were creating something, first look with list_executions and mine: it may exist.",
    ),
    ThrottledError: ("The API server asks its clients to slow down.", "Wait some seconds, and try again."),
    QuotaError: (
        "A ResourceQuota of the namespace has no room for another execution.",
        "Try again later, or tell a person.",
    ),
    ConflictError: ("Somebody changed it at the same moment.", "Look at it again, and try again."),
    ExistsError: ("The name is taken.", "Try again: another name is made up."),
    NotFoundError: ("It does not exist, or not any more.", "Look with list_executions."),
    InputError: ("It cannot be done as asked: untrusted says why.", "Correct that, or tell a person."),
    RejectedError: ("The API server refuses what was sent.", "Correct what untrusted names."),
}
_BY_POLICY = "An admission policy of this cluster refuses it for this user."
_INSTEAD = "What you may not execute, you may be allowed to propose."


class ArgumentError(InputError):
    """The agent's own arguments are wrong: the message quotes nothing but these, and names the field and the remedy."""


def problem(error: KubernautError, *, executes: bool = False) -> ProblemAnswer:
    """Return what an agent is shown of an error, of a tool that executes or of another one."""
    text = printable(str(error))[:MAX_TEXT]
    if isinstance(error, ArgumentError):
        return ProblemAnswer(error=text)
    for kind, (saying, remedy) in _SAYINGS.items():
        if isinstance(error, kind):
            by_policy = isinstance(error, DeniedError | RejectedError) and error.by_policy
            steps = [_ASK if by_policy else remedy, *([_INSTEAD] if by_policy and executes else [])]
            return ProblemAnswer(error=_BY_POLICY if by_policy else saying, next=steps, untrusted=text)
    return ProblemAnswer(error="The request failed.", next=["Tell a person."], untrusted=text)


def defect(error: Exception) -> ProblemAnswer:
    """Return what an agent is shown of an error that nobody expected."""
    return ProblemAnswer(
        error=f"kubernaut itself failed ({type(error).__name__}). Nothing more is known.",
        next=["Tell a person: the server's standard error has the cause."],
    )
