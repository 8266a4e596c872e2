"""Admission policies and their bindings: defaults and validation, of which every expression that does not compile is a part."""

from __future__ import annotations

from kubernaut_sandbox.admission.policy import compile_policy
from kubernaut_sandbox.model.objects import Object, spec_of
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults

_FAILURES = ("Fail", "Ignore")
_REPEATED = "repeating the same validation failure information in the API response and headers serves no purpose"
_OPERATIONS = ("*", "CONNECT", "CREATE", "DELETE", "UPDATE")
_ACTIONS = ("Audit", "Deny", "Warn")
_REASONS = ("Forbidden", "Invalid", "RequestEntityTooLarge")
_PATCH_TYPES = ("ApplyConfiguration", "JSONPatch")


class AdmissionPolicyStrategy(Strategy):
    """Validates a policy: at least one of the named fields must contain something."""

    def __init__(self, *content_fields: str) -> None:
        self._content_fields = content_fields

    def prepare(self, obj: Object) -> Object:
        spec = with_defaults(spec_of(obj), failurePolicy="Fail")
        constraints = spec.get("matchConstraints")
        if constraints is not None:
            spec = {**spec, "matchConstraints": _with_default_constraints(constraints)}
        return {**obj, "spec": spec}

    def validate(self, obj: Object) -> list[Cause]:
        spec = spec_of(obj)
        causes = []
        if not spec.get("matchConstraints"):
            causes.append(required("spec.matchConstraints"))
        elif not spec["matchConstraints"].get("resourceRules"):
            causes.append(required("spec.matchConstraints.resourceRules"))
        causes += self._operation_causes(spec)
        if spec["failurePolicy"] not in _FAILURES:
            causes.append(unsupported_value("spec.failurePolicy", spec["failurePolicy"], _FAILURES))
        if not any(spec.get(field) for field in self._content_fields):
            detail = f"{' or '.join(self._content_fields)} must contain at least one item"
            causes += [required(f"spec.{field}", detail) for field in self._content_fields]
        if "mutations" in self._content_fields and not spec.get("reinvocationPolicy"):
            causes.append(required("spec.reinvocationPolicy"))
        for index, validation in enumerate(spec.get("validations") or ()):
            if (reason := validation.get("reason")) and reason not in _REASONS:
                causes.append(unsupported_value(f"spec.validations[{index}].reason", reason, _REASONS))
        for index, mutation in enumerate(spec.get("mutations") or ()):
            if mutation.get("patchType") not in _PATCH_TYPES:
                causes.append(
                    unsupported_value(f"spec.mutations[{index}].patchType", mutation.get("patchType"), _PATCH_TYPES)
                )
        return [*causes, *compile_policy(spec).causes]

    def _operation_causes(self, spec: Object) -> list[Cause]:
        known = ("*", "CONNECT", "CREATE", "UPDATE") if "mutations" in self._content_fields else _OPERATIONS
        at = "spec.matchConstraints.resourceRules.operations"
        rules = (spec.get("matchConstraints") or {}).get("resourceRules") or ()
        given = [operation for rule in rules for operation in rule.get("operations") or ()]
        return [unsupported_value(at, operation, known) for operation in given if operation not in known]


class PolicyBindingStrategy(Strategy):
    """Validates a binding: the policy that it binds, and the actions for a violation."""

    def __init__(self, *, needs_actions: bool) -> None:
        self._needs_actions = needs_actions

    def prepare(self, obj: Object) -> Object:
        spec = spec_of(obj)
        if resources := spec.get("matchResources"):
            spec = {**spec, "matchResources": _with_default_constraints(resources)}
        return {**obj, "spec": spec}

    def validate(self, obj: Object) -> list[Cause]:
        spec, at = spec_of(obj), "spec.validationActions"
        causes = [] if spec.get("policyName") else [required("spec.policyName")]
        actions = spec.get("validationActions") or []
        if self._needs_actions and not actions:
            causes.append(required(at, "at least one validation action is required"))
        causes += [
            unsupported_value(f"{at}[{index}]", action, _ACTIONS)
            for index, action in enumerate(actions)
            if action not in _ACTIONS
        ]
        if {"Deny", "Warn"} <= set(actions):
            causes.append(invalid_value(at, actions, f"must not contain both Deny and Warn ({_REPEATED})"))
        return causes


def _with_default_constraints(constraints: Object) -> Object:
    given = with_defaults(constraints, matchPolicy="Equivalent", namespaceSelector={}, objectSelector={})
    for field in ("resourceRules", "excludeResourceRules"):
        if given.get(field):
            given = {**given, field: [with_defaults(rule, scope="*") for rule in given[field]]}
    return given
