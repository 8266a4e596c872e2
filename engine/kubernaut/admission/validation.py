"""Everything that must say yes before a Job exists, in order: action, parameters, plugin, policies, rights.

Any no is final and comes with the reason and the remedy. Silence is never a yes: an action that is unknown or broken is refused before
any hook is asked, and a policy that cannot be asked has not approved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pydantic import BaseModel, ValidationError

from kubernaut.admission.access_review import Rights
from kubernaut.api.execution import MAX_PARAMETERS_BYTES, ExecutionSpec, Reason
from kubernaut.api.labels import ANNOTATION_REQUESTED_BY
from kubernaut.api.plugin import Execution, Problem, Target
from kubernaut.errors import DeniedError, HookError
from kubernaut.kube.decoding import depth
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.registry import Action, Plugin, Policy, Registry
from kubernaut.settings import Settings
from kubernaut.telemetry.stage_recorder import stage
from kubernaut.telemetry.trace_context import trace_context
from kubernaut.validation_errors import brief, told_faults

_SHOWN_PROBLEMS = 5
_DEEPEST_PARAMETERS = 50


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
        with stage("validate") as noted:
            verdict = await self._verdict(obj)
            if isinstance(verdict, Refused):
                noted.error = verdict.message
        return verdict

    async def _verdict(self, obj: Mapping[str, Any]) -> Admitted | Refused:
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
            return Refused(Reason.INVALID_PARAMETERS, f"spec cannot be read: {told_faults(error, 'spec')}")
        action = self._action(spec.action)
        if isinstance(action, Refused):
            return action
        meant = await self._meant(action, spec.parameters)
        if isinstance(meant, Refused):
            return meant
        parameters, target = meant
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
            settings=action.settings,
            image=action.image or self._settings.image,
            dry_run=spec.dry_run,
            deadline_seconds=deadline,
            checked_at=datetime.now(UTC),
            requested_by=metadata.get("annotations", {}).get(ANNOTATION_REQUESTED_BY, ""),
            traceparent=str(trace_context(obj)),
            target=target,
        )
        return Admitted(action, execution, target)

    def named(self, action: str) -> str:
        """The action's name where it is installed, else `unknown`: names that people made up are no labels."""
        return action if action in self._registry.actions or action in self._registry.broken else "unknown"

    async def _meant(self, action: Action, given: Mapping[str, Any]) -> tuple[BaseModel, Target] | Refused:
        """Parameters and target. Validators are a plugin's own code as well: off the event loop, under the time limit."""

        def ask() -> tuple[BaseModel, object] | Refused:
            parameters = parse_parameters(action.spec.parameters, given)
            return parameters if isinstance(parameters, Refused) else (parameters, action.spec.target(parameters))

        try:
            answer = await self._hooks.call(action.name, "target", ask)
        except HookError as error:
            return Refused(Reason.PLUGIN_ERROR, str(error))
        if isinstance(answer, Refused):
            return answer
        parameters, target = answer
        if not isinstance(target, Target):
            told = f"target of plugin {action.name} returned {type(target).__name__}, not a Target"
            return Refused(Reason.PLUGIN_ERROR, told)
        return parameters, target

    def _action(self, name: str) -> Action | Refused:
        if name in self._registry.actions:
            return self._registry.actions[name]
        if name in self._registry.broken and name not in self._registry.broken_policies:
            return Refused(Reason.ACTION_UNAVAILABLE, str(self._registry.broken[name]))
        known = ", ".join(sorted(self._registry.actions)) or "none"
        return Refused(
            Reason.UNKNOWN_ACTION,
            f"no action {brief(name)} is installed; installed: {known}. What was installed since needs a restart of the engine.",
        )

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
            with stage("policy", policy.name) as noted:
                denial = await self._denial(policy, admitted)
                noted.error = denial
            if denial:
                return Refused(Reason.POLICY_DENIED, f"policy {policy.name}{denial}")
        return None

    async def _denial(self, policy: Policy, admitted: Admitted) -> str:
        """Why this policy says no, as it follows its name in a message, or ""."""
        answer = await self._asked(policy, admitted)
        if isinstance(answer, Refused):
            return f" could not decide: {answer.message}"
        return f": {_spoken(answer)}" if answer else ""

    async def _asked(self, policy: Policy, admitted: Admitted) -> list[Problem] | Refused:
        """A policy sees its own settings, and the target's labels if it asks for them."""
        asked = replace(admitted.execution, settings=policy.settings)
        try:
            if await self._reads_labels(policy, asked) and self._rights is not None:
                asked = replace(asked, target_labels=await self._rights.labels(admitted.target, asked.namespace))
        except (HookError, DeniedError) as error:
            return Refused(Reason.POLICY_DENIED, str(error))
        return await self._problems(policy, asked)

    async def _reads_labels(self, policy: Policy, asked: Execution) -> bool:
        reads = policy.spec.reads_labels
        return reads is not None and await self._hooks.call(policy.name, "reads_labels", partial(reads, asked))

    async def _rights_held(self, admitted: Admitted) -> Refused | None:
        if self._rights is None:
            return None
        with stage("rights", admitted.action.spec.service_account) as noted:
            missing = await self._rights.missing(admitted.action, admitted.execution.namespace)
            noted.error = missing
        return Refused(Reason.FORBIDDEN, missing) if missing else None

    async def _problems(self, plugin: Plugin, execution: Execution) -> list[Problem] | Refused:
        ask: Callable[[], Any] = partial(plugin.hook.validate, execution=execution)
        try:
            answers = await self._hooks.call(plugin.name, "validate", ask)
        except HookError as error:
            return Refused(Reason.PLUGIN_ERROR, str(error))
        if not answers and (isinstance(plugin, Policy) or plugin.hook.validate.get_hookimpls()):
            return Refused(
                Reason.PLUGIN_ERROR, f"validate of plugin {plugin.name} returned None, not a list of Problem"
            )
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
    if depth(given) > _DEEPEST_PARAMETERS:
        message = f"parameters: they are nested more than {_DEEPEST_PARAMETERS} levels deep; no action needs that"
        return Refused(Reason.INVALID_PARAMETERS, message)
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
        return Refused(Reason.INVALID_PARAMETERS, told_faults(error, "parameters", "parameter of this action"))
    except Exception as error:  # noqa: BLE001 - a plugin's own validator may raise anything
        return Refused(Reason.PLUGIN_ERROR, f"the parameters model raised {type(error).__name__}: {error}")


def _spoken(problems: list[Problem]) -> str:
    return "; ".join(str(problem) for problem in problems[:_SHOWN_PROBLEMS])
