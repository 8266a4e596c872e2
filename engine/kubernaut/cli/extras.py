"""Optional parts of the distribution, and what to install where one is missing."""

from __future__ import annotations

from kubernaut.errors import InputError


def require_sandbox() -> None:
    """Raise InputError, with the command that installs it, if the sandbox or one of its dependencies is not installed."""
    try:
        import kubernaut_sandbox  # noqa: F401, PLC0415 - an optional part
    except ModuleNotFoundError as error:
        raise InputError(
            f"the sandbox is not installed ({error.name} is missing): pip install 'kubernaut-engine[sandbox]'"
        ) from error
