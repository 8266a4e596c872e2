"""What the pod was asked to do, in one value: parameters, settings and token, checked again where the work is done."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kubernaut.runner import Action, Rejected
from kubernaut_gitops_pr.allowed import forge_for
from kubernaut_gitops_pr.forges import Forge, Wanted, github, gitlab
from kubernaut_gitops_pr.forges.http import Http
from kubernaut_gitops_pr.git import Bounds, Git
from kubernaut_gitops_pr.patience import Patience
from kubernaut_gitops_pr.repository import Repository
from kubernaut_gitops_pr.secrets import CA_VARIABLE, Token
from kubernaut_gitops_pr.troubles import Explainer

_FORGES: dict[str, tuple[str, str, Callable[[str], str], Callable[[Http, str], Forge]]] = {
    "github": (github.USER, github.NEEDS, github.api, github.GitHub),
    "gitlab": (gitlab.USER, gitlab.NEEDS, gitlab.api, gitlab.GitLab),
}
_UNQUOTABLE = re.compile(r"[`\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Request:
    """One execution of this action."""

    repository: str
    changes: list[dict[str, Any]]
    wanted: Wanted
    message: str
    """Of the commit."""
    forge: dict[str, Any]
    settings: dict[str, Any]
    secret: str
    token: Token = field(repr=False)

    @classmethod
    def of(cls, action: Action) -> Request:
        """Read it; raises Rejected if it is not allowed."""
        given, settings = action.parameters, action.settings
        index, refusal = forge_for(settings["forges"], given["repository"], action.namespace)
        if refusal:
            raise Rejected(refusal)
        forge = settings["forges"][index]
        kept = forge["token_secret"]
        secret = f"Secret {kept['name']} (key {kept['key']}) of namespace {action.namespace}"
        token = Token.from_environment(_FORGES[forge["kind"]][0], secret)
        base, branch = given["base"] or forge["base"], _branch(action)
        if base == branch:
            raise Rejected(f"base: {base} is the branch that this execution would make")
        origin = _origin(action)
        wanted = Wanted(
            branch, base, given["title"], f"{given['body']}\n\n---\n{origin}\n".lstrip("\n"),
            given["labels"], given["reviewers"], given["draft"],
        )  # fmt: skip
        message = "\n\n".join(part for part in (given["title"], given["body"], origin.replace("`", "")) if part)
        return cls(given["repository"], given["changes"], wanted, message, forge, settings, secret, token)

    def open_forge(self, patience: Patience, ca_file: str) -> Forge:
        """The forge's API."""
        _, needs, api, opened = _FORGES[self.forge["kind"]]
        explainer = Explainer(self.repository, self.secret)
        http = Http(self.forge["api"] or api(self.forge["url"]), self.token, explainer, patience, needs, ca_file)
        return opened(http, self.repository)

    def open_repository(self, directory: Path, patience: Patience, ca_file: str) -> Repository:
        """The repository, to be cloned below the directory."""
        url = f"{self.forge['url']}/{self.repository}.git"
        bounds = Bounds(self.settings["clone_seconds"], self.settings["max_repository_mb"])
        author = (self.settings["author_name"], self.settings["author_email"])
        git = Git(directory, url, self.token, bounds, author, ca_file)
        return Repository(git, directory, url, Explainer(self.repository, self.secret), patience)

    def ca_file(self, directory: Path) -> str:
        """The forge's certificate authority as a file; "" for the system's."""
        if not self.forge.get("ca_secret"):
            return ""
        content = os.environ.get(CA_VARIABLE, "")
        if "BEGIN CERTIFICATE" not in content:
            kept = self.forge["ca_secret"]
            raise Rejected(
                f"Secret {kept['name']} (key {kept['key']}) holds no certificate authority in PEM: create it"
            )
        file = directory / "ca.pem"
        file.write_text(content, "ascii", "replace")
        return str(file)


def _branch(action: Action) -> str:
    """The same in every attempt, and another for every execution. Object names may have dots, which git takes one at a time."""
    return f"kubernaut/{action.name[:120].rstrip('.-')}-{action.uid.replace('-', '')[:8]}"


def _origin(action: Action) -> str:
    by = f", requested by `{_UNQUOTABLE.sub('', action.requested_by)[:200]}`" if action.requested_by else ""
    return f"Opened by Kubernaut execution `{action.namespace}/{action.name}` (uid `{action.uid}`){by}."
