"""`protected-targets`: what no execution may touch, by namespace, kind, name, label and action.

Labels are the target's own. The engine has no right to read any target; who protects by label grants it `get` on the kinds in question, and
until then every execution that such an entry could concern is denied.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

import kubernaut
from kubernaut.api.plugin import Execution, Parameters, PolicySpec, Problem

HOOK_VERSION = 1

Pattern = Annotated[str, Field(min_length=1, max_length=253)]
"""A name, or a pattern with `*`, `?` and `[…]`, case as written."""


class ProtectedTarget(Parameters):
    """One entry: an execution that all of its fields match is denied."""

    namespace: Pattern = "*"
    kind: Pattern = "*"
    name: Pattern = "*"
    action: Pattern = "*"
    labels: dict[str, Pattern] = Field(default_factory=dict)
    """Labels that the target has, each with a pattern for its value."""
    reason: str = ""
    """Why, for whoever is denied."""

    def concerns(self, execution: Execution) -> bool:
        """Do all fields but the labels match?"""
        target = execution.target
        seen = (execution.namespace, target.kind, target.name, execution.action)
        wanted = (self.namespace, self.kind, self.name, self.action)
        return all(fnmatchcase(*pair) for pair in zip(seen, wanted, strict=True))

    def matches(self, execution: Execution) -> bool:
        """Do all fields match?"""
        labels = execution.target_labels
        return self.concerns(execution) and all(
            key in labels and fnmatchcase(labels[key], pattern) for key, pattern in self.labels.items()
        )


class ProtectedTargets(Parameters):
    """The settings."""

    targets: tuple[ProtectedTarget, ...] = ()


@kubernaut.hookimpl
def describe() -> PolicySpec:
    return PolicySpec(
        summary="Deny executions on protected targets.",
        settings=ProtectedTargets,
        reads_labels=lambda execution: any(t.labels and t.concerns(execution) for t in execution.settings.targets),
    )


@kubernaut.hookimpl
def validate(execution: Execution) -> list[Problem]:
    found = next((entry for entry in execution.settings.targets if entry.matches(execution)), None)
    if found is None:
        return []
    why = f": {found.reason}" if found.reason else ""
    return [
        Problem(
            "",
            f"{execution.target} in {execution.namespace} is protected{why}; it stays so until the configuration changes",
        )
    ]
