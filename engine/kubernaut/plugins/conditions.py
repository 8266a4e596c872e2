"""Compiles the conditions of rules as the API server will, so that an author learns of a mistake before a cluster does.

It takes the sandbox's CEL. An engine installed without the sandbox leaves it to the API server, which refuses a guard that does not
compile.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.util import find_spec

from kubernaut.api.rules import Rule


def condition_errors(rules: Iterable[Rule]) -> list[str]:
    """Return for each condition that does not compile, or is not true or false, which rule it is in and CEL's words."""
    conditions = [(number, rule.condition) for number, rule in enumerate(rules) if rule.condition]
    if not conditions or find_spec("kubernaut_sandbox") is None:
        return []
    from kubernaut_sandbox.admission.policy import compile_policy  # noqa: PLC0415 - an optional part

    return [
        f"rules.{number}.condition: {cause.message}"
        for number, condition in conditions
        for cause in compile_policy({"validations": [{"expression": condition}]}).causes
    ]
