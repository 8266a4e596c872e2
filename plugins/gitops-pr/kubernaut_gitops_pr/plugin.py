"""`gitops-pr`: its parameters and settings, and the repositories that a namespace is allowed to use."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import kubernaut
from kubernaut import ActionSpec, Execution, Problem, Resources, Result, Rollback, Target, TargetField
from kubernaut_gitops_pr.allowlist import find_forge
from kubernaut_gitops_pr.demo_forge import EXAMPLE, surroundings
from kubernaut_gitops_pr.parameters import GitOpsPr
from kubernaut_gitops_pr.path_rules import PathRules
from kubernaut_gitops_pr.secrets import CA_VARIABLE, TOKEN_VARIABLE
from kubernaut_gitops_pr.settings import ForgeSettings, GitOpsSettings, SecretKey

HOOK_VERSION = 1
_ROOM_FOR_CLONES = 2
"""How many times the largest allowed repository fits into the volume: git unpacks what it fetches."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Change files of a GitOps repository and open a pull request for it.",
        parameters=GitOpsPr,
        target=_target,
        fields=lambda parameters: [TargetField("*", "File", change.path) for change in parameters.changes],
        service_account="git-operator",
        resources=Resources(cpu_request="200m", memory_request="256Mi", cpu_limit="1", memory_limit="1Gi"),
        deadline=600,
        retry_safe=True,
        settings=GitOpsSettings,
        examples=(EXAMPLE,),
        surroundings=surroundings,
    )


@kubernaut.hookimpl
def validate(execution: Execution) -> list[Problem]:
    parameters: GitOpsPr = execution.parameters
    index, problem = _forge(execution)
    if problem:
        return [Problem("repository", problem)]
    problems = []
    if execution.settings.forges[index].kind == "gitlab":
        problems += [
            Problem("reviewers", f"{name} is a team: on GitLab, reviewers are users")
            for name in parameters.reviewers
            if "/" in name
        ]
    files = {change.path for change in parameters.changes}
    limit = execution.settings.max_changed_files
    if len(files) > limit:
        problems.append(
            Problem(
                "changes",
                f"{len(files)} files would be changed, but the settings allow at most {limit} (max_changed_files)",
            )
        )
    rules = PathRules.of(execution.settings.forges[index].model_dump(mode="json"))
    problems += [Problem("changes", refused) for path in sorted(files) if (refused := rules.problem(path))]
    twice = [p for p, n in Counter(c.path for c in parameters.changes if c.content is not None).items() if n > 1]
    problems += [Problem("changes", f"{path}: its content is set twice; set it once") for path in twice]
    inside = sorted(f for f in files if any(f.startswith(f"{other}/") for other in files))
    problems += [
        Problem("changes", f"{path}: one of its parent directories is another file of these changes") for path in inside
    ]
    return problems


@kubernaut.hookimpl
def build_job(execution: Execution) -> dict[str, Any]:
    index, problem = _forge(execution)
    if problem:
        raise ValueError(problem)
    forge: ForgeSettings = execution.settings.forges[index]
    # The pod learns of no forge but the one that it is allowed to use.
    narrowed = replace(execution, settings=execution.settings.model_copy(update={"forges": (forge,)}))
    env: dict[str, Any] = {TOKEN_VARIABLE: _from_secret(forge.token_secret)}
    if forge.ca_secret:
        env[CA_VARIABLE] = _from_secret(forge.ca_secret)
    job = kubernaut.runner_job(narrowed, "kubernaut_gitops_pr.perform", env=env)
    size = max(execution.settings.max_repository_mb, 256) * _ROOM_FOR_CLONES
    job["spec"]["template"]["spec"]["volumes"] = [{"name": "tmp", "emptyDir": {"sizeLimit": f"{size}Mi"}}]
    return job


@kubernaut.hookimpl
def on_complete(execution: Execution, result: Result) -> Rollback | None:
    """Return no rollback: an unwanted pull request is closed, and a merged one is reverted in git."""
    return None


def _target(parameters: GitOpsPr) -> Target:
    """Return the repository in lower case: to a forge, `platform/PROD` is the repository `platform/prod`."""
    return Target("Repository", parameters.repository.lower())


def _forge(execution: Execution) -> tuple[int, str]:
    forges = execution.settings.model_dump(mode="json")["forges"]
    return find_forge(forges, execution.parameters.repository, execution.namespace)


def _from_secret(secret: SecretKey) -> dict[str, Any]:
    """Return an optional reference, so that the pod reports a missing Secret at once, instead of not starting until its deadline."""
    return {"secretKeyRef": {"name": secret.name, "key": secret.key, "optional": True}}
