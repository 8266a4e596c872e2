"""Explains each permission of each ServiceAccount from the declarations themselves, for reviewers and for `docs/security.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kubernaut.api.plugin import ActionSpec
from kubernaut.api.rules import Rule
from kubernaut.errors import InputError
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE, ENGINE_RULES, LEADER_RULES
from kubernaut.plugins.registry import Registry

BEGIN, END = "<!-- permissions: written by `make render` -->", "<!-- end of permissions -->"
_NONE = "none"


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """One rule: whose it is, where it holds, what it permits, and why."""

    identity: str
    where: str
    verbs: str
    resources: str
    only: str
    """The only objects that it covers; empty means all of them."""
    limit: str
    """The only fields that it covers, and the condition that must hold, which the action's guard enforces; empty means no limit."""
    why: str


def engine_permissions() -> list[PermissionRow]:
    """Return the permissions of the engine's own ServiceAccount."""
    identity = f"{ENGINE_NAMESPACE}/{ENGINE_ACCOUNT}"
    served = [_row(identity, "each namespace it serves", rule) for rule in ENGINE_RULES]
    return [*served, *(_row(identity, "its own namespace", rule) for rule in LEADER_RULES)]


def action_permissions(action: str, spec: ActionSpec) -> list[PermissionRow]:
    """Return the permissions of an action's ServiceAccount, or one row that says that it has none."""
    identity, where = f"{spec.service_account} ({action})", "each namespace where it is granted"
    if not spec.rules:
        why = "it sends no requests to the API server: its pod has no token"
        return [PermissionRow(identity, where, _NONE, _NONE, "", "", why)]
    return [_row(identity, where, rule) for rule in spec.rules]


def all_permissions(registry: Registry) -> list[PermissionRow]:
    """Return the engine's permissions, then those of each installed action."""
    actions = (action_permissions(name, action.spec) for name, action in sorted(registry.actions.items()))
    return [*engine_permissions(), *(row for rows in actions for row in rows)]


def markdown_table(rows: Iterable[PermissionRow]) -> Iterator[str]:
    """Yield the lines of a Markdown table."""
    yield "| identity | where | is allowed to | on | only | fields and conditions | why |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        only = f"`{row.only}`" if row.only else "any"
        limit = f"`{row.limit}`".replace("|", "\\|") if row.limit else ""
        yield f"| {' | '.join((f'`{row.identity}`', row.where, row.verbs, row.resources, only, limit, row.why))} |"


def replace_between_markers(text: str, lines: Iterable[str]) -> str:
    """Return the text with these lines between the markers. Raises InputError if it lacks a marker."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"no place for the table of permissions: write {BEGIN} and {END} on lines of their own")
    return "\n".join([before + begin, *lines, end + after])


def _row(identity: str, where: str, rule: Rule) -> PermissionRow:
    group = f" ({rule.api_group})" if rule.api_group else ""
    resources = f"{', '.join(rule.resources)}{group}"
    limit = "; ".join(filter(None, (", ".join(rule.fields), rule.condition)))
    return PermissionRow(identity, where, ", ".join(rule.verbs), resources, ", ".join(rule.names), limit, rule.why)
