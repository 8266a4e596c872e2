"""The parameters that a caller gives for a run, checked against those that the runbook declares."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from kubernaut.api.runbook import ParameterType, RunbookParameter, type_problem
from kubernaut.errors import InputError
from kubernaut.runbooks.references import did_you_mean
from kubernaut.validation_errors import brief

MAX_ARGUMENTS_BYTES = 16 * 1024
"""As JSON: a proposed run keeps them in an annotation."""
_INTEGER = re.compile(r"[+-]?\d{1,18}")


def parse_argument(declared: Mapping[str, RunbookParameter], name: str, text: str) -> Any:
    """Return a value that is given as text, such as on a command line or in a label, with the type of its parameter.

    Raises InputError naming the parameter, and what its text must be.
    """
    kind = _declared(declared, name).type
    value = _PARSERS[kind](text)
    if value is None:
        raise InputError(f"parameter {name}: {type_problem(kind, None)} (got {brief(text)})")
    return value


def complete_arguments(declared: Mapping[str, RunbookParameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of every parameter: what is given, else its default.

    Raises InputError naming the parameter, if one is not declared, missing, or of another type, or if they are too large together.
    """
    for name, value in given.items():
        if problem := type_problem(_declared(declared, name).type, value):
            raise InputError(f"parameter {name}: {problem} (got {brief(value)})")
    for name, parameter in declared.items():
        if name not in given and parameter.is_required:
            hint = f" ({parameter.description})" if parameter.description else ""
            raise InputError(f"parameter {name}: it is required{hint}: give it with -p {name}=VALUE")
    size = len(json.dumps(dict(given), ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if size > MAX_ARGUMENTS_BYTES:
        raise InputError(
            f"the parameters have {size} bytes, more than the {MAX_ARGUMENTS_BYTES} of a run; shorten them"
        )
    return {name: given.get(name, parameter.default) for name, parameter in declared.items()}


def _declared(declared: Mapping[str, RunbookParameter], name: str) -> RunbookParameter:
    if name in declared:
        return declared[name]
    listed = f"it has {', '.join(sorted(declared))}" if declared else "it has none"
    raise InputError(
        f"parameter {name[:63]}: the runbook has no such parameter, {listed}{did_you_mean(name, declared)}"
    )


def _number(text: str) -> float | int | None:
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


_PARSERS: Mapping[ParameterType, Callable[[str], Any]] = {
    ParameterType.STRING: lambda text: text,
    ParameterType.INTEGER: lambda text: int(text) if _INTEGER.fullmatch(text) else None,
    ParameterType.NUMBER: _number,
    ParameterType.BOOLEAN: {"true": True, "false": False}.get,
}
