"""The tools that are offered, each with the schema of its arguments. There is none that approves, suspends or resumes.

Each action has a tool of its own, `propose_ACTION`, whose `parameters` have the JSON schema of the action's model. One tool for all of them
could only take any mapping, or a union that many clients cannot pass on to their model; and with one tool each, a user can let an agent
propose one action without asking, and be asked for another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from kubernaut.errors import InputError
from kubernaut.mcp.acting import act, act_runbook, cancel, undo
from kubernaut.mcp.answers import (
    ActionAnswer,
    ActionsAnswer,
    Answer,
    ExecutionAnswer,
    HistoryAnswer,
    ListAnswer,
    RunAnswer,
    RunbooksAnswer,
)
from kubernaut.mcp.arguments import (
    Act,
    ActRunbook,
    Arguments,
    History,
    InNamespace,
    ListExecutions,
    NamedAction,
    NamedExecution,
    Undo,
    WaitFor,
)
from kubernaut.mcp.call import Call
from kubernaut.mcp.problems import ArgumentError
from kubernaut.mcp.reading import history, list_executions, read_execution_answer, wait_for
from kubernaut.mcp.reference import describe_action, list_actions, list_runbooks
from kubernaut.mcp.schemas import compact_schema, with_parameters
from kubernaut.plugins.registry import Action, Registry
from kubernaut.runbooks.references import did_you_mean
from kubernaut.validation_errors import format_validation_error

Effect = Literal["reads", "proposes", "acts"]
"""What a tool can do: read; create dry runs or stop what the agent created; change what runs in the cluster."""


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool."""

    name: str
    description: str
    arguments: type[Arguments]
    answer: type[Answer] | None
    """None for a tool with answers of two kinds."""
    effect: Effect
    run: Callable[[Call, Any], Awaitable[Answer]]
    parameters: type[BaseModel] | None = None
    """The model of the argument `parameters`, where it is an action's own."""

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        schema = compact_schema(self.arguments)
        del schema["description"]  # that of the tool says more
        return with_parameters(schema, compact_schema(self.parameters)) if self.parameters else schema

    @property
    def output_schema(self) -> dict[str, Any] | None:
        """The JSON schema of its answers, if there is one."""
        return compact_schema(self.answer) if self.answer else None

    async def __call__(self, call: Call, arguments: Mapping[str, Any]) -> Answer:
        """Run it. Raises ArgumentError naming the argument that is wrong, and the errors of what it does."""
        try:
            given = self.arguments.model_validate(arguments)
        except ValidationError as error:
            known = self.arguments.model_fields
            raise ArgumentError(format_validation_error(error, "", f"argument of {self.name}", known)) from error
        return await self.run(call, given)


def toolbox(registry: Registry, *, allow_execute: bool, only: Collection[str] = ()) -> dict[str, Tool]:
    """Return the tools by name: those that execute only if that is allowed, and of the actions those named in `only`, if any are.

    Raises InputError for an action in `only` that is not installed.
    """
    if unknown := sorted(set(only) - set(registry.actions)):
        installed = ", ".join(sorted(registry.actions)) or "none"
        raise InputError(f"--action {unknown[0]}: it is not installed; installed: {installed}")
    tools = [*_reading(), *_proposing()]
    for name, action in sorted(registry.actions.items()):
        if not only or name in only:
            tools.append(_propose(action))
            tools += [_execute(action)] if allow_execute else []
    tools += [_RUN] if allow_execute else []
    return {tool.name: tool for tool in tools}


def unknown_tool(name: str, tools: Mapping[str, Tool]) -> ArgumentError:
    """Return the error for a tool that does not exist."""
    known = [tool for tool in tools if tool.startswith(name.partition("_")[0])] or list(tools)
    return ArgumentError(f"there is no tool {name[:80]}{did_you_mean(name, tools)}; there are: {', '.join(known)}")


_RUN = Tool(
    "run",
    "Carry out a runbook: create its executions, all or none, without anybody's approval. Only if you were told to; else propose_run.",
    ActRunbook,
    RunAnswer,
    "acts",
    partial(act_runbook, propose=False),
)


def _reading() -> list[Tool]:
    get = "Read one execution: phase, reason, changes (planned or done), who proposed and approved it, whether it was verified, its log."
    wait = (
        "Wait until an execution or a run has ended, or, with until=carried_out, until a person has decided on a proposal and, if it was "
        "approved, that was done. "
        "Answers after the given seconds at the latest."
    )
    return [
        Tool("list_actions", "List what can be done to workloads.", Arguments, ActionsAnswer, "reads", list_actions),
        Tool(
            "describe_action",
            "Read an action's parameters as a JSON schema, the rights that it has, and examples.",
            NamedAction,
            ActionAnswer,
            "reads",
            describe_action,
        ),
        Tool(
            "list_runbooks",
            "List the runbooks of a namespace: several steps under one name, with their parameters.",
            InNamespace,
            RunbooksAnswer,
            "reads",
            list_runbooks,
        ),
        Tool("get_execution", get, NamedExecution, ExecutionAnswer, "reads", read_execution_answer),
        Tool("wait_for", wait, WaitFor, None, "reads", wait_for),
        Tool("list_executions", "List executions.", ListExecutions, ListAnswer, "reads", list_executions),
        Tool(
            "history",
            "Read audit records: who asked for what, what was decided, and what changed.",
            History,
            HistoryAnswer,
            "reads",
            history,
        ),
    ]


def _proposing() -> list[Tool]:
    return [
        Tool(
            "propose_run",
            "Rehearse every step of a runbook, so that a person can approve the run. Changes nothing.",
            ActRunbook,
            RunAnswer,
            "proposes",
            partial(act_runbook, propose=True),
        ),
        Tool(
            "propose_rollback",
            "Rehearse undoing an execution, so that a person can approve that. Changes nothing.",
            Undo,
            ExecutionAnswer,
            "proposes",
            undo,
        ),
        Tool(
            "cancel",
            "Stop an execution that you created, or withdraw a proposal of yours. Those of others you cannot.",
            NamedExecution,
            ExecutionAnswer,
            "proposes",
            cancel,
        ),
    ]


_TAKEN = {"run", "rollback"}
"""Actions of these names would have the tools of runbooks and rollbacks."""


def _name(verb: str, action: Action) -> str:
    return f"{verb}_{action.name}{'-action' if action.name in _TAKEN else ''}"


def _propose(action: Action) -> Tool:
    what = (
        "It changes nothing in any case."
        if action.spec.read_only
        else "Changes nothing: the answer is what it would change, for a person to approve."
    )
    return _action_tool(action, "propose", f"{action.spec.summary} {what}", propose=True)


def _execute(action: Action) -> Tool:
    what = f"{action.spec.summary} Acts at once, without anybody's approval. Only if you were told to; else propose."
    return _action_tool(action, "execute", what, propose=False)


def _action_tool(action: Action, verb: str, description: str, *, propose: bool) -> Tool:
    async def run(call: Call, given: Act) -> ExecutionAnswer:
        return await act(call, action, given, propose=propose)

    effect: Effect = "proposes" if propose or action.spec.read_only else "acts"
    return Tool(_name(verb, action), description, Act, ExecutionAnswer, effect, run, action.spec.parameters)
