"""`gitops-pr`: what it takes, what it needs, and who may use which repository."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import kubernaut
from kubernaut import ActionSpec, Execution, Problem, Resources, Result, Rollback, Target
from kubernaut_gitops_pr.allowed import forge_for
from kubernaut_gitops_pr.demo_forge import EXAMPLE, surroundings
from kubernaut_gitops_pr.parameters import GitOpsPr
from kubernaut_gitops_pr.secrets import CA_VARIABLE, TOKEN_VARIABLE
from kubernaut_gitops_pr.settings import ForgeSettings, GitOpsSettings, SecretKey

HOOK_VERSION = 1
_ROOM_FOR_CLONES = 2
"""The volume holds the largest allowed repository this many times over, since git unpacks what it fetched."""


@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(
        summary="Change files of a GitOps repository and open a pull request for it.",
        parameters=GitOpsPr,
        target=lambda parameters: Target("Repository", parameters.repository),
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
    index, refusal = _forge(execution)
    if refusal:
        return [Problem("repository", refusal)]
    problems = []
    if execution.settings.forges[index].kind == "gitlab":
        problems += [
            Problem("reviewers", f"{name} is a team: GitLab has users as reviewers, name those")
            for name in parameters.reviewers
            if "/" in name
        ]
    files = {change.path for change in parameters.changes}
    most = execution.settings.max_changed_files
    if len(files) > most:
        problems.append(Problem("changes", f"{len(files)} files are more than the {most} that the settings allow"))
    twice = [p for p, n in Counter(c.path for c in parameters.changes if c.content is not None).items() if n > 1]
    problems += [Problem("changes", f"{path} is given its content twice: decide for one") for path in twice]
    inside = sorted(f for f in files if any(f.startswith(f"{other}/") for other in files))
    problems += [Problem("changes", f"{path} would lie inside another file that is changed") for path in inside]
    return problems


@kubernaut.hookimpl
def build_job(execution: Execution) -> dict[str, Any]:
    index, refusal = _forge(execution)
    if refusal:
        raise ValueError(refusal)
    forge: ForgeSettings = execution.settings.forges[index]
    # The pod is told of the one forge that it may use, and of no other.
    told = replace(execution, settings=execution.settings.model_copy(update={"forges": (forge,)}))
    env: dict[str, Any] = {TOKEN_VARIABLE: _from_secret(forge.token_secret)}
    if forge.ca_secret:
        env[CA_VARIABLE] = _from_secret(forge.ca_secret)
    job = kubernaut.runner_job(told, "kubernaut_gitops_pr.perform", env=env)
    size = max(execution.settings.max_repository_mb, 256) * _ROOM_FOR_CLONES
    job["spec"]["template"]["spec"]["volumes"] = [{"name": "tmp", "emptyDir": {"sizeLimit": f"{size}Mi"}}]
    return job


@kubernaut.hookimpl
def on_complete(execution: Execution, result: Result) -> Rollback | None:
    """Nothing to undo: a pull request that is not wanted is closed, and one that was merged is reverted in git."""
    return None


def _forge(execution: Execution) -> tuple[int, str]:
    forges = execution.settings.model_dump(mode="json")["forges"]
    return forge_for(forges, execution.parameters.repository, execution.namespace)


def _from_secret(secret: SecretKey) -> dict[str, Any]:
    """Optional, so that a missing Secret is told by the pod at once, and not by a deadline ten minutes later."""
    return {"secretKeyRef": {"name": secret.name, "key": secret.key, "optional": True}}
