"""The digest of a plan: what a dry run found that an execution would change. Engine and pods compute it alike, with this module.

It is `sha256:` and the hexadecimal SHA-256 of the plan's canonical JSON: UTF-8 without escapes beyond those that JSON requires, keys sorted
by code point, no spaces, the changes sorted by kind, name and field. docs/security.md describes it with examples.
"""

from __future__ import annotations

import hashlib
import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

PREFIX = "sha256:"
PATTERN = r"^sha256:[0-9a-f]{64}$"
"""What a digest looks like."""


def plan_digest(
    action: str,
    parameters: Mapping[str, Any],
    changes: Iterable[Mapping[str, Any]],
    commands: Iterable[Mapping[str, Any]] = (),
) -> str:
    """Return the digest of a plan.

    Args:
        action: the action's name.
        parameters: its parameters as the action's model checked them, with defaults filled in.
        changes: what would change, each with `kind`, `name`, `field`, `before` and `after`, and `volatile` where it is. Fields that would
            stay as they are do not count.
        commands: for an action of plain command lines, its steps: each with `name`, `image`, `command`, `args` and `env`.
    """
    plan = {"action": action, "parameters": parameters, "changes": _counted(changes)}
    if commands := list(commands):
        plan["commands"] = commands
    return PREFIX + hashlib.sha256(canonical_json(plan)).hexdigest()


def canonical_json(value: Any) -> bytes:
    """Return the one text of a JSON value that is hashed."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8", "surrogatepass")


def _counted(changes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what of the changes counts, in their one order: of a volatile change its place, and not its values."""
    counted = [
        {
            key: change.get(key)
            for key in ("kind", "name", "field", *(() if change.get("volatile") else ("before", "after")))
        }
        for change in changes
        if change.get("before") != change.get("after")
    ]
    return sorted(counted, key=lambda change: (change["kind"], change["name"], change["field"], canonical_json(change)))
