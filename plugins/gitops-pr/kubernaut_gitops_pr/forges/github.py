"""GitHub and GitHub Enterprise, through version 3 of their REST API."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.forges.base import Forge, PullRequest, PullRequestSpec
from kubernaut_gitops_pr.forges.content import Content
from kubernaut_gitops_pr.forges.http import Http, RejectedAnswer

USER = "x-access-token"
"""The user name that goes with a token as git's password."""
_STATES = {"open": "open", "closed": "closed"}
NEEDS = "read access to metadata, and write access to contents and pull requests"


def api(url: str) -> str:
    """Return the URL of the API of this GitHub."""
    return "https://api.github.com" if url == "https://github.com" else f"{url}/api/v3"


class GitHub(Forge):
    """One repository on GitHub."""

    exists_code = 422  # "A pull request already exists for OWNER:BRANCH."

    def __init__(self, http: Http, repository: str) -> None:
        super().__init__(http, repository)
        self._owner = repository.partition("/")[0]
        self._path = f"/repos/{quote(repository)}"

    def check(self, reviewers: Sequence[str]) -> None:
        found = self._http.get(self._path)
        if found.flag("archived"):
            raise Rejected(f"{self._repository} is archived: nothing can be pushed to it")
        permissions = found.optional("permissions")
        if permissions and permissions.flag("push") is False:
            raise Rejected(f"the token can read {self._repository}, but is not allowed to push to it: it needs {NEEDS}")
        found.text("full_name")
        for name in (name for name in reviewers if "/" not in name):
            self._expect_collaborator(name)

    def find(self, spec: PullRequestSpec) -> list[PullRequest]:
        found = self._pulls(state="all", head=f"{self._owner}:{spec.branch}", base=spec.base)
        return [pull for pull in found if (pull.branch, pull.base) == (spec.branch, spec.base)]

    def open_requests(self, base: str) -> list[PullRequest]:
        return [pull for pull in self._pulls(state="open", base=base) if pull.base == base]

    def _pulls(self, **query: str) -> list[PullRequest]:
        """Return the pull requests within the repository, the newest first."""
        found = self._http.get(f"{self._path}/pulls", **query, sort="created", direction="desc", per_page=100)
        return [pull for item in found.items() if (pull := _pull(item)) and _is_of_repository(item)]

    def _create(self, spec: PullRequestSpec) -> PullRequest:
        body = {
            "title": spec.title,
            "head": spec.branch,
            "base": spec.base,
            "body": spec.body,
            "draft": spec.draft,
        }
        return _pull(self._http.post(f"{self._path}/pulls", body))

    def complete(self, pull: PullRequest, spec: PullRequestSpec) -> None:
        if spec.labels:
            self._http.post(f"{self._path}/issues/{pull.number}/labels", {"labels": list(spec.labels)})
        if spec.reviewers:
            people = [name for name in spec.reviewers if "/" not in name]
            teams = [name.partition("/")[2] for name in spec.reviewers if "/" in name]
            body = {"reviewers": people, "team_reviewers": teams}
            self._http.post(f"{self._path}/pulls/{pull.number}/requested_reviewers", body)

    def _expect_collaborator(self, name: str) -> None:
        try:
            self._http.get(f"{self._path}/collaborators/{quote(name, safe='')}")
        except RejectedAnswer as rejection:
            if rejection.answer.code != 404:
                raise
            raise Rejected(
                f"reviewers: {name} is not a collaborator of {self._repository}, so GitHub accepts no review request for them"
            ) from None


def _is_of_repository(pull: Content) -> bool:
    """Whether the branch is in the same repository: it may also be in a fork, which may have been deleted."""
    repository = pull.optional("head", "repo")
    return repository is not None and repository.text("full_name") == pull.text("base", "repo", "full_name")


def _pull(found: Content) -> PullRequest:
    state = found.one_of(_STATES, "state")
    commit = found.optional("head", "sha")
    return PullRequest(
        found.number("number"),
        found.url("html_url"),
        "merged" if found.optional("merged_at") else state,
        found.text("base", "ref"),
        found.text("head", "ref"),
        commit.text() if commit else "",
    )
