"""MutatingAdmissionPolicy: changes the object of a request with an apply configuration or a JSON patch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from kubernaut_cel.environment import EvaluationError
from kubernaut_sandbox.admission.apply_configuration import applied
from kubernaut_sandbox.admission.evaluation import Evaluator, Surroundings
from kubernaut_sandbox.admission.policies import ConfigurationError, Policies, Policy
from kubernaut_sandbox.admission.policy import Mutation
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.admission.validating import applies
from kubernaut_sandbox.model.kinds import in_version
from kubernaut_sandbox.model.objects import Object, name_of
from kubernaut_sandbox.model.patches import JSON_PATCH, Patch, PatchTestFailedError
from kubernaut_sandbox.model.statuses import ApiError

Default = Callable[[Object], Object]
"""Sets the defaults of an object, after a policy has changed it."""


class MutationError(Exception):
    """A change that cannot be made."""


@dataclass
class _Run:
    """One pass over the policies; a policy with reinvocationPolicy IfNeeded may be asked again after later changes."""

    request: AdmissionRequest
    again: dict[tuple[str, str], Object | None] = field(default_factory=dict)
    """The object after each invocation of a policy that may be asked again."""
    errors: list[str] = field(default_factory=list)


class MutatingPolicies:
    """Applies every policy that matches."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def mutate(self, request: AdmissionRequest, default: Default) -> AdmissionRequest:
        """Return the request with the changed object. Raises ApiError when a policy fails."""
        if request.new is None:
            return request
        run = _Run(request)
        self._pass(run, default, only=None)
        changed = {key for key, seen in run.again.items() if seen != run.request.new}
        if changed and not run.errors:
            self._pass(run, default, only=changed)
        if run.errors:
            raise _denial(request, run.errors)
        return run.request

    def _pass(self, run: _Run, default: Default, only: set[tuple[str, str]] | None) -> None:
        for policy, _ in self._policies.matching(run.request):
            for binding in self._policies.matching_bindings(policy, run.request):
                key = (policy.name, name_of(binding))
                if only is not None and key not in only:
                    continue
                try:
                    self._invoke(run, policy, binding, default)
                except (ConfigurationError, EvaluationError, MutationError) as error:
                    if policy.fails:
                        run.errors.append(f"policy '{policy.name}' with binding '{key[1]}' denied request: {error}")
                if policy.spec.get("reinvocationPolicy") == "IfNeeded":
                    run.again[key] = run.request.new

    def _invoke(self, run: _Run, policy: Policy, binding: Object, default: Default) -> None:
        for surroundings in self._policies.surroundings(policy, binding, run.request):
            for mutation in policy.compiled.mutations:
                changed = self._changed(run.request, policy, mutation, surroundings)
                if changed is None:
                    break
                run.request = run.request.with_new(default(changed))

    def _changed(
        self, request: AdmissionRequest, policy: Policy, mutation: Mutation, surroundings: Surroundings
    ) -> Object | None:
        """Return the object with one change; None when the conditions of the policy do not hold."""
        kind = next((matched.kind for p, matched in self._policies.matching(request) if p.name == policy.name), None)
        if kind is None or request.new is None:
            return None
        matched = request.in_version(kind)
        evaluator = Evaluator(policy.compiled, matched, request.kind, surroundings)
        if not applies(policy, evaluator):
            return None
        value = evaluator.value(mutation.compiled)
        if mutation.compiled.mismatch:
            raise MutationError(f"type mismatch: {mutation.compiled.mismatch}")
        current = matched.new or {}
        change = _apply if mutation.patch_type == "ApplyConfiguration" else _patch
        changed = change(matched, current, value)
        return changed if request.object_kind else in_version(request.kind, changed)


def _apply(request: AdmissionRequest, current: Object, configuration: Object) -> Object:
    try:
        return applied(request.group_version_kind, current, configuration)
    except ValueError as error:
        raise MutationError(f"error applying patch: {error}") from None


def _patch(request: AdmissionRequest, current: Object, operations: list[Object]) -> Object:
    try:
        return Patch(JSON_PATCH, operations).apply(request.group_version_kind, current)
    except PatchTestFailedError:
        return current
    except ApiError as error:
        raise MutationError(f"JSON Patch: {error.message}") from None


def _denial(request: AdmissionRequest, messages: list[str]) -> ApiError:
    details = {**(request.rejection("").details or {}), "causes": [{"message": text} for text in messages]}
    return ApiError(403, "Invalid", messages[0], details)
