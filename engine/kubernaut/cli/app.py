"""The commands, and what their exit codes mean: 0 done, 1 the execution failed, 2 bad input, 3 the cluster could not be reached."""

from __future__ import annotations

import sys

import typer

from kubernaut.cli.commands import describe as describe_command
from kubernaut.cli.commands import engine as cluster_commands
from kubernaut.cli.commands import get as get_command
from kubernaut.cli.commands import history as history_command
from kubernaut.cli.commands import install as install_command
from kubernaut.cli.commands import lifecycle as control_commands
from kubernaut.cli.commands import logs as logs_command
from kubernaut.cli.commands import offline as offline_commands
from kubernaut.cli.commands import rbac as rbac_commands
from kubernaut.cli.commands import rollback as rollback_command
from kubernaut.cli.commands import sandbox as sandbox_commands
from kubernaut.cli.commands import trace as trace_command
from kubernaut.cli.console import complain
from kubernaut.errors import DeniedError, InputError, KubernautError, NotFoundError, RejectedError, RetryError

DONE, FAILED, BAD_INPUT, UNREACHABLE = 0, 1, 2, 3

app = typer.Typer(
    name="kubernaut",
    help="Safe, automatic remediation on Kubernetes: one declared action, one Job, exactly the rights it declared.",
    epilog="Exit codes: 0 done, 1 the execution failed, 2 bad input, 3 the cluster could not be reached.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for commands in (
    sandbox_commands,
    cluster_commands,
    get_command,
    describe_command,
    logs_command,
    history_command,
    control_commands,
    rollback_command,
    trace_command,
    offline_commands,
    rbac_commands,
    install_command,
):
    commands.add_to(app)


def main() -> None:
    """Run the command line; errors on purpose become one line and an exit code."""
    try:
        app()
    except KubernautError as error:
        complain(str(error))
        sys.exit(_code(error))
    except KeyboardInterrupt:
        sys.exit(130)


def _code(error: KubernautError) -> int:
    if isinstance(error, InputError | RejectedError | NotFoundError):
        return BAD_INPUT
    return UNREACHABLE if isinstance(error, RetryError | DeniedError) else FAILED
