"""Whether a custom resource's schema is structural, which is what Kubernetes asks of it."""

from __future__ import annotations

from collections.abc import Iterator

from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required
from kubernaut_sandbox.registry.cel_rules import rule_problem

_OPEN = "x-kubernetes-preserve-unknown-fields"
_UNKNOWN = (
    "$ref",
    "definitions",
    "dependencies",
    "deprecated",
    "discriminator",
    "id",
    "patternProperties",
    "readOnly",
    "writeOnly",
    "xml",
)
_QUADRATIC = "uniqueItems cannot be set to true since the runtime complexity becomes quadratic"


def structure_causes(schema: Object, at: str, *, root: bool = False) -> list[Cause]:
    """What keeps the schema from being structural, here and below."""
    causes = [*_type_causes(schema, at, root=root), *_forbidden(schema, at, root=root), *_rule_causes(schema, at)]
    for key, inner in (schema.get("properties") or {}).items():
        causes += structure_causes(inner, f"{at}.properties[{key}]")
    for word in ("items", "additionalProperties"):
        if isinstance(schema.get(word), dict):
            causes += structure_causes(schema[word], f"{at}.{word}")
    return causes


def _type_causes(schema: Object, at: str, *, root: bool) -> Iterator[Cause]:
    if not (schema.get("type") or schema.get("x-kubernetes-int-or-string") or schema.get(_OPEN)):
        yield required(f"{at}.type", f"must not be empty {'at the root' if root else 'for specified object fields'}")
    if root and schema.get("type") != "object":
        yield invalid_value(f"{at}.type", schema.get("type", ""), "must be object at the root")
    if schema.get("type") == "array" and not schema.get("items"):
        yield required(f"{at}.items", "must be specified")


def _forbidden(schema: Object, at: str, *, root: bool) -> Iterator[Cause]:
    found = [(word, "must not be set") for word in _UNKNOWN if word in schema]
    rest = schema.get("additionalProperties")
    if root and rest is not None:
        found.append(("additionalProperties", "must not be used at the root"))
    elif rest is False:
        found.append(("additionalProperties", "additionalProperties cannot be set to false"))
    if schema.get("properties") and rest is not None:
        found.append(("additionalProperties", "additionalProperties and properties are mutual exclusive"))
    if schema.get("uniqueItems"):
        found.append(("uniqueItems", _QUADRATIC))
    for word, why in found:
        yield Cause(f"{at}.{word}", f"Forbidden: {why}", "FieldValueForbidden")


def _rule_causes(schema: Object, at: str) -> Iterator[Cause]:
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        text = rule.get("rule", "")
        if problem := rule_problem(text):
            yield invalid_value(f"{at}.x-kubernetes-validations[{index}].rule", text, f"compilation failed: {problem}")
