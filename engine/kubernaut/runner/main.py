"""Runs `perform` as one step, or as both, and turns its end, whatever it is, into an exit code and a report."""

from __future__ import annotations

import os
import signal
import sys

from kubernaut.printable import printable
from kubernaut.runner.action import Action
from kubernaut.runner.exceptions import Misuse, Rejected, Stopped, TryAgain
from kubernaut.runner.http_client import Connection
from kubernaut.runner.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

DONE, ERROR, REJECTED, REHEARSAL_FAILED, STOPPED = 0, 1, 42, 43, 143
_DEFECTS = (
    Misuse,
    ImportError,
    SyntaxError,
    AttributeError,
    LookupError,
    NameError,
    TypeError,
    AssertionError,
    NotImplementedError,
    RecursionError,
    ZeroDivisionError,
)
"""What another attempt would meet again, as the plugin's own code is at fault."""
NEXT_STEP = "--- execute ---"
"""The line between the logs of two steps in one container."""


def run(perform: Callable[[Action], None]) -> None:
    """Run the step that `KUBERNAUT_STEP` names, or the two of `KUBERNAUT_STEPS`, and exit.

    The code is 0 for done, 42 for refused for good, or for a defect of the plugin before it has changed anything, 1 for an error after
    which the Job tries again, 143 for stopped by SIGTERM, and 43 for an error or a stop in the dry run of a container that would have
    executed afterwards.
    """
    steps = os.environ.get("KUBERNAUT_STEPS") or os.environ.get("KUBERNAUT_STEP")
    if not steps:
        sys.exit("This runs inside a Job that the engine creates. To see it: kubernaut render ACTION -p KEY=VALUE")
    _begin()
    _leave(_run_steps(perform, steps.split(",")))


def run_module(module: str) -> None:
    """Run a plugin's module as `python -m MODULE` would; report what it raises before it calls `run`, or that it never does."""
    import runpy  # noqa: PLC0415 - `python -m` has loaded it already

    steps = os.environ.get("KUBERNAUT_STEPS") or os.environ.get("KUBERNAUT_STEP")
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        error: BaseException = Misuse(f"the module {module} does not call kubernaut.runner.run(perform)")
    except BaseException as raised:
        error = raised
        if not steps:
            raise
    if not steps:
        return
    _begin()
    report = Report(steps.split(",", maxsplit=1)[0])
    code = _outcome(error, report)
    report.write()
    _leave(code)


def _begin() -> None:
    """Let SIGTERM interrupt `perform`, and nothing that writes a report."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGTERM, _stop)


def _leave(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the report is written, and no later code may change the outcome


def _run_steps(perform: Callable[[Action], None], steps: list[str]) -> int:
    connection, report = Connection(), Report(steps[0])
    code = _run_step(perform, report, connection)
    if len(steps) == 1 or code == REJECTED:
        return code
    if code != DONE:
        return REHEARSAL_FAILED
    print(NEXT_STEP, flush=True)  # noqa: T201 - a pod's log is its standard output
    report = Report(steps[1], rehearsal=report)
    report.write()  # before it begins: where there is a report of this step, something may have been changed
    return _run_step(perform, report, connection)


def _run_step(perform: Callable[[Action], None], report: Report, connection: Connection) -> int:
    def step() -> None:
        action = Action(report, connection)
        perform(action)
        action.check_plan()

    code = _outcome(_error_of(step), report)
    report.write()
    return code


def _error_of(step: Callable[[], None]) -> BaseException | None:
    """Call it, and return what it raised, whatever a plugin raises; only meanwhile does SIGTERM raise Stopped."""
    try:
        try:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
            step()
        finally:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    except BaseException as error:  # noqa: BLE001 - the report must be written
        return error
    return None


def _outcome(error: BaseException | None, report: Report) -> int:
    match error:
        case None:
            report.state = "done"
            return DONE
        case Rejected():
            return _report_failure(report, "rejected", str(error), REJECTED, error.reason)
        case TryAgain():
            return _report_failure(report, "error", str(error), ERROR)
        case Stopped():
            return _report_failure(report, "error", "it was stopped before it finished", STOPPED)
    import traceback  # noqa: PLC0415 - only a defect needs it, and every start would pay for it

    trace = printable("".join(traceback.format_exception(error)))
    report.log(trace)
    print(trace, file=sys.stderr, flush=True)  # noqa: T201 - a pod's log is its standard error
    message = f"{type(error).__name__}: {error}{_place(error)}"
    if isinstance(error, _DEFECTS) and not report.may_have_changed:
        return _report_failure(report, "error", f"{message}: a defect of the action's plugin", REJECTED, "PluginError")
    return _report_failure(report, "error", message, ERROR, "PluginError")


def _place(error: BaseException) -> str:
    """Return where in the plugin's own files it was raised, such as ` (perform.py:11)`, or ""."""
    if isinstance(error, SyntaxError):  # its words name the place; no frame does
        return ""
    here, place, trace = os.path.dirname(__file__), "", error.__traceback__  # noqa: PTH120 - pathlib costs a container's start 5 ms
    library = os.path.dirname(os.__file__)  # noqa: PTH120 - the same
    packages = tuple(os.path.join(library, name) for name in ("site-packages", "dist-packages"))  # noqa: PTH118 - the same
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        is_library = file.startswith((library, "<frozen ")) and not file.startswith(packages)
        if not file.startswith(here) and not is_library:
            place = f" ({os.path.basename(file)}:{trace.tb_lineno})"  # noqa: PTH119 - the same
        trace = trace.tb_next
    return place


def _report_failure(report: Report, state: str, message: str, code: int, reason: str = "") -> int:
    message = printable(message)
    report.state, report.message, report.reason = state, message, reason
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - a pod's log is its standard error
    return code


def _stop(_signal: int, _frame: object) -> None:
    raise Stopped
