"""Commands that people paste: an action's parameters as arguments of the command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any


def execute_command(action: str, namespace: str, parameters: Mapping[str, Any], verb: str = "execute") -> str:
    """Return the command that creates an execution with these parameters, or proposes one."""
    return " ".join(
        [f"kubernaut {verb}", action, "-n", namespace, *(f"-p {pair}" for pair in as_pairs(dict(parameters)))]
    )


def as_pairs(parameters: dict[str, Any]) -> list[str]:
    """Return the parameters as arguments of `-p`, quoted for a shell."""
    pairs: list[tuple[str, object]] = []
    for key, value in parameters.items():
        if isinstance(value, dict):
            pairs += [(f"{key}.{sub}", inner) for sub, inner in value.items()]
        elif isinstance(value, list):
            pairs += [(key, inner) for inner in value]
        else:
            pairs.append((key, value))
    return [shlex.quote(f"{key}={_format_value(value)}") for key, value in pairs]


def _format_value(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, bool | dict | list) else str(value)
