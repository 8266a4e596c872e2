"""Compiles the expressions of a policy. What does not compile is a cause, by field, for which the API server rejects the policy."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache

from kubernaut_cel import policies
from kubernaut_cel.environment import CompileError, Environment, Expression, type_name
from kubernaut_cel.functions import Overload, Type
from kubernaut_cel.syntax import members
from kubernaut_sandbox.admission.initializers import JSON_PATCH, OBJECT, rewrite
from kubernaut_sandbox.model.objects import Object, encode
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented, required

_IDENTIFIER = re.compile(r"[_a-zA-Z]\w*", re.ASCII)
_PATCH_FIELDS = {"ApplyConfiguration": "applyConfiguration", "JSONPatch": "jsonPatch"}
_PATCH_FUNCTIONS = (
    Overload(
        "jsonpatch.escapeKey",
        (Type.STRING,),
        Type.STRING,
        lambda key: key.replace("~", "~0").replace("/", "~1"),
        member=False,
    ),
)


@dataclass(frozen=True)
class Compiled:
    """An expression of a policy."""

    expression: Expression
    source: str
    """As written in the policy, for messages."""
    variables: frozenset[str] = frozenset()
    """The policy's variables that it mentions."""
    mismatch: str = ""


@dataclass(frozen=True)
class Mutation:
    """A change that a mutating policy makes."""

    patch_type: str
    compiled: Compiled


@dataclass(frozen=True)
class Validation:
    """A condition of a validating policy."""

    compiled: Compiled
    message_expression: Compiled | None
    message: str
    reason: str


@dataclass
class CompiledPolicy:
    """The expressions of a policy; `causes` are why it is not valid."""

    variables: dict[str, Compiled] = field(default_factory=dict)
    """In order: each may mention those before it."""
    match_conditions: dict[str, Compiled] = field(default_factory=dict)
    validations: list[Validation] = field(default_factory=list)
    audit_annotations: dict[str, Compiled] = field(default_factory=dict)
    mutations: list[Mutation] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)


def compile_policy(spec: Object) -> CompiledPolicy:
    """Compile the expressions in the spec of a policy; the result is kept for policies of the same content."""
    return _compile(encode(spec))


@lru_cache(maxsize=256)
def _compile(spec: bytes) -> CompiledPolicy:
    return _Compiler(json.loads(spec)).compile()


class _Compiler:
    def __init__(self, spec: Object) -> None:
        self._spec = spec
        self._result = CompiledPolicy()
        params = bool(spec.get("paramKind"))
        self._for_messages = policies.environment(params=params, authorized=False)
        self._full = policies.environment(params=params)
        self._stateless = policies.environment(params=params)
        self._composed = bool(spec.get("variables"))

    def compile(self) -> CompiledPolicy:
        spec, result = self._spec, self._result
        for index, condition in enumerate(spec.get("matchConditions") or ()):
            at = f"spec.matchConditions[{index}]"
            compiled = self._add(condition.get("expression"), f"{at}.expression", self._stateless, ("bool",), "")
            if compiled:
                result.match_conditions[condition.get("name", "")] = compiled
        for index, variable in enumerate(spec.get("variables") or ()):
            self._variable(variable, f"spec.variables[{index}]")
        for index, validation in enumerate(spec.get("validations") or ()):
            self._validation(validation, f"spec.validations[{index}]")
        for index, annotation in enumerate(spec.get("auditAnnotations") or ()):
            at = f"spec.auditAnnotations[{index}].valueExpression"
            if compiled := self._add(
                annotation.get("valueExpression"), at, self._full, ("string", "null"), "valueExpression"
            ):
                result.audit_annotations[annotation.get("key", "")] = compiled
        for index, mutation in enumerate(spec.get("mutations") or ()):
            self._mutation(mutation, f"spec.mutations[{index}]")
        return result

    def _variable(self, variable: Object, at: str) -> None:
        name = variable.get("name") or ""
        if not name.strip():
            self._result.causes.append(required(f"{at}.name", "name is not specified"))
        elif not _IDENTIFIER.fullmatch(name):
            self._result.causes.append(invalid_value(f"{at}.name", name, "must be a valid CEL identifier"))
        compiled = self._add(variable.get("expression"), f"{at}.expression", self._full, (), "expression")
        if not compiled:
            return
        kind = compiled.expression.kind
        if type_name(kind).startswith("optional_type"):
            raise not_implemented(f"variables of an optional type: end {at}.expression with orValue()")
        self._result.variables[name] = compiled
        self._full = self._full.with_variable(f"{policies.VARIABLE_PREFIX}{name}", kind)
        self._for_messages = self._for_messages.with_variable(f"{policies.VARIABLE_PREFIX}{name}", kind)

    def _validation(self, validation: Object, at: str) -> None:
        compiled = self._add(validation.get("expression"), f"{at}.expression", self._full, ("bool",), "expression")
        text, message = validation.get("messageExpression") or "", validation.get("message") or ""
        for name, value in (("messageExpression", text), ("message", message)):
            if value and not value.strip():
                self._result.causes.append(invalid_value(f"{at}.{name}", value, "must be non-empty if specified"))
        if re.search(r"[\n\r]", message.strip()):
            self._result.causes.append(invalid_value(f"{at}.message", message, "must not contain line breaks"))
        of_message = None
        if text.strip():
            of_message = self._add(text, f"{at}.messageExpression", self._for_messages, ("string",), "")
        if compiled:
            reason = validation.get("reason") or "Invalid"
            self._result.validations.append(Validation(compiled, of_message, message.strip(), reason))

    def _mutation(self, mutation: Object, at: str) -> None:
        patch_type = mutation.get("patchType") or ""
        field_name = _PATCH_FIELDS.get(patch_type)
        if field_name is None:
            return
        source = (mutation.get(field_name) or {}).get("expression") or ""
        at = f"{at}.{field_name}.expression"
        if not source.strip():
            self._result.causes.append(required(at))
            return
        full = self._full
        environment = Environment(full.variables, (*full.overloads, *_PATCH_FUNCTIONS), full.members)
        wanted = OBJECT if patch_type == "ApplyConfiguration" else f"list({JSON_PATCH})"
        try:
            rewritten = rewrite(source)
            compiled = _compiled(
                rewritten.source,
                environment,
                composed=self._composed,
                written=source,
                mismatch=rewritten.mismatch,
            )
        except CompileError as error:
            self._result.causes.append(invalid_value(at, source, str(error)))
            return
        kind = type_name(compiled.expression.kind)
        made, shape = (JSON_PATCH, "list(") if patch_type == "JSONPatch" else (OBJECT, "map(")
        if not kind.startswith(shape) or made not in rewritten.types:
            self._result.causes.append(invalid_value(at, source, f"must evaluate to {wanted} but got {kind}"))
            return
        self._result.mutations.append(Mutation(patch_type, compiled))

    def _add(
        self, source: str | None, at: str, environment: Environment, kinds: tuple[str, ...], missing: str
    ) -> Compiled | None:
        """Return the compiled expression; None, after adding a cause, for one that is absent or does not compile."""
        if not (source or "").strip():
            self._result.causes.append(required(at, f"{missing} is not specified" if missing else ""))
            return None
        try:
            composed = self._composed and environment is not self._stateless
            return _compiled(source or "", environment, kinds, composed=composed)
        except CompileError as error:
            self._result.causes.append(invalid_value(at, source, str(error)))
            return None


def _compiled(
    source: str,
    environment: Environment,
    kinds: tuple[str, ...] = (),
    *,
    composed: bool,
    written: str = "",
    mismatch: str = "",
) -> Compiled:
    expression = policies.compile_expression(source, environment, kinds, composed=composed)
    mentioned = frozenset(name for name, _ in members(source, "variables"))
    return Compiled(expression, written or source, mentioned, mismatch)
