"""What the pod has to do, in one value: parameters, settings and token. The pod checks again that it is allowed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernaut.runner import Action, Rejected
from kubernaut_gitops_pr import templates
from kubernaut_gitops_pr.allowlist import find_forge
from kubernaut_gitops_pr.forges import github, gitlab
from kubernaut_gitops_pr.forges.base import Forge, PullRequestSpec
from kubernaut_gitops_pr.forges.http import Http
from kubernaut_gitops_pr.git import Bounds, Git, Identity
from kubernaut_gitops_pr.git_errors import ErrorTranslator
from kubernaut_gitops_pr.path_rules import PathRules
from kubernaut_gitops_pr.repository import Repository
from kubernaut_gitops_pr.retry_budget import RetryBudget
from kubernaut_gitops_pr.secrets import CA_VARIABLE, Token

_FORGES: dict[str, tuple[str, str, Callable[[str], str], Callable[[Http, str], Forge]]] = {
    "github": (github.USER, github.NEEDS, github.api, github.GitHub),
    "gitlab": (gitlab.USER, gitlab.NEEDS, gitlab.api, gitlab.GitLab),
}


@dataclass(frozen=True, slots=True)
class Request:
    """One execution of this action."""

    repository: str
    changes: list[dict[str, Any]]
    spec: PullRequestSpec
    message: str
    """The commit message."""
    forge: dict[str, Any]
    settings: dict[str, Any]
    secret: str
    token: Token = field(repr=False)

    @classmethod
    def from_action(cls, action: Action) -> Request:
        """Return the request of this action. Raises Rejected if it is not allowed."""
        given, settings = action.parameters, action.settings
        index, problem = find_forge(settings["forges"], given["repository"], action.namespace)
        if problem:
            raise Rejected(problem)
        forge = settings["forges"][index]
        rules = PathRules.of(forge)
        for change in given["changes"]:
            if problem := rules.problem(change["path"]):
                raise Rejected(f"changes: {problem}")
        reference = forge["token_secret"]
        secret = f"Secret {reference['name']} (key {reference['key']}) of namespace {action.namespace}"
        token = Token.from_environment(_FORGES[forge["kind"]][0], secret)
        base, branch = given["base"] or forge["base"], _branch(action)
        if base == branch:
            raise Rejected(f"base: {base} is the branch that this execution would create")
        origin = _origin(action)
        spec = PullRequestSpec(
            branch, base, given["title"], f"{given['body']}\n\n---\n{origin}\n".lstrip("\n"),
            given["labels"], given["reviewers"], given["draft"],
        )  # fmt: skip
        message = templates.message(settings["commit_message_template"], _message_values(action, origin))
        return cls(given["repository"], given["changes"], spec, message, forge, settings, secret, token)

    @property
    def branch_prefix(self) -> str:
        """What the branches of all executions start with; it may be nothing."""
        return templates.prefix(self.settings["branch_template"])

    def path_rules(self, forge: Forge) -> PathRules:
        """Return which files can be changed; the forge has been checked, and knows its pipelines."""
        return PathRules.of(self.forge, forge.pipelines)

    def open_forge(self, budget: RetryBudget, ca_file: str) -> Forge:
        """Return the forge's API."""
        _, needs, api, forge_class = _FORGES[self.forge["kind"]]
        errors = ErrorTranslator(self.repository, self.secret)
        http = Http(self.forge["api"] or api(self.forge["url"]), self.token, errors, budget, needs, ca_file)
        return forge_class(http, self.repository)

    def open_repository(self, directory: Path, budget: RetryBudget, ca_file: str) -> Repository:
        """Return the repository, with its clone to be below the directory."""
        url = f"{self.forge['url']}/{self.repository}.git"
        bounds = Bounds(self.settings["clone_seconds"], self.settings["max_repository_mb"])
        author = Identity(self.settings["author_name"], self.settings["author_email"])
        committer = Identity(
            self.settings["committer_name"] or author.name, self.settings["committer_email"] or author.email
        )
        git = Git(directory, url, self.token, bounds, (author, committer), ca_file)
        return Repository(git, directory, url, ErrorTranslator(self.repository, self.secret), budget)

    def ca_file(self, directory: Path) -> str:
        """Write the forge's certificate authority to a file and return its path; "" to use the system's. Raises Rejected."""
        if not self.forge.get("ca_secret"):
            return ""
        content = os.environ.get(CA_VARIABLE, "")
        if "BEGIN CERTIFICATE" not in content:
            reference = self.forge["ca_secret"]
            raise Rejected(
                f"Secret {reference['name']} (key {reference['key']}) does not contain a certificate authority in PEM: add it"
            )
        file = directory / "ca.pem"
        file.write_text(content, "ascii", "replace")
        return str(file)


def _branch(action: Action) -> str:
    """Return the branch, which is the same in every attempt and unique to the execution."""
    values = {"execution": action.name[:120], "namespace": action.namespace, "uid": _short_uid(action)}
    return templates.branch(action.settings["branch_template"], values)


def _short_uid(action: Action) -> str:
    return action.uid.replace("-", "")[:8]


def _message_values(action: Action, origin: str) -> dict[str, str]:
    return {
        "title": action.parameters["title"],
        "body": action.parameters["body"],
        "origin": origin.replace("`", ""),
        "execution": action.name,
        "namespace": action.namespace,
        "uid": _short_uid(action),
        "requester": _requester(action),
    }


def _requester(action: Action) -> str:
    return "".join(char for char in action.requested_by if char.isprintable() and char != "`")[:200]


def _origin(action: Action) -> str:
    by = f", requested by `{_requester(action)}`" if action.requested_by else ""
    return f"Opened by Kubernaut execution `{action.namespace}/{action.name}` (uid `{action.uid}`){by}."
