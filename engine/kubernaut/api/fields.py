"""The fields that an execution may change: what its pod reports of any other is not believed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from kubernaut.printable import is_printable

ANY = "*"


@dataclass(frozen=True, slots=True)
class TargetField:
    """A field that an execution may change, of its target or of another object."""

    path: str
    """As it is reported: `spec.replicas`. One that ends in `*` stands for all that begin so."""
    kind: str = ""
    """The object's kind; "" for that of the target."""
    name: str = ""
    """The object's name; "" for that of the target, `*` for any, where names are not known in advance."""


@dataclass(frozen=True, slots=True)
class ReportableFields:
    """Decides which changes of a report can be true of one execution."""

    fields: tuple[TargetField, ...]
    kind: str
    """The target's kind."""
    name: str
    """The target's name."""

    @classmethod
    def declared(cls, declared: Iterable[TargetField | str], kind: str, name: str) -> ReportableFields:
        """Return what an action declares for the parameters of one execution. Raises TypeError for anything but fields and paths."""
        fields = tuple(TargetField(field) if isinstance(field, str) else field for field in declared)
        for field in fields:
            if not isinstance(field, TargetField):
                raise TypeError(f"fields must be paths or TargetFields, not {type(field).__name__}")
        return cls(fields, kind, name)

    def covers(self, kind: str, name: str, path: str) -> bool:
        """Whether a change of this field is one that the execution may have made."""
        return is_printable(f"{kind}/{name} {path}") and any(
            self._matches(field, kind, name, path) for field in self.fields
        )

    def _matches(self, field: TargetField, kind: str, name: str, path: str) -> bool:
        if kind != (field.kind or self.kind) or (field.name or self.name) not in {ANY, name}:
            return False
        return path.startswith(field.path[:-1]) if field.path.endswith(ANY) else path == field.path


def fields_of_target(target: str) -> ReportableFields:
    """Return every field of the target that status names (`Kind/name`): what is left to believe where its plugin is gone."""
    kind, _, name = target.partition("/")
    return ReportableFields((TargetField(ANY),), kind, name)
