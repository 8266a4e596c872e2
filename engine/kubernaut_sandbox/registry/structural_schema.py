"""Checks that the schema of a custom resource is structural, which Kubernetes requires."""

from __future__ import annotations

from collections.abc import Iterator

from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required
from kubernaut_sandbox.registry.cel_rules import rule_problem

_PRESERVE_UNKNOWN = "x-kubernetes-preserve-unknown-fields"
_FORBIDDEN_KEYWORDS = (
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


def structural_causes(schema: Object, at: str, *, root: bool = False) -> list[Cause]:
    """Return the causes, at this level and below, for which the schema is not structural."""
    causes = [*_type_causes(schema, at, root=root), *_forbidden(schema, at, root=root), *_rule_causes(schema, at)]
    for key, inner in (schema.get("properties") or {}).items():
        causes += structural_causes(inner, f"{at}.properties[{key}]")
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), dict):
            causes += structural_causes(schema[keyword], f"{at}.{keyword}")
    return causes


def _type_causes(schema: Object, at: str, *, root: bool) -> Iterator[Cause]:
    if not (schema.get("type") or schema.get("x-kubernetes-int-or-string") or schema.get(_PRESERVE_UNKNOWN)):
        yield required(f"{at}.type", f"must not be empty {'at the root' if root else 'for specified object fields'}")
    if root and schema.get("type") != "object":
        yield invalid_value(f"{at}.type", schema.get("type", ""), "must be object at the root")
    if schema.get("type") == "array" and not schema.get("items"):
        yield required(f"{at}.items", "must be specified")


def _forbidden(schema: Object, at: str, *, root: bool) -> Iterator[Cause]:
    problems = [(keyword, "must not be set") for keyword in _FORBIDDEN_KEYWORDS if keyword in schema]
    additional = schema.get("additionalProperties")
    if root and additional is not None:
        problems.append(("additionalProperties", "must not be used at the root"))
    elif additional is False:
        problems.append(("additionalProperties", "additionalProperties cannot be set to false"))
    if schema.get("properties") and additional is not None:
        problems.append(("additionalProperties", "additionalProperties and properties are mutual exclusive"))
    if schema.get("uniqueItems"):
        problems.append(("uniqueItems", _QUADRATIC))
    for keyword, detail in problems:
        yield Cause(f"{at}.{keyword}", f"Forbidden: {detail}", "FieldValueForbidden")


def _rule_causes(schema: Object, at: str) -> Iterator[Cause]:
    for index, rule in enumerate(schema.get("x-kubernetes-validations") or ()):
        text = rule.get("rule", "")
        if problem := rule_problem(text):
            yield invalid_value(f"{at}.x-kubernetes-validations[{index}].rule", text, f"compilation failed: {problem}")
