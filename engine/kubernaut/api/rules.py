"""Least-privilege RBAC as a plugin declares it, and the single permissions that it amounts to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from kubernaut.api.field_paths import field_tree

_VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
_OPERATIONS = {
    "create": "CREATE",
    "update": "UPDATE",
    "patch": "UPDATE",
    "delete": "DELETE",
    "deletecollection": "DELETE",
}
"""What admission calls the verbs that it sees; it sees no reads."""


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
    fields: tuple[str, ...] = ()
    """The only fields that its `update` and `patch` may change, such as `spec.template.spec.containers[*].resources`; empty means the
    whole object. RBAC ends at the verb: the action's guard, an admission policy, enforces these."""
    condition: str = ""
    """A CEL expression over `object`, `oldObject` and `request` that must hold for each of its writes, such as
    `oldObject.status.phase == 'Failed'` for a delete. The guard enforces it, too; for a patch it must also hold where nothing changes."""

    @property
    def is_guarded(self) -> bool:
        """Whether it is narrower than RBAC can express."""
        return bool(self.fields or self.condition)

    @property
    def operations(self) -> tuple[str, ...]:
        """What admission sees of its verbs: some of CREATE, UPDATE and DELETE."""
        return tuple(sorted({_OPERATIONS[verb] for verb in self.verbs if verb in _OPERATIONS}))

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

    @field_validator("fields")
    @classmethod
    def _paths(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        field_tree(value)
        return value

    @field_validator("condition")
    @classmethod
    def _one_line(cls, value: str) -> str:
        return " ".join(line.strip() for line in value.strip().splitlines())

    @model_validator(mode="after")
    def _enforceable(self) -> Self:
        if self.fields and self.operations != ("UPDATE",):
            raise ValueError(
                "fields narrow `update` and `patch` alone: declare one of these, and `create` and `delete` in rules of their own"
            )
        if self.condition and not self.operations:
            raise ValueError(
                "a condition narrows writes, and this rule only reads: leave it out, or name objects in `names`"
            )
        return self

    def permissions(self) -> Iterator[Permission]:
        """Yield every permission of this rule."""
        for resource in self.resources:
            for verb in self.verbs:
                for name in self.names or ("",):
                    yield Permission(self.api_group, resource, verb, name)


def check_overlaps(rules: tuple[Rule, ...]) -> None:
    """Raise ValueError if a guarded rule permits what another rule permits as well: which of the two holds would not be clear."""
    for number, rule in enumerate(rules):
        for other in rules[number + 1 :]:
            if (rule.is_guarded or other.is_guarded) and (shared := _shared(rule, other)):
                raise ValueError(
                    f"two rules permit {shared}, and one of them has `fields` or a `condition`: declare it once, or for different `names`"
                )


def _shared(rule: Rule, other: Rule) -> str:
    """Return a write that both permit, or ""."""
    operations = set(rule.operations) & set(other.operations)
    resources = sorted(set(rule.resources) & set(other.resources))
    names = not rule.names or not other.names or set(rule.names) & set(other.names)
    if rule.api_group != other.api_group or not (operations and resources and names):
        return ""
    return f"{' and '.join(sorted(operations))} of {resources[0]}"
