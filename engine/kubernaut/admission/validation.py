"""Validates an execution: action, parameters, approved plan, plugin, policies and permissions, in this order.

Every rejection is final and comes with the reason and the remedy. Nothing is approved by default: an action that is unknown or broken is
rejected before any hook is called.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel, ValidationError

from kubernaut.admission.access_review import AccessReviewer
from kubernaut.admission.decisions import Admitted, Rejected
from kubernaut.admission.parameters import parse_parameters
from kubernaut.admission.plans import PlanChecker
from kubernaut.admission.policies import PolicyChecker
from kubernaut.admission.undoing import Undoing
from kubernaut.admission.validate_hook import find_problems, join_problems
from kubernaut.api.execution import Reason
from kubernaut.api.fields import ReportableFields
from kubernaut.api.plugin import Execution, Target, UndoneExecution
from kubernaut.api.timestamps import now
from kubernaut.api.view import ExecutionView
from kubernaut.errors import HookError
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.registry import Action, Registry
from kubernaut.telemetry.stage_recorder import stage
from kubernaut.telemetry.trace_context import trace_context
from kubernaut.validation_errors import brief, format_validation_error


class Validator:
    """Runs every check."""

    def __init__(
        self,
        registry: Registry,
        hooks: HookCaller,
        image: str,
        policies: PolicyChecker,
        access: AccessReviewer | None = None,
        plans: PlanChecker | None = None,
        undoing: Undoing | None = None,
    ) -> None:
        """`image` is that of actions without one of their own; without `access` and `plans`, as offline, neither permissions nor
        approved plans are checked, and without `undoing` nothing can be undone."""
        self._registry, self._hooks, self._image, self._policies = registry, hooks, image, policies
        self._access, self._plans, self._undoing = access, plans, undoing

    async def validate(self, execution: ExecutionView) -> Admitted | Rejected:
        """Return the decision on this execution."""
        with stage("validate") as entry:
            decision = await self._decide(execution)
            if isinstance(decision, Rejected):
                entry.error = decision.message
        return decision

    async def _decide(self, execution: ExecutionView) -> Admitted | Rejected:
        resolved = await self.resolve(execution)
        if isinstance(resolved, Rejected):
            return resolved
        proposal = await self._plans.check(execution) if self._plans else None
        if isinstance(proposal, Rejected):
            return proposal
        if proposal is not None:
            approved = replace(resolved.execution, approved_plan=proposal.plan)
            resolved = replace(resolved, execution=approved, proposal=proposal.view)
        for check in (self._check_plugin, self._policies.check, self._check_access):
            rejection = await check(resolved)
            if rejection:
                return rejection
        return resolved

    async def resolve(self, execution: ExecutionView) -> Admitted | Rejected:
        """Return action, parameters and target: what the execution means, whether or not it may run."""
        if problem := _spec_problem(execution):
            return Rejected(Reason.INVALID_PARAMETERS, problem)
        spec = execution.spec
        action = self._find_action(spec.action)
        if isinstance(action, Rejected):
            return action
        given = await self._given(execution)
        if isinstance(given, Rejected):
            return given
        asked, undone = given
        parsed = await self._parse(action, asked)
        if isinstance(parsed, Rejected):
            return parsed
        parameters, target, fields = parsed
        deadline, limit = spec.deadline_seconds or action.spec.deadline, action.spec.deadline
        if deadline > limit:
            message = f"spec.deadlineSeconds: {deadline} exceeds the limit of {action.name}, {limit}"
            return Rejected(Reason.INVALID_PARAMETERS, message)
        resolved = Execution(
            name=execution.name,
            namespace=execution.namespace,
            uid=execution.uid,
            action=action.name,
            parameters=parameters,
            settings=action.settings,
            image=action.image or self._image,
            dry_run=spec.dry_run,
            rehearsal=action.rehearsal,
            read_only=action.spec.read_only,
            deadline_seconds=deadline,
            checked_at=now(),
            requested_by=execution.requested_by,
            traceparent=str(trace_context(execution)),
            target=target,
            undone=undone,
        )
        return Admitted(action, resolved, fields)

    async def _given(self, execution: ExecutionView) -> tuple[Mapping[str, Any], UndoneExecution | None] | Rejected:
        """Return the parameters: its own, or those by which another execution recorded how to undo it."""
        if not execution.undoes:
            return execution.spec.parameters, None
        if self._undoing is None:
            return Rejected(Reason.NOTHING_TO_UNDO, "spec.undoes: what it undoes is only known in a cluster")
        found = await self._undoing.find(execution)
        return found if isinstance(found, Rejected) else (found[0].parameters, found[1])

    async def check_parameters(self, name: str, given: Mapping[str, Any]) -> Rejected | None:
        """Return why these parameters are none of this action's, or None."""
        action = self._find_action(name)
        parsed = action if isinstance(action, Rejected) else await self._parse(action, given)
        return parsed if isinstance(parsed, Rejected) else None

    def _find_action(self, name: str) -> Action | Rejected:
        if name in self._registry.actions:
            return self._registry.actions[name]
        if name in self._registry.broken and name not in self._registry.broken_policies:
            return Rejected(Reason.ACTION_UNAVAILABLE, str(self._registry.broken[name]))
        known = ", ".join(sorted(self._registry.actions)) or "none"
        hint = "Restart the engine to use an action that was installed since it started."
        return Rejected(Reason.UNKNOWN_ACTION, f"action {brief(name)} is not installed; installed: {known}. {hint}")

    async def _parse(
        self, action: Action, given: Mapping[str, Any]
    ) -> tuple[BaseModel, Target, ReportableFields] | Rejected:
        """Parse the parameters, find the target and the fields that may change.

        All of it runs the plugin's code, so off the event loop and under the time limit.
        """

        def parse() -> tuple[BaseModel, Target, ReportableFields] | Rejected:
            parameters = parse_parameters(action.spec.parameters, given)
            if isinstance(parameters, Rejected):
                return parameters
            target: object = action.spec.target(parameters)
            if not isinstance(target, Target):
                message = f"target of plugin {action.name} returned {type(target).__name__}, not a Target"
                return Rejected(Reason.PLUGIN_ERROR, message)
            fields = ReportableFields.declared(action.spec.fields(parameters), target.kind, target.name)
            return parameters, target, fields

        try:
            return await self._hooks.call(action.name, "target", parse)
        except HookError as error:
            return Rejected(Reason.PLUGIN_ERROR, str(error))

    async def _check_plugin(self, admitted: Admitted) -> Rejected | None:
        try:
            problems = await find_problems(self._hooks, admitted.action, admitted.execution)
        except HookError as error:
            return Rejected(Reason.PLUGIN_ERROR, str(error))
        return Rejected(Reason.INVALID_PARAMETERS, join_problems(problems)) if problems else None

    async def _check_access(self, admitted: Admitted) -> Rejected | None:
        if self._access is None:
            return None
        with stage("rights", admitted.action.spec.service_account) as entry:
            missing = await self._access.missing(admitted.action, admitted.execution.namespace)
            entry.error = missing
        return Rejected(Reason.FORBIDDEN, missing) if missing else None


def _spec_problem(execution: ExecutionView) -> str:
    """Return why the spec or an annotation is not one that this engine reads, or ""."""
    if problem := execution.annotation_problem or execution.parameters_problem:
        return problem
    try:
        _ = execution.spec
    except ValidationError as error:
        return f"spec is not valid: {format_validation_error(error, 'spec')}"
    return ""
