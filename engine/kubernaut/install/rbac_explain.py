"""Each right of each ServiceAccount in words, from the declarations themselves: what a reviewer reads, and `docs/security.md` shows.

`python -m kubernaut.explained FILE` writes the table of all of them between the markers in a file; `make render` does so.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from kubernaut.api.plugin import ActionSpec
from kubernaut.api.rules import Rule
from kubernaut.errors import InputError
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE, ENGINE_RULES, LEADER_RULES
from kubernaut.plugins.registry import Registry

BEGIN, END = "<!-- rights: written by `make render` -->", "<!-- end of rights -->"
NONE = "none"


@dataclass(frozen=True, slots=True)
class Explained:
    """One right: who holds it, where, on what, and why."""

    identity: str
    where: str
    verbs: str
    resources: str
    only: str
    """The only objects it holds for; empty means all of them."""
    why: str


def engine_rights() -> list[Explained]:
    """What the engine's own ServiceAccount holds."""
    who = f"{ENGINE_NAMESPACE}/{ENGINE_ACCOUNT}"
    served = [_explained(who, "each namespace it serves", rule) for rule in ENGINE_RULES]
    return [*served, *(_explained(who, "its own namespace", rule) for rule in LEADER_RULES)]


def action_rights(action: str, spec: ActionSpec) -> list[Explained]:
    """What an action's ServiceAccount holds; one line that says so where it holds nothing."""
    who, where = f"{spec.service_account} ({action})", "each namespace where it is granted"
    if not spec.rules:
        return [Explained(who, where, NONE, NONE, "", "it asks nothing of the API server: its pod has no token")]
    return [_explained(who, where, rule) for rule in spec.rules]


def all_rights(registry: Registry) -> list[Explained]:
    """The engine's, then each installed action's."""
    actions = (action_rights(name, action.spec) for name, action in sorted(registry.actions.items()))
    return [*engine_rights(), *(right for rights in actions for right in rights)]


def markdown(rights: Iterable[Explained]) -> Iterator[str]:
    """The lines of a table."""
    yield "| identity | where | may | on | only | why |"
    yield "|---|---|---|---|---|---|"
    for right in rights:
        only = f"`{right.only}`" if right.only else "any"
        cells = (f"`{right.identity}`", right.where, right.verbs, right.resources, only, right.why)
        yield f"| {' | '.join(cells)} |"


def spliced(text: str, lines: Iterable[str]) -> str:
    """The text with these lines between the markers; raises InputError where it has none."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise InputError(f"the table of rights has no place: write {BEGIN} and {END} on lines of their own")
    return "\n".join([before + begin, *lines, end + after])


def _explained(identity: str, where: str, rule: Rule) -> Explained:
    group = f" ({rule.api_group})" if rule.api_group else ""
    resources = f"{', '.join(rule.resources)}{group}"
    return Explained(identity, where, ", ".join(rule.verbs), resources, ", ".join(rule.names), rule.why)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(spliced(file.read_text("utf-8"), markdown(all_rights(Registry.discover()))), "utf-8")
