"""The tools that create executions, as the user who started the server: proposals, and what is executed where that is allowed.

None of them approves. Whether the user may propose or execute an action is for RBAC and the admission policies to say.
"""

from __future__ import annotations

from typing import Any

from kubernaut.api.runbook import ParameterType, RunbookSpec
from kubernaut.caller.action_parameters import checked_parameters
from kubernaut.caller.cancellation import cancel_own
from kubernaut.caller.executions import create_execution, get_execution
from kubernaut.caller.planned_runs import create_planned_run, plan_run
from kubernaut.caller.rollbacks import propose_rollback
from kubernaut.caller.runs import get_runbook
from kubernaut.errors import DeniedError, InputError
from kubernaut.mcp.answers import ExecutionAnswer, RunAnswer
from kubernaut.mcp.arguments import Act, ActRunbook, NamedExecution, Undo
from kubernaut.mcp.call import Call
from kubernaut.mcp.problems import ArgumentError
from kubernaut.mcp.reading import answer_without_events, run_answer, wait_for_end, wait_for_steps
from kubernaut.plugins.registry import Action
from kubernaut.runbooks.arguments import parse_argument
from kubernaut.runbooks.manifest import read_runbook


async def act(call: Call, action: Action, given: Act, *, propose: bool) -> ExecutionAnswer:
    """Create a dry run of an action, or the execution itself, and wait for its end as long as is wanted."""
    try:
        parameters = checked_parameters(action.spec.parameters, given.parameters)
    except InputError as error:
        raise ArgumentError(str(error)) from error
    spec = {"action": action.name, "parameters": parameters, "dryRun": propose}
    key, prefix = call.key(given.namespace, ""), f"{action.name}-"
    created = await create_execution(call.cluster, key, spec, prefix=prefix, annotations=call.annotations)
    if not given.wait_seconds:
        return answer_without_events(created)
    return await wait_for_end(call, created.namespace, created.name, given.wait_seconds)


async def undo(call: Call, given: Undo) -> ExecutionAnswer:
    """Create the dry run of an execution's inverse, and wait for its end as long as is wanted."""
    original = await get_execution(call.cluster, call.key(given.namespace, given.execution))
    created = await propose_rollback(call.cluster, original, call.annotations)
    if not given.wait_seconds:
        return answer_without_events(created)
    return await wait_for_end(call, created.namespace, created.name, given.wait_seconds)


async def act_runbook(call: Call, given: ActRunbook, *, propose: bool) -> RunAnswer:
    """Create the executions of a runbook, or dry runs of its steps, all or none, and wait for their end as long as is wanted."""
    runbook = await get_runbook(call.cluster, call.key(given.namespace, given.runbook))
    _, spec = read_runbook(runbook)
    arguments = {name: _argument(spec, name, value) for name, value in given.parameters.items()}
    _require_all(spec, arguments)
    planned = plan_run(runbook, arguments, propose=propose)
    created = await create_planned_run(call.cluster, planned, call.annotations)
    run, namespace = planned.run.name, planned.namespace
    if not given.wait_seconds:
        return run_answer(run, namespace, created, not_rehearsed=planned.left_out)
    return await wait_for_steps(call, namespace, run, given.wait_seconds, not_rehearsed=planned.left_out)


async def cancel(call: Call, given: NamedExecution) -> ExecutionAnswer:
    """Stop an execution that this user created through this agent."""
    key = call.key(given.namespace, given.execution)
    try:
        return answer_without_events(await cancel_own(call.cluster, key, call.agent))
    except DeniedError as error:
        person = f"a person can stop it: kubernaut cancel {key.name} -n {key.namespace}"
        raise DeniedError(f"{error}; {person}", by_policy=error.by_policy) from error


def _argument(spec: RunbookSpec, name: str, value: Any) -> Any:
    """Return a value with the type of its parameter where it is given as text. Raises InputError naming the parameter."""
    declared = spec.parameters.get(name)
    if isinstance(value, str) and declared and declared.type is not ParameterType.STRING:
        return parse_argument(spec.parameters, name, value)
    return value


def _require_all(spec: RunbookSpec, arguments: dict[str, Any]) -> None:
    missing = [name for name, one in spec.parameters.items() if one.is_required and name not in arguments]
    if missing:
        raise InputError(f"parameters.{missing[0]}: it is required; list_runbooks describes it")
