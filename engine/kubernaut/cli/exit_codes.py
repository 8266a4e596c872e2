"""What each exit code of the command line means."""

from __future__ import annotations

from enum import IntEnum

from kubernaut.api.execution import Phase, Reason
from kubernaut.api.view import ExecutionView
from kubernaut.errors import DeniedError, InputError, KubernautError, NotFoundError, RejectedError, RetryError


class ExitCode(IntEnum):
    """An exit code. The help text lists them too."""

    DONE = 0
    FAILED = 1
    """The execution failed, or a check found a difference."""
    BAD_INPUT = 2
    UNREACHABLE = 3
    """The API server could not be reached, or denied the request."""
    INTERRUPTED = 130
    """Ctrl-c, as shells report SIGINT."""


def exit_code_of_error(error: KubernautError) -> ExitCode:
    """Return the exit code of a command that ended with this error."""
    if isinstance(error, InputError | RejectedError | NotFoundError):
        return ExitCode.BAD_INPUT
    return ExitCode.UNREACHABLE if isinstance(error, RetryError | DeniedError) else ExitCode.FAILED


def exit_code_of(execution: ExecutionView) -> ExitCode:
    """Return the exit code of a command that waited for the end of this execution."""
    if execution.phase is Phase.SUCCEEDED:
        return ExitCode.DONE
    bad_input = {Reason.INVALID_PARAMETERS, Reason.UNKNOWN_ACTION}
    return ExitCode.BAD_INPUT if execution.status.reason in bad_input else ExitCode.FAILED
