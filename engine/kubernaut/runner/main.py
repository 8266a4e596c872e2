"""Runs `perform` as one step, and turns its end, whatever it is, into an exit code and a report."""

from __future__ import annotations

import os
import signal
import sys

from kubernaut.printable import printable
from kubernaut.runner.action import Action
from kubernaut.runner.exceptions import Rejected, Stopped, TryAgain
from kubernaut.runner.report import Report

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

DONE, ERROR, REJECTED, STOPPED = 0, 1, 42, 143


def run(perform: Callable[[Action], None]) -> None:
    """Run one step and exit: 0 done, 42 refused for good, 1 to be retried, 143 stopped by SIGTERM."""
    if "KUBERNAUT_STEP" not in os.environ:
        sys.exit("This runs inside a Job that the engine creates. To see it: kubernaut render ACTION -p KEY=VALUE")
    report = Report(os.environ["KUBERNAUT_STEP"])
    signal.signal(signal.SIGTERM, _stop)
    code = _outcome(perform, report)
    report.write()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # the report is written, and no later code may change the outcome


def _outcome(perform: Callable[[Action], None], report: Report) -> int:
    try:
        perform(Action(report))
    except Rejected as refusal:
        return _report_failure(report, "rejected", str(refusal), REJECTED, refusal.reason)
    except TryAgain as failure:
        return _report_failure(report, "error", str(failure), ERROR)
    except Stopped:
        return _report_failure(report, "error", "it was stopped before it finished", STOPPED)
    except BaseException as error:  # noqa: BLE001 - the report must be written, whatever a plugin raises
        import traceback  # noqa: PLC0415 - only a defect needs it, and every start would pay for it

        trace = printable(traceback.format_exc())
        report.log(trace)
        print(trace, file=sys.stderr, flush=True)  # noqa: T201 - a pod's log is its standard error
        return _report_failure(report, "error", f"{type(error).__name__}: {error}{_place(error)}", ERROR, "PluginError")
    report.state = "done"
    return DONE


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
