"""`approvals`: executions that take a plan which somebody approved, and whether that has to be somebody else than who proposed it.

What changes nothing, dry runs and checks, takes none.

Who proposed and who approved is only as reliable as the annotation that names them: install the admission policies with their stamp.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

import kubernaut
from kubernaut.api.plugin import Execution, Parameters, PolicySpec, Problem

HOOK_VERSION = 1

Pattern = Annotated[str, Field(min_length=1, max_length=253)]
"""A name, or a pattern with `*`, `?` and `[…]`."""


class ApprovalRule(Parameters):
    """Which executions need an approved plan."""

    namespaces: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    """Patterns of the namespaces that it applies to."""
    actions: Annotated[tuple[Pattern, ...], Field(min_length=1)] = ("*",)
    """Patterns of the actions that it applies to."""
    two_people: bool = True
    """Whether who approves must be somebody else than who proposed."""
    undo_freely: bool = False
    """Whether undoing an execution takes no plan: it puts back what that one recorded, unless somebody has changed it since. To undo what
    was an undoing itself does."""

    def applies_to(self, namespace: str, action: str) -> bool:
        """Whether it applies to an execution of this action in this namespace."""
        return any(fnmatchcase(namespace, pattern) for pattern in self.namespaces) and any(
            fnmatchcase(action, pattern) for pattern in self.actions
        )


class Approvals(Parameters):
    """The settings of the policy."""

    rules: tuple[ApprovalRule, ...] = ()


@kubernaut.hookimpl
def describe() -> PolicySpec:
    return PolicySpec(summary="Deny executions whose plan was not approved.", settings=Approvals)


@kubernaut.hookimpl
def validate(execution: Execution) -> list[Problem]:
    if execution.dry_run or execution.read_only:
        return []
    rules = [rule for rule in execution.settings.rules if rule.applies_to(execution.namespace, execution.action)]
    if not rules:
        return []
    if execution.undone and not execution.undone.undoes and all(rule.undo_freely for rule in rules):
        return []
    problem = _problem(execution, two_people=any(rule.two_people for rule in rules))
    return [Problem("", problem)] if problem else []


def _problem(execution: Execution, *, two_people: bool) -> str:
    """Return why this is not approved as it must be, or ""."""
    plan, approver = execution.approved_plan, execution.requested_by
    what = f"{execution.action} in {execution.namespace}"
    if plan is None:
        return (
            f"{what} takes an approved plan: rehearse it with kubernaut propose, then somebody runs kubernaut approve"
        )
    if not two_people:
        return ""
    if not plan.proposed_by or not approver:
        unknown = "proposed the plan" if not plan.proposed_by else "approved it"
        return f"{what} takes two people, and it is not known who {unknown}: kubectl apply -k deploy/admission/stamp"
    if plan.proposed_by == approver:
        return f"{what} takes two people: {approver} proposed the plan, so somebody else has to approve it"
    return ""
