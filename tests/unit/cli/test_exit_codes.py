"""Exit codes of errors and of executions."""

import pytest

from kubernaut.cli.exit_codes import ExitCode, exit_code_of, exit_code_of_error
from kubernaut.errors import (
    DeniedError,
    ExistsError,
    HookError,
    InputError,
    NotFoundError,
    PluginLoadError,
    RejectedError,
    ThrottledError,
    UnauthenticatedError,
    UnavailableError,
)
from tests.support.executions import make_execution


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError, 2),
        (RejectedError, 2),
        (NotFoundError, 2),
        (UnavailableError, 3),
        (ThrottledError, 3),
        (DeniedError, 3),
        (UnauthenticatedError, 3),
        (ExistsError, 1),
        (HookError, 1),
        (PluginLoadError, 1),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value),
)
def test_an_error_has_the_exit_code_of_its_family(error, code):
    assert exit_code_of_error(error("x")) == code


@pytest.mark.parametrize(
    ("phase", "reason", "code"),
    [
        ("Succeeded", None, 0),
        ("Failed", "ActionFailed", 1),
        ("Cancelled", "CancelRequested", 1),
        ("Failed", "InvalidParameters", 2),
        ("Failed", "UnknownAction", 2),
    ],
)
def test_an_execution_has_the_exit_code_of_its_end(phase, reason, code):
    assert exit_code_of(make_execution(phase=phase, reason=reason)) == code


def test_the_help_lists_the_exit_codes(kubernaut):
    out = " ".join(kubernaut("--help").out.split())
    assert "0 done, 1 the execution failed, 2 bad input, 3 the cluster could not be reached" in out
    assert [ExitCode.DONE, ExitCode.FAILED, ExitCode.BAD_INPUT, ExitCode.UNREACHABLE] == [0, 1, 2, 3]
