"""ValidatingAdmissionPolicy: refuses a request, or warns about it. Messages, codes and reasons are those of the API server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kubernaut_cel.environment import EvaluationError
from kubernaut_sandbox.admission.evaluation import Evaluator, Surroundings
from kubernaut_sandbox.admission.policies import ConfigurationError, Policies, Policy
from kubernaut_sandbox.admission.policy import Validation
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import name_of, spec_of
from kubernaut_sandbox.model.statuses import ApiError

_CODES = {"Forbidden": 403, "RequestEntityTooLarge": 413, "Invalid": 422}
_MAX_MESSAGE_BYTES = 5 * 1024


@dataclass(frozen=True, slots=True)
class Violation:
    """Why a policy does not accept a request."""

    message: str
    reason: str = "Invalid"


class ValidatingPolicies:
    """Asks every policy that matches."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    def check(self, request: AdmissionRequest) -> None:
        """Raise the ApiError of the first policy that denies the request, after all of them were asked."""
        denials: list[ApiError] = []
        for policy, matched in self._policies.matching(request):
            for binding in self._policies.matching_bindings(policy, request):
                name = name_of(binding)
                try:
                    found = self._policies.surroundings(policy, binding, request)
                except ConfigurationError as error:
                    if policy.fails:
                        violation = Violation(f"failed to configure binding: {error}")
                        denials.append(_denial(request, policy, name, violation))
                    continue
                for surroundings in found:
                    for violation in _violations(policy, matched, request.kind, surroundings):
                        actions = spec_of(binding).get("validationActions") or ()
                        if "Deny" in actions:
                            denials.append(_denial(request, policy, name, violation))
                        if "Warn" in actions:
                            about = f"ValidatingAdmissionPolicy '{policy.name}' with binding '{name}'"
                            request.context.warnings.append(f"Validation failed for {about}: {violation.message}")
        if denials:
            raise denials[0]


def applies(policy: Policy, evaluator: Evaluator) -> bool:
    """Whether every matchCondition holds. Raises EvaluationError when one cannot be evaluated and none is false."""
    errors = []
    for condition in policy.compiled.match_conditions.values():
        try:
            if evaluator.value(condition) is False:
                return False
        except EvaluationError as error:
            errors.append(str(error))
    if errors and policy.fails:
        raise EvaluationError(errors[0] if len(errors) == 1 else f"[{', '.join(errors)}]")
    return not errors


def _violations(
    policy: Policy, request: AdmissionRequest, requested: Kind, surroundings: Surroundings
) -> Iterator[Violation]:
    evaluator = Evaluator(policy.compiled, request, requested, surroundings)
    try:
        if not applies(policy, evaluator):
            return
    except EvaluationError as error:
        yield Violation(str(error))
        return
    for validation in policy.compiled.validations:
        try:
            if evaluator.value(validation.compiled) is not True:
                yield Violation(_message(validation, evaluator), validation.reason)
        except EvaluationError as error:
            if policy.fails:
                yield Violation(str(error))
    for annotation in policy.compiled.audit_annotations.values():
        try:
            evaluator.value(annotation)
        except EvaluationError as error:
            if policy.fails:
                yield Violation(str(error))


def _message(validation: Validation, evaluator: Evaluator) -> str:
    if validation.message_expression:
        of_messages = Evaluator(
            evaluator.policy, evaluator.request, evaluator.requested, evaluator.surroundings, for_messages=True
        )
        try:
            text = str(of_messages.value(validation.message_expression)).strip()
        except EvaluationError:
            text = ""
        if text and len(text.encode()) <= _MAX_MESSAGE_BYTES and "\n" not in text:
            return text
    return validation.message or f"failed expression: {validation.compiled.source.strip()}"


def _denial(request: AdmissionRequest, policy: Policy, binding: str, violation: Violation) -> ApiError:
    about = f"ValidatingAdmissionPolicy '{policy.name}' with binding '{binding}'"
    message = f"{about} denied request: {violation.message}"
    error = request.rejection(message)
    details = {**(error.details or {}), "causes": [{"message": message}]}
    return ApiError(_CODES[violation.reason], violation.reason, error.message, details)
