"""x-kubernetes-validations: the CEL rules in the schema of a custom resource, including transition rules, which use oldSelf."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from kubernaut_cel.environment import CompileError, Environment, EvaluationError, Expression, type_name
from kubernaut_cel.functions import Type
from kubernaut_cel.syntax import occurrence
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import Cause

_RULES = "x-kubernetes-validations"
_ABSENT = object()
_ENVIRONMENT = Environment({"self": Type.DYN, "oldSelf": Type.DYN})


def cel_causes(schema: Object, new: Any, old: Any = _ABSENT, path: str = "") -> list[Cause]:
    """Return a cause for each rule at or below this schema that does not hold.

    Without an old value, transition rules are skipped, except those with optionalOldSelf.
    """
    causes = []
    for rule in schema.get(_RULES) or ():
        transition = _uses_old_self(rule["rule"])
        if transition and old is _ABSENT and not rule.get("optionalOldSelf"):
            continue
        causes += _rule_causes(rule, new, None if old is _ABSENT else old, path, transition=transition)
    for inner, key, item, before in _children(schema, new, old):
        causes += cel_causes(
            inner, item, before, f"{path}{key}" if path or key.startswith("[") else key.removeprefix(".")
        )
    return causes


def has_rules(schema: Object) -> bool:
    """Whether there are rules at or below this schema."""
    inner = [*(schema.get("properties") or {}).values(), schema.get("items"), schema.get("additionalProperties")]
    return bool(schema.get(_RULES)) or any(has_rules(part) for part in inner if isinstance(part, dict))


def rule_problem(rule: str) -> str:
    """Return the error in a rule; empty when the rule compiles."""
    try:
        expression = _compiled(rule)
    except CompileError as error:
        return f"compilation failed: {error}"
    kind = type_name(expression.kind)
    return "" if kind in ("bool", "dyn") else "cel expression must evaluate to a bool"


def _rule_causes(rule: Object, new: Any, old: Any, path: str, *, transition: bool) -> list[Cause]:
    names = {"self": new, "oldSelf": old} if transition else {"self": new}
    try:
        result = _compiled(rule["rule"]).evaluate(names)
    except (CompileError, EvaluationError) as error:
        return [Cause(path or "<nil>", f"Invalid value: rule evaluation error: {error}")]
    if result is True:
        return []
    message = _message(rule, names) or f"failed rule: {rule['rule'].strip()}"
    field = f"{path}{rule.get('fieldPath', '')}"
    reason = rule.get("reason", "FieldValueInvalid")
    return [_cause(reason, field.removeprefix(".") or "<nil>", message)]


def _cause(reason: str, field: str, message: str) -> Cause:
    prefixes = {
        "FieldValueForbidden": "Forbidden",
        "FieldValueRequired": "Required value",
        "FieldValueDuplicate": "Duplicate value",
    }
    return Cause(field, f"{prefixes.get(reason, 'Invalid value')}: {message}", reason)


def _message(rule: Object, names: dict[str, Any]) -> str:
    if rule.get("messageExpression"):
        try:
            text = _compiled(rule["messageExpression"]).evaluate(names)
        except (CompileError, EvaluationError):
            text = ""
        if isinstance(text, str) and text.strip():
            return text
    return str(rule.get("message", "")).strip()


def _children(schema: Object, new: Any, old: Any) -> Iterator[tuple[Object, str, Any, Any]]:
    if isinstance(new, dict):
        before = old if isinstance(old, dict) else {}
        additional = schema.get("additionalProperties")
        for key, item in new.items():
            inner = (schema.get("properties") or {}).get(key, additional if isinstance(additional, dict) else None)
            if inner and key != "metadata":
                yield inner, f".{key}", item, before.get(key, _ABSENT)
    elif isinstance(new, list) and isinstance(schema.get("items"), dict):
        for index, item in enumerate(new):
            yield schema["items"], f"[{index}]", item, _old_item(schema, item, old)


def _old_item(schema: Object, item: Any, old: Any) -> Any:
    """Return the old item with the same keys in a list of type map; items of other lists have no transition rules."""
    keys = schema.get("x-kubernetes-list-map-keys")
    if not keys or not isinstance(old, list) or not isinstance(item, dict):
        return _ABSENT
    return next((candidate for candidate in old if all(candidate.get(key) == item.get(key) for key in keys)), _ABSENT)


@lru_cache(maxsize=1024)
def _compiled(source: str) -> Expression:
    return _ENVIRONMENT.compile(source)


@lru_cache(maxsize=1024)
def _uses_old_self(source: str) -> bool:
    return occurrence(source, "oldSelf") is not None
