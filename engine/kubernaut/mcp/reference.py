"""The tools that tell what there is: the actions that are installed beside the server, and the runbooks of a namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kubernaut.api.runbook import RunbookSpec
from kubernaut.caller.action_reference import action_json, attempts_phrase, installed_action, permission_phrases
from kubernaut.errors import InputError, NotFoundError
from kubernaut.kube.objects import RUNBOOKS
from kubernaut.mcp.answers import ActionAnswer, ActionsAnswer, RunbooksAnswer
from kubernaut.mcp.arguments import Arguments, InNamespace, NamedAction
from kubernaut.mcp.call import Call
from kubernaut.mcp.problems import ArgumentError
from kubernaut.mcp.untrusted import Excerpts
from kubernaut.runbooks.manifest import read_runbook

_MAX_RUNBOOKS = 30


async def list_actions(call: Call, _: Arguments) -> ActionsAnswer:
    """Return each installed action in few words."""
    actions = [
        {
            "action": name,
            "summary": action.spec.summary,
            "read_only": action.spec.read_only,
            "allowed_to": permission_phrases(action.spec.rules),
        }
        for name, action in sorted(call.registry.actions.items())
    ]
    broken = {name: str(error) for name, error in sorted(call.registry.broken.items())}
    steps = ["Call describe_action for the parameters of one.", "To change something, call its propose_ tool."]
    return ActionsAnswer(next=steps, actions=actions, unavailable=broken)


async def describe_action(call: Call, given: NamedAction) -> ActionAnswer:
    """Return everything that an action declares."""
    try:
        action = installed_action(given.action, call.registry)
    except InputError as error:
        raise ArgumentError(f"action: {error}") from error
    spec, declared = action.spec, action_json(action)
    declared |= {
        "allowed_to": permission_phrases(spec.rules),
        "attempts": attempts_phrase(spec),
        "read_only": spec.read_only,
    }
    shown = {name: value for name, value in declared.items() if name not in {"resources", "settings", "available"}}
    return ActionAnswer(next=["Call its propose_ tool with a namespace and these parameters."], action=shown)


async def list_runbooks(call: Call, given: InNamespace) -> RunbooksAnswer:
    """Return the runbooks of a namespace."""
    namespace, excerpts = call.namespace(given.namespace), Excerpts()
    try:
        found = (await call.cluster.list_all(RUNBOOKS, namespace)).items
    except NotFoundError as error:
        raise InputError("this cluster does not have the CRD of Runbook: kubernaut crd | kubectl apply -f -") from error
    shown = excerpts.some(sorted(found, key=lambda obj: str(obj["metadata"]["name"])), "runbooks", _MAX_RUNBOOKS)
    names = [str(obj["metadata"]["name"]) for obj in shown]
    steps = (
        ["Call propose_run with a runbook and its parameters."]
        if shown
        else ["There are none; list_actions has what can be done."]
    )
    data = [_runbook(name, obj, excerpts) for name, obj in zip(names, shown, strict=True)]
    return RunbooksAnswer(next=steps, cut=excerpts.cut, namespace=namespace, runbooks=names, untrusted=data)


def _runbook(name: str, obj: Mapping[str, Any], excerpts: Excerpts) -> dict[str, Any]:
    try:
        _, spec = read_runbook(dict(obj))
    except (InputError, ValidationError) as error:
        return {"runbook": name, "unusable": excerpts.text(error, f"{name}: unusable", 300)}
    return {
        "runbook": name,
        "summary": excerpts.text(spec.summary, f"{name}: summary", 300),
        "parameters": excerpts.document(parameters_schema(spec), f"{name}: parameters"),
        "steps": excerpts.document([_step(step) for step in spec.model_dump(mode="json")["steps"]], f"{name}: steps"),
    }


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in step.items() if value not in (None, [], {}, "")}


def parameters_schema(spec: RunbookSpec) -> dict[str, Any]:
    """Return the JSON schema of a runbook's parameters."""
    properties = {
        name: {
            "type": str(one.type),
            **({"description": one.description} if one.description else {}),
            **({} if one.is_required else {"default": one.default}),
        }
        for name, one in spec.parameters.items()
    }
    required = [name for name, one in spec.parameters.items() if one.is_required]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
