"""Decides whether an execution can be undone: only if every field still is as it left it, so that no later change is overwritten, and
only the fields that it recorded, so that what its pod made up is not carried out.

It compares what the execution changed with what a rehearsal of its rollback would change now. The rehearsal reads the target with the
action's own permissions, so a user who is allowed to execute needs no others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.plugin import Change


@dataclass(frozen=True, slots=True)
class Divergence:
    """A field that has been changed since."""

    change: Change
    """What the execution did."""
    now: Any
    """The field's present value."""


def find_divergences(done: Iterable[Change], planned: Iterable[Change]) -> list[Divergence]:
    """Return the fields that the rollback would change and whose present value is not what the execution left."""
    left = {_key(change): change for change in done}
    pairs = ((left[_key(plan)], plan.before) for plan in planned if _key(plan) in left)
    return [Divergence(change, now) for change, now in pairs if now != change.after]


def find_unrecorded(done: Iterable[Change], planned: Iterable[Change]) -> list[Change]:
    """Return what the rollback would change although the execution did not record it."""
    recorded = {_key(change) for change in done}
    return [change for change in planned if _key(change) not in recorded]


def _key(change: Change) -> tuple[str, str, str]:
    return change.kind, change.name, change.field


@dataclass(frozen=True, slots=True)
class Writer:
    """The owner of a field, and since when, as the API server recorded it."""

    manager: str
    time: str


def last_writer(obj: Mapping[str, Any], field: str) -> Writer | None:
    """Return the last writer of a field (`spec.replicas`, `data.LOG_LEVEL`) according to the object's managedFields."""
    owners = [
        Writer(str(entry.get("manager", "")), str(entry.get("time", "")))
        for entry in obj["metadata"].get("managedFields", [])
        if _contains(entry.get("fieldsV1", {}), field)
    ]
    return max(owners, key=lambda owner: owner.time, default=None)


def _contains(fields: Mapping[str, Any], path: str) -> bool:
    """Whether this FieldsV1 tree contains the path. Keys can contain dots, so each key of a level is tried whole."""
    for key, below in fields.items():
        name = key.removeprefix("f:")
        if key == name:
            continue
        if path in {name, f"[{name}]"}:
            return True
        rest = next((path.removeprefix(start) for start in (f"{name}.", f"[{name}].") if path.startswith(start)), None)
        if rest is None and path.startswith(f"{name}["):
            rest = path.removeprefix(name)
        if rest is not None and _contains(below, rest):
            return True
    return False
