"""Finds what an undoing execution would change although it is not as the undone one left it. Engine and pods use the same comparison."""

from __future__ import annotations

import hashlib

from kubernaut.plan_digest import canonical_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_MAX_VALUE_BYTES = 120
"""Longer values are compared by their digest."""


def left_value(change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the field of a change, and its value after it as `after` or, for a long one, as its `digest`."""
    place = {key: change[key] for key in ("kind", "name", "field")}
    text = canonical_json(change["after"])
    if len(text) <= _MAX_VALUE_BYTES:
        return {**place, "after": change["after"]}
    return {**place, "digest": hashlib.sha256(text).hexdigest()}


def find_divergence(
    left: Iterable[Mapping[str, Any]], planned: Iterable[Mapping[str, Any]]
) -> tuple[Mapping[str, Any], Mapping[str, Any] | None] | None:
    """Return the first planned change of a field that is not as it was left, with what was left; None where there is no such change.

    Args:
        left: the fields that the undone execution changed, as `left_value` returns them. A field that is not among them was not recorded:
            what was left is then None.
        planned: the changes that would be made now.
    """
    by_place = {(entry["kind"], entry["name"], entry["field"]): entry for entry in left}
    for change in planned:
        if change["before"] == change["after"]:
            continue
        entry = by_place.get((change["kind"], change["name"], change["field"]))
        if entry is None or not _is_same(entry, change["before"]):
            return change, entry
    return None


def _is_same(entry: Mapping[str, Any], now: Any) -> bool:
    if "after" in entry:
        return bool(entry["after"] == now)
    return bool(entry["digest"] == hashlib.sha256(canonical_json(now)).hexdigest())
