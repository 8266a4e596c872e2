"""Compiles the conditions of rules as the API server will, so that an author learns of a mistake before a cluster does."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut.api.rules import Rule


def condition_errors(rules: Iterable[Rule]) -> list[str]:
    """Return for each condition that does not compile, or is not true or false, which rule it is in and CEL's words."""
    conditions = [(number, rule.condition) for number, rule in enumerate(rules) if rule.condition]
    if not conditions:
        return []
    # Loading CEL's runtime takes 50 ms, which most plugins need not wait for.
    from kubernaut_cel.environment import CompileError  # noqa: PLC0415
    from kubernaut_cel.policies import compile_expression, environment  # noqa: PLC0415

    errors = []
    for number, condition in conditions:
        try:
            compile_expression(condition, environment(), ("bool",))
        except CompileError as error:
            errors.append(f'rules.{number}.condition: "{condition}": {error}')
    return errors
