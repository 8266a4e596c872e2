"""Compares what an undoing execution would change with what the undone one left: nothing that somebody did since is overwritten."""

from __future__ import annotations

import hashlib

from kubernaut.plan_digest import canonical_json
from kubernaut.runner.exceptions import Rejected
from kubernaut.runner.written import last_writer, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any


def check_undone(
    undone: Mapping[str, Any], planned: Iterable[Mapping[str, Any]], read: Callable[[], dict[str, Any]]
) -> None:
    """Raise Rejected for the first planned change of a field that is not as the undone execution left it, or that it did not record.

    Args:
        undone: the execution's name, and for each field that it changed the value that it left, or its digest.
        planned: the changes that the dry run would make.
        read: returns the target as it is now, whose managedFields tell who wrote a field; {} where it cannot be read.
    """
    name = undone["execution"]
    left = {(entry["kind"], entry["name"], entry["field"]): entry for entry in undone["left"]}
    for change in planned:
        if change["before"] == change["after"]:
            continue
        place = f"{change['kind']}/{change['name']} {change['field']}"
        entry = left.get((change["kind"], change["name"], change["field"]))
        if entry is None:
            raise Rejected(f"it would change {place}, which {name} did not record", "Diverged")
        if not _is_same(entry, change["before"]):
            was = f"not {shown(entry['after'])} as {name} left it" if "after" in entry else f"not what {name} left"
            who = last_writer(read(), change["field"]) if _is_target(undone, change) else ""
            raise Rejected(f"{place} is {shown(change['before'])} now, {was}{who}", "Diverged")


def _is_target(undone: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    return (change["kind"], change["name"]) == (undone["target"]["kind"], undone["target"]["name"])


def _is_same(entry: Mapping[str, Any], now: Any) -> bool:
    if "after" in entry:
        return bool(entry["after"] == now)
    return bool(entry["digest"] == hashlib.sha256(canonical_json(now)).hexdigest())
