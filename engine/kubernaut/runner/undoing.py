"""Refuses to undo what is not as the undone execution left it: nothing that somebody did since is overwritten."""

from __future__ import annotations

from kubernaut.divergence import find_divergence
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
        undone: the execution's name, its target, and for each field that it changed the value that it left, or its digest.
        planned: the changes that the dry run would make.
        read: returns the target as it is now, whose managedFields tell who wrote a field; {} where it cannot be read.
    """
    found = find_divergence(undone["left"], planned)
    if found is None:
        return
    change, entry = found
    name, place = undone["execution"], f"{change['kind']}/{change['name']} {change['field']}"
    if entry is None:
        raise Rejected(f"it would change {place}, which {name} did not record", "Diverged")
    was = f"not {shown(entry['after'])} as {name} left it" if "after" in entry else f"not what {name} left"
    who = last_writer(read(), change["field"]) if _is_target(undone, change) else ""
    raise Rejected(f"{place} is {shown(change['before'])} now, {was}{who}", "Diverged")


def _is_target(undone: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
    return (change["kind"], change["name"]) == (undone["target"]["kind"], undone["target"]["name"])
