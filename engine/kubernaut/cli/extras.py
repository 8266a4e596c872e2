"""Optional parts of the distribution, and what to install where one is missing."""

from __future__ import annotations

from kubernaut.errors import InputError


def require_ui() -> None:
    """Raise InputError, with the command that installs it, if what the page needs is not installed."""
    try:
        import jinja2  # noqa: F401, PLC0415 - an optional part
    except ModuleNotFoundError as error:
        raise InputError(
            f"the page is not installed ({error.name} is missing): pip install 'kubernaut-engine[ui]'"
        ) from error


def require_sandbox() -> None:
    """Raise InputError, with the command that installs it, if the sandbox or one of its dependencies is not installed."""
    try:
        import kubernaut_sandbox  # noqa: F401, PLC0415 - an optional part
    except ModuleNotFoundError as error:
        raise InputError(
            f"the sandbox is not installed ({error.name} is missing): pip install 'kubernaut-engine[sandbox]'"
        ) from error


def require_mcp() -> None:
    """Raise InputError, with the command that installs it, if the protocol's SDK or one of its dependencies is not installed."""
    try:
        import mcp.server.lowlevel  # noqa: F401, PLC0415 - an optional part
    except ModuleNotFoundError as error:
        raise InputError(
            f"the server for AI agents is not installed ({error.name} is missing): pip install 'kubernaut-engine[mcp]'"
        ) from error
