"""Least-privilege RBAC as a plugin declares it, and the single permissions that it amounts to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, field_validator

_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True, slots=True, order=True)
class Permission:
    """One verb on one resource (or non-resource URL): what one access review asks about."""

    api_group: str
    resource: str
    """Plural, with its subresource if any, such as `deployments/scale`."""
    verb: str
    name: str = ""
    """The only object that it covers, or "" for all."""

    def __str__(self) -> str:
        group = f" ({self.api_group})" if self.api_group else ""
        return f"{self.verb} {self.resource}{f'/{self.name}' if self.name else ''}{group}"

    def covers(self, other: Permission) -> bool:
        """Whether holding this permission includes holding the other one; `*` stands for any value."""
        pairs = ((self.api_group, other.api_group), (self.resource, other.resource), (self.verb, other.verb))
        return all(held in {"*", asked} for held, asked in pairs) and self.name in {"", other.name}


class Rule(BaseModel):
    """RBAC that an action needs in the namespace it acts on: some verbs on some resources of one API group."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, use_attribute_docstrings=True)

    api_group: str = ""
    resources: tuple[str, ...] = Field(min_length=1)
    verbs: tuple[str, ...] = Field(min_length=1)
    why: str = ""
    """What the permission is needed for, in one clause: `docs/security.md` and `kubernaut rbac explain` show it to reviewers."""
    names: tuple[str, ...] = ()
    """The only objects that it covers; empty means all of the namespace. (RBAC cannot narrow `create` by name.)"""

    @field_validator("verbs")
    @classmethod
    def _known_verbs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        unknown = [verb for verb in value if verb not in _VERBS and "*" not in verb]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is not a verb; the verbs are {', '.join(_VERBS)}")
        return value

    @field_validator("api_group", "resources", "verbs")
    @classmethod
    def _no_wildcard(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if any("*" in part for part in ([value] if isinstance(value, str) else value)):
            raise ValueError("'*' grants more than an action is allowed to have: name each group, resource and verb")
        return value

    def permissions(self) -> Iterator[Permission]:
        """Yield every permission of this rule."""
        for resource in self.resources:
            for verb in self.verbs:
                for name in self.names or ("",):
                    yield Permission(self.api_group, resource, verb, name)
