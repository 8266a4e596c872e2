"""Evaluates the expressions of a policy for one request. The policy's variables are evaluated once, when one of them is needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kubernaut_cel.environment import EvaluationError
from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.admission import authorization
from kubernaut_sandbox.admission.policy import Compiled, CompiledPolicy
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, encode
from kubernaut_sandbox.model.statuses import not_implemented

_NAMESPACE_FIELDS = (
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "uid",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "resourceVersion",
    "finalizers",
)


@dataclass(frozen=True)
class Surroundings:
    """What expressions see besides the request."""

    authorizer: Authorizer
    namespace: Object | None
    """The Namespace of the request; None for a cluster-scoped object."""
    params: Object | None = None


@dataclass
class Evaluator:
    """The expressions of one policy, for one request and one parameter.

    `for_messages` leaves out `authorizer`, which a messageExpression does not have.
    """

    policy: CompiledPolicy
    request: AdmissionRequest
    requested: Kind
    surroundings: Surroundings
    for_messages: bool = False
    _values: dict[str, Any] = field(default_factory=dict)
    _failed: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        request, surroundings = self.request, self.surroundings
        for obj in (request.new, request.old, surroundings.params):
            if obj is not None and b"\\u0000" in encode(obj):
                raise not_implemented("text with a NUL character in an object that an admission policy decides on")
        self._values = {
            "object": request.new,
            "oldObject": request.old,
            "request": request.document(self.requested),
            "namespaceObject": _namespace_object(surroundings.namespace),
            "params": surroundings.params,
            **({} if self.for_messages else authorization.values(request)),
        }

    def value(self, compiled: Compiled) -> Any:
        """Return the value of an expression; raise EvaluationError with the whole message."""
        try:
            return self._value(compiled)
        except EvaluationError as error:
            text = f"expression '{compiled.source}' resulted in error: {error}"
            raise EvaluationError(text) from None

    def _value(self, compiled: Compiled) -> Any:
        for name, variable in self.policy.variables.items():
            if name in compiled.variables:
                self._compute(name, variable)
        functions = (authorization.check_function(self.surroundings.authorizer, self.request.context.user),)
        return compiled.expression.evaluate(self._values, () if self.for_messages else functions, self._failed)

    def _compute(self, name: str, variable: Compiled) -> None:
        qualified = f"variables.{name}"
        if qualified in self._values or qualified in self._failed:
            return
        try:
            self._values[qualified] = self._value(variable)
        except EvaluationError as error:
            self._failed[qualified] = f'composited variable "{name}" fails to evaluate: {error}'


def _namespace_object(namespace: Object | None) -> Object | None:
    if namespace is None:
        return None
    metadata = {key: value for key, value in namespace["metadata"].items() if key in _NAMESPACE_FIELDS}
    return {"metadata": metadata, "spec": namespace.get("spec") or {}, "status": namespace.get("status") or {}}
