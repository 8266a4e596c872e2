"""The tools that read: one execution, a list, the audit records, and waiting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from kubernaut.api.execution import Phase
from kubernaut.api.labels import LABEL_RUNBOOK
from kubernaut.api.view import ExecutionView
from kubernaut.caller.details import ExecutionDetails, read_details
from kubernaut.caller.durations import parse_since
from kubernaut.caller.executions import get_execution
from kubernaut.caller.history import read_records
from kubernaut.caller.selection import Selection
from kubernaut.caller.waiting import wait_for_execution, wait_for_run
from kubernaut.errors import InputError
from kubernaut.kube.follow import list_by_key
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.mcp.answers import ExecutionAnswer, HistoryAnswer, ListAnswer, RunAnswer
from kubernaut.mcp.arguments import History, ListExecutions, NamedExecution, WaitFor
from kubernaut.mcp.call import Call
from kubernaut.mcp.guidance import next_for_run
from kubernaut.mcp.presenting import brief, execution_answer, record_data
from kubernaut.mcp.problems import ArgumentError
from kubernaut.mcp.untrusted import Excerpts, is_name

_MAX_STEPS = 20


async def read_execution_answer(call: Call, given: NamedExecution) -> ExecutionAnswer:
    """Return one execution with its Events."""
    execution = await get_execution(call.cluster, call.key(given.namespace, given.execution))
    return execution_answer(await read_details(call.cluster, execution))


async def list_executions(call: Call, given: ListExecutions) -> ListAnswer:
    """Return the newest executions of a namespace that are wanted."""
    namespace, excerpts = call.namespace(given.namespace), Excerpts()
    agent = call.agent if given.mine else ""
    selection = Selection(namespace, (), given.phases, proposals=given.proposals, run=given.run, agent=agent)
    found, _ = await list_by_key(call.cluster, EXECUTIONS, namespace, selector=selection.selector)
    newest = excerpts.some(reversed(selection.select(found)), "executions", given.limit)
    listed = [brief(one, excerpts) for one in newest]
    none = "There are none. A namespace that does not exist has none either: check its name."
    steps = ["Call get_execution for one of them."] if listed else [none]
    return ListAnswer(next=steps, cut=excerpts.cut, namespace=namespace, executions=listed[::-1])


async def history(call: Call, given: History) -> HistoryAnswer:
    """Return the newest audit records of a namespace."""
    namespace, excerpts = call.namespace(given.namespace), Excerpts()
    try:
        earliest = parse_since(given.since, datetime.now(UTC)) if given.since else None
    except InputError as error:
        raise ArgumentError(str(error).removeprefix("--")) from error
    records = await read_records(call.cluster, namespace, earliest)
    newest = excerpts.some(reversed(records), "records", given.limit)
    data = [record_data(record, excerpts) for record in newest]
    return HistoryAnswer(cut=excerpts.cut, namespace=namespace, untrusted=data[::-1])


async def wait_for(call: Call, given: WaitFor) -> ExecutionAnswer | RunAnswer:
    """Wait for an execution or a run, for a bounded time, and return it."""
    if bool(given.execution) == bool(given.run):
        raise ArgumentError("name one execution, or one run, and not both")
    if given.run:
        if given.until == "carried_out":
            raise ArgumentError("until: carried_out is for one execution; a run that was approved has another name")
        return await wait_for_steps(call, call.namespace(given.namespace), given.run, given.seconds)
    return await wait_for_end(
        call, given.namespace, given.execution, given.seconds, carried_out=given.until == "carried_out"
    )


async def wait_for_end(
    call: Call, namespace: str, name: str, seconds: float, *, carried_out: bool = False
) -> ExecutionAnswer:
    """Wait for the end of one execution, or of what carries out a proposal."""
    key = call.key(namespace, name)
    execution = await wait_for_execution(call.cluster, key, seconds, call.reporter(), carried_out=carried_out)
    waits_for_approval = carried_out and execution.name == name and execution.is_open_proposal
    timed_out = not execution.has_ended or waits_for_approval
    went_well = execution.phase is Phase.SUCCEEDED
    details = ExecutionDetails(execution) if went_well else await read_details(call.cluster, execution)
    return execution_answer(details, timed_out=timed_out)


async def wait_for_steps(
    call: Call, namespace: str, run: str, seconds: float, *, not_rehearsed: Sequence[str] = ()
) -> RunAnswer:
    """Wait for the end of all executions of a run."""
    steps = await wait_for_run(call.cluster, namespace, run, seconds, call.reporter())
    return run_answer(run, namespace, steps, not_rehearsed=not_rehearsed)


def run_answer(
    run: str, namespace: str, steps: Sequence[ExecutionView], *, not_rehearsed: Sequence[str] = ()
) -> RunAnswer:
    """Return the executions of a run."""
    excerpts, ended = Excerpts(), all(step.has_ended for step in steps)
    runbook = str((steps[0].json["metadata"].get("labels") or {}).get(LABEL_RUNBOOK, "")) if steps else ""
    shown = [brief(step, excerpts) for step in excerpts.some(steps, "steps", _MAX_STEPS)]
    return RunAnswer(
        next=next_for_run(run, namespace, steps),
        cut=excerpts.cut,
        run=run,
        runbook=runbook if is_name(runbook) else None,
        namespace=namespace,
        ended=ended,
        timed_out=not ended,
        steps=shown,
        not_rehearsed=list(not_rehearsed),
    )


def answer_without_events(execution: ExecutionView) -> ExecutionAnswer:
    """Return an execution that has just been written, as it was answered."""
    return execution_answer(ExecutionDetails(execution))
