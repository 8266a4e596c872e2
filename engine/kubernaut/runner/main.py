"""Runs `perform` as one step, or as both, and turns its end, whatever it is, into an exit code and a report."""

from __future__ import annotations

import os
import signal
import sys

from kubernaut.printable import printable
from kubernaut.runner.action import Action
from kubernaut.runner.exceptions import Rejected, Stopped, TryAgain
from kubernaut.runner.http_client import Connection
from kubernaut.runner.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DONE, ERROR, REJECTED, REHEARSAL_FAILED, STOPPED = 0, 1, 42, 43, 143
NEXT_STEP = "--- execute ---"
"""The line between the logs of two steps in one container."""


def run(perform: Callable[[Action], None]) -> None:
    """Run the step that `KUBERNAUT_STEP` names, or the two of `KUBERNAUT_STEPS`, and exit.

    The code is 0 for done, 42 for refused for good, 1 for an error after which the Job tries again, 143 for stopped by SIGTERM, and 43 for
    an error or a stop in the dry run of a container that would have executed afterwards.
    """
    steps = os.environ.get("KUBERNAUT_STEPS") or os.environ.get("KUBERNAUT_STEP")
    if not steps:
        sys.exit("This runs inside a Job that the engine creates. To see it: kubernaut render ACTION -p KEY=VALUE")
    # It interrupts `perform`, and nothing that writes a report.
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal.signal(signal.SIGTERM, _stop)
    code = _run_steps(perform, steps.split(","))
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
    code = _outcome(_error_of(lambda: perform(Action(report, connection))), report)
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
    return _report_failure(report, "error", f"{type(error).__name__}: {error}{_place(error)}", ERROR, "PluginError")


def _place(error: BaseException) -> str:
    """Return where in the plugin's own files it was raised, such as ` (perform.py:11)`, or ""."""
    here, place, trace = os.path.dirname(__file__), "", error.__traceback__  # noqa: PTH120 - pathlib costs a container's start 5 ms
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if not file.startswith(here) and f"{os.sep}lib{os.sep}python" not in file:
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
