"""The condition: a CEL expression over `object`, compiled as the API server compiles those of admission policies."""

from __future__ import annotations

from kubernaut_cel.environment import CompileError, Environment, Expression
from kubernaut_cel.functions import Type
from kubernaut_cel.policies import compile_expression

VARIABLE = "object"
"""The only variable: the workload as the API server has it."""
_MAX_REASON_LENGTH = 600


def compile_condition(source: str) -> Expression:
    """Return the compiled expression, which is true or false. Raises ValueError with CEL's own words, of at most 600 characters."""
    try:
        return compile_expression(source, Environment({VARIABLE: Type.DYN}), ("bool",))
    except CompileError as error:
        reason = str(error)
        shown = reason if len(reason) <= _MAX_REASON_LENGTH else f"{reason[:_MAX_REASON_LENGTH]}…"
        raise ValueError(shown) from None
