"""The `kubernaut` command: its subcommands, and the one place where an error becomes a message and an exit code."""

from __future__ import annotations

import sys

import typer

from kubernaut.cli.commands.actions import actions
from kubernaut.cli.commands.approve import approve
from kubernaut.cli.commands.cancel import cancel
from kubernaut.cli.commands.check_runbook import check_runbook_command
from kubernaut.cli.commands.configuration import configuration
from kubernaut.cli.commands.controller import controller
from kubernaut.cli.commands.crd import crd
from kubernaut.cli.commands.demo import demo
from kubernaut.cli.commands.describe import describe
from kubernaut.cli.commands.execute import execute
from kubernaut.cli.commands.get import get
from kubernaut.cli.commands.history import history
from kubernaut.cli.commands.install import install
from kubernaut.cli.commands.logs import logs
from kubernaut.cli.commands.mcp import mcp
from kubernaut.cli.commands.new_action import new_action
from kubernaut.cli.commands.propose import propose
from kubernaut.cli.commands.rbac import rbac_app
from kubernaut.cli.commands.receiver import receiver
from kubernaut.cli.commands.render import render
from kubernaut.cli.commands.resume import resume
from kubernaut.cli.commands.rollback import rollback
from kubernaut.cli.commands.run import run
from kubernaut.cli.commands.sandbox import sandbox
from kubernaut.cli.commands.suspend import suspend
from kubernaut.cli.commands.trace import trace
from kubernaut.cli.commands.ui import ui
from kubernaut.cli.console import print_error
from kubernaut.cli.exit_codes import ExitCode, exit_code_of_error
from kubernaut.errors import KubernautError

app = typer.Typer(
    name="kubernaut",
    help="Safe, automatic remediation on Kubernetes: one declared action, one Job, exactly the permissions it declared.",
    epilog="Exit codes: 0 done, 1 the execution failed, 2 bad input, 3 the cluster could not be reached.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for command in (
    demo,
    sandbox,
    controller,
    execute,
    propose,
    approve,
    run,
    get,
    describe,
    logs,
    history,
    cancel,
    suspend,
    resume,
    rollback,
    trace,
    ui,
    receiver,
    actions,
    render,
    crd,
    new_action,
    configuration,
    install,
    mcp,
):
    app.command()(command)
app.command("check-runbook")(check_runbook_command)
app.add_typer(rbac_app, name="rbac")


def main() -> None:
    """Run the command line; an expected error becomes one line on standard error and an exit code."""
    try:
        app()
    except KubernautError as error:
        print_error(str(error))
        sys.exit(exit_code_of_error(error))
    except KeyboardInterrupt:
        sys.exit(ExitCode.INTERRUPTED)
