"""`protected-targets`: objects that no execution is allowed to change, by namespace, kind, name, label and action.

Labels are those of the target. The engine has no permission to read any target, so to protect by label, grant it `get` on these kinds.
Until then, every execution to which such an entry could apply is denied.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

import kubernaut
from kubernaut.api.plugin import Execution, Parameters, PolicySpec, Problem, Target

HOOK_VERSION = 1

Pattern = Annotated[str, Field(min_length=1, max_length=253)]
"""A name, or a pattern with `*`, `?` and `[…]`. Case counts, except in names of targets that are not in the cluster."""


class ProtectedTarget(Parameters):
    """An entry; an execution is denied if all fields match."""

    namespace: Pattern = "*"
    kind: Pattern = "*"
    name: Pattern = "*"
    action: Pattern = "*"
    labels: dict[str, Pattern] = Field(default_factory=dict)
    """Labels of the target, each with a pattern for its value."""
    reason: str = ""
    """Why, for the message of the denial."""

    def matches_without_labels(self, execution: Execution) -> bool:
        """Whether all fields but the labels match."""
        target = execution.target
        values = (execution.namespace, target.kind, execution.action)
        patterns = (self.namespace, self.kind, self.action)
        return self._matches_name(target) and all(fnmatchcase(*pair) for pair in zip(values, patterns, strict=True))

    def _matches_name(self, target: Target) -> bool:
        """Whether the name matches. Systems other than Kubernetes may ignore case, as forges do: there, a name is denied in any case."""
        ignores_case = not target.resource and fnmatchcase(target.name.lower(), self.name.lower())
        return ignores_case or fnmatchcase(target.name, self.name)

    def matches(self, execution: Execution) -> bool:
        """Whether all fields match."""
        labels = execution.target_labels
        return self.matches_without_labels(execution) and all(
            key in labels and fnmatchcase(labels[key], pattern) for key, pattern in self.labels.items()
        )


class ProtectedTargets(Parameters):
    """The settings of the policy."""

    targets: tuple[ProtectedTarget, ...] = ()


@kubernaut.hookimpl
def describe() -> PolicySpec:
    return PolicySpec(
        summary="Deny executions on protected targets.",
        settings=ProtectedTargets,
        reads_labels=lambda execution: any(
            entry.labels and entry.matches_without_labels(execution) for entry in execution.settings.targets
        ),
    )


@kubernaut.hookimpl
def validate(execution: Execution) -> list[Problem]:
    found = next((entry for entry in execution.settings.targets if entry.matches(execution)), None)
    if found is None:
        return []
    why = f": {found.reason}" if found.reason else ""
    message = f"{execution.target} in {execution.namespace} is protected{why}; to allow it, change the configuration"
    return [Problem("", message)]
