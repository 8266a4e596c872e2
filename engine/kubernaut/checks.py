"""Everything that must say yes before a Job exists, in order: action, parameters, plugin, policies, rights.

Any no is final and comes with the reason and the remedy. Silence is never a yes: an action that is unknown or broken is refused before
any hook is asked, and a policy that cannot be asked has not approved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from kubernaut.errors import HookError
from kubernaut.execution import MAX_PARAMETERS_BYTES, ExecutionSpec, Reason
from kubernaut.hooks import HookCaller
from kubernaut.registry import Action, Plugin, Registry
from kubernaut.rights import Rights
from kubernaut.settings import Settings
from kubernaut.types import Execution, Problem, Target

ANNOTATION_REQUESTED_BY = "kubernaut.io/requested-by"
_SHOWN_VALUE = 60
_SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class Refused:
    """No, and no other attempt will change that."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """Yes: what to run, on what."""

    action: Action
    execution: Execution
    target: Target


class Checks:
    """Asks them all."""

    def __init__(self, registry: Registry, hooks: HookCaller, settings: Settings, rights: Rights | None = None) -> None:
        self._registry, self._hooks, self._settings, self._rights = registry, hooks, settings, rights

    async def ask(self, obj: Mapping[str, Any]) -> Admitted | Refused:
        """The verdict on this KubernetesExecution."""
        understood = await self.understand(obj)
        if isinstance(understood, Refused):
            return understood
        for question in (self._plugin, self._policies, self._rights_held):
            refusal = await question(understood)
            if refusal:
                return refusal
        return understood

    async def understand(self, obj: Mapping[str, Any]) -> Admitted | Refused:
        """Action, parameters and target: what the object means, whether or not it may run."""
        try:
            spec = ExecutionSpec.model_validate(obj["spec"])
        except ValidationError as error:
            return Refused(Reason.INVALID_PARAMETERS, f"spec cannot be read: {problems_of(error, 'spec')}")
        action = self._action(spec.action)
        if isinstance(action, Refused):
            return action
        parameters = parse_parameters(action.spec.parameters, spec.parameters)
        if isinstance(parameters, Refused):
            return parameters
        deadline = spec.deadline_seconds or action.spec.deadline
        if deadline > action.spec.deadline:
            most = action.spec.deadline
            return Refused(
                Reason.INVALID_PARAMETERS,
                f"spec.deadlineSeconds: {deadline} is more than the {most} that {action.name} allows",
            )
        metadata = obj["metadata"]
        execution = Execution(
            name=metadata["name"],
            namespace=metadata["namespace"],
            uid=metadata["uid"],
            action=action.name,
            parameters=parameters,
            settings=action.spec.settings(),
            image=self._settings.image,
            dry_run=spec.dry_run,
            deadline_seconds=deadline,
            requested_by=metadata.get("annotations", {}).get(ANNOTATION_REQUESTED_BY, ""),
        )
        return await self._with_target(action, execution)

    def _action(self, name: str) -> Action | Refused:
        if name in self._registry.actions:
            return self._registry.actions[name]
        if name in self._registry.broken and name not in self._registry.broken_policies:
            return Refused(Reason.ACTION_UNAVAILABLE, str(self._registry.broken[name]))
        known = ", ".join(sorted(self._registry.actions)) or "none"
        return Refused(Reason.UNKNOWN_ACTION, f"no action {_shown(name)} is installed; installed: {known}")

    async def _with_target(self, action: Action, execution: Execution) -> Admitted | Refused:
        try:
            target = await self._hooks.call(action.name, "target", lambda: action.spec.target(execution.parameters))
        except HookError as error:
            return Refused(Reason.PLUGIN_ERROR, str(error))
        if not isinstance(target, Target):
            return Refused(
                Reason.PLUGIN_ERROR, f"target of plugin {action.name} returned {type(target).__name__}, not a Target"
            )
        return Admitted(action, execution, target)

    async def _plugin(self, admitted: Admitted) -> Refused | None:
        answer = await self._problems(admitted.action, admitted.execution)
        if isinstance(answer, Refused):
            return answer
        return Refused(Reason.INVALID_PARAMETERS, _spoken(answer)) if answer else None

    async def _policies(self, admitted: Admitted) -> Refused | None:
        for name in sorted(self._registry.broken_policies):
            return Refused(
                Reason.POLICY_DENIED, f"policy {name} cannot be asked, so nothing runs: {self._registry.broken[name]}"
            )
        for policy in self._registry.policies:
            answer = await self._problems(policy, admitted.execution)
            if isinstance(answer, Refused):
                return Refused(Reason.POLICY_DENIED, f"policy {policy.name} could not decide: {answer.message}")
            if answer:
                return Refused(Reason.POLICY_DENIED, f"policy {policy.name}: {_spoken(answer)}")
        return None

    async def _rights_held(self, admitted: Admitted) -> Refused | None:
        if self._rights is None:
            return None
        missing = await self._rights.missing(admitted.action, admitted.execution.namespace)
        return Refused(Reason.FORBIDDEN, missing) if missing else None

    async def _problems(self, plugin: Plugin, execution: Execution) -> list[Problem] | Refused:
        ask: Callable[[], Any] = partial(plugin.hook.validate, execution=execution)
        try:
            answers = await self._hooks.call(plugin.name, "validate", ask)
        except HookError as error:
            return Refused(Reason.PLUGIN_ERROR, str(error))
        problems = [problem for answer in answers for problem in (answer if isinstance(answer, list) else [answer])]
        strange = next((p for p in problems if not isinstance(p, Problem)), None)
        if strange is not None:
            kind = type(strange).__name__
            return Refused(
                Reason.PLUGIN_ERROR, f"validate of plugin {plugin.name} returned {kind}, not a list of Problem"
            )
        return problems


def parse_parameters(model: type[BaseModel], given: Mapping[str, Any]) -> BaseModel | Refused:
    """Checked and typed parameters: strictly, so that "5" is no number, and without room for unknown fields."""
    encoded = json.dumps(given)
    if len(encoded.encode()) > MAX_PARAMETERS_BYTES:
        size, most = len(encoded.encode()) // 1024, MAX_PARAMETERS_BYTES // 1024
        return Refused(
            Reason.INVALID_PARAMETERS,
            f"parameters: {size} KiB are more than the {most} KiB that reach a pod; shorten them",
        )
    try:
        return model.model_validate_json(encoded, strict=True)
    except ValidationError as error:
        return Refused(Reason.INVALID_PARAMETERS, problems_of(error, "parameters"))
    except Exception as error:  # noqa: BLE001 - a plugin's own validator may raise anything
        return Refused(Reason.PLUGIN_ERROR, f"the parameters model raised {type(error).__name__}: {error}")


def problems_of(error: ValidationError, prefix: str) -> str:
    """Every fault of a pydantic error in one line: field, what is wrong, and the value in brief."""
    faults = []
    for fault in error.errors(include_url=False)[:_SHOWN_PROBLEMS]:
        field = ".".join([prefix, *(_shown(part, quoted=False) for part in fault["loc"])])
        got = "" if fault["type"] == "missing" else f" (got {_shown(fault['input'])})"
        faults.append(f"{field}: {_remedy(fault)}{got}")
    left_out = error.error_count() - len(faults)
    return "; ".join(faults) + (f"; and {left_out} more" if left_out else "")


def _remedy(fault: Mapping[str, Any]) -> str:
    if fault["type"] == "extra_forbidden":
        return "this action has no such parameter"
    if fault["type"] == "missing":
        return "is required"
    return str(fault["msg"])[0].lower() + str(fault["msg"])[1:]


def _shown(value: object, *, quoted: bool = True) -> str:
    text = repr(value) if quoted else str(value)
    return text if len(text) <= _SHOWN_VALUE else f"{text[:_SHOWN_VALUE]}… ({len(text)} characters)"


def _spoken(problems: list[Problem]) -> str:
    return "; ".join(str(problem) for problem in problems[:_SHOWN_PROBLEMS])
