"""Decides whether an execution may be undone: only what is still as it left it, so that nobody's later change is overwritten.

It compares what the execution changed with what a rehearsal of its rollback would change now: the rehearsal reads the target under
the action's own rights, so whoever may execute needs no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.plugin import Change


@dataclass(frozen=True, slots=True)
class Divergence:
    """A field that somebody else has changed since."""

    change: Change
    """What the execution did."""
    now: Any
    """The value that the field has now."""


def find_divergences(done: Iterable[Change], planned: Iterable[Change]) -> list[Divergence]:
    """The fields whose present value is neither what the execution left nor what the rollback would set."""
    present = {(change.kind, change.name, change.field): change.before for change in planned}
    found = []
    for change in done:
        field = (change.kind, change.name, change.field)
        if field in present and present[field] != change.after:
            found.append(Divergence(change, present[field]))
    return found


@dataclass(frozen=True, slots=True)
class Writer:
    """Who owns a field, and since when, as the API server noted it."""

    manager: str
    time: str


def last_writer(obj: Mapping[str, Any], field: str) -> Writer | None:
    """Who last wrote this field (`spec.replicas`, `data.LOG_LEVEL`), by the object's managedFields."""
    owners = [
        Writer(str(entry.get("manager", "")), str(entry.get("time", "")))
        for entry in obj["metadata"].get("managedFields", [])
        if _holds(entry.get("fieldsV1", {}), field)
    ]
    return max(owners, key=lambda owner: owner.time, default=None)


def _holds(fields: Mapping[str, Any], path: str) -> bool:
    """Is the path in this FieldsV1 tree? Keys may hold dots themselves, so each one at a level is tried as it stands."""
    for key, below in fields.items():
        name = key.removeprefix("f:")
        if key == name:
            continue
        if path in {name, f"[{name}]"}:
            return True
        rest = next((path.removeprefix(start) for start in (f"{name}.", f"[{name}].") if path.startswith(start)), None)
        if rest is None and path.startswith(f"{name}["):
            rest = path.removeprefix(name)
        if rest is not None and _holds(below, rest):
            return True
    return False
