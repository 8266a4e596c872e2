"""GitLab, through version 4 of its REST API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.forges.base import Forge, PullRequest, PullRequestSpec
from kubernaut_gitops_pr.forges.content import Content
from kubernaut_gitops_pr.forges.http import Http

USER = "oauth2"
"""The user name that goes with a token as git's password."""
NEEDS = "the scopes api and write_repository, and at least the role Developer"
_DEVELOPER = 30
_STATES = {"opened": "open", "locked": "open", "closed": "closed", "merged": "merged"}


def api(url: str) -> str:
    """Return the URL of the API of this GitLab."""
    return f"{url}/api/v4"


class GitLab(Forge):
    """One project on GitLab."""

    exists_code = 409  # "Another open merge request already exists for this source branch: !1"

    def __init__(self, http: Http, repository: str) -> None:
        super().__init__(http, repository)
        self._path = f"/projects/{quote(repository, safe='')}"

    def check(self, reviewers: Sequence[str]) -> None:
        found = self._http.get(self._path)
        if found.flag("archived"):
            raise Rejected(f"{self._repository} is archived: nothing can be pushed to it")
        granted = [
            access.number("access_level")
            for kind in ("project_access", "group_access")
            if found.optional("permissions") and (access := found.optional("permissions", kind))
        ]
        if granted and max(granted) < _DEVELOPER:
            raise Rejected(f"the token can read {self._repository}, but is not allowed to push to it: it needs {NEEDS}")
        found.text("path_with_namespace")
        self.pipelines = _pipelines(found)
        self._ids(reviewers)

    def find(self, spec: PullRequestSpec) -> list[PullRequest]:
        found = self._merge_requests(state="all", source_branch=spec.branch, target_branch=spec.base)
        return [pull for pull in found if (pull.branch, pull.base) == (spec.branch, spec.base)]

    def open_requests(self, base: str) -> list[PullRequest]:
        return [pull for pull in self._merge_requests(state="opened", target_branch=base) if pull.base == base]

    def _merge_requests(self, **query: str) -> list[PullRequest]:
        """Return the merge requests within the project, the newest first."""
        path = f"{self._path}/merge_requests"
        found = self._http.get(path, **query, order_by="created_at", sort="desc", per_page=100)
        return [
            pull
            for item in found.items()
            if (pull := _pull(item)) and item.number("source_project_id") == item.number("target_project_id")
        ]

    def _create(self, spec: PullRequestSpec) -> PullRequest:
        body: dict[str, Any] = {
            "source_branch": spec.branch,
            "target_branch": spec.base,
            "title": f"Draft: {spec.title}" if spec.draft else spec.title,
            "description": spec.body,
            "remove_source_branch": True,
        }
        if spec.labels:
            body["labels"] = ",".join(spec.labels)
        if spec.reviewers:
            body["reviewer_ids"] = self._ids(spec.reviewers)
        return _pull(self._http.post(f"{self._path}/merge_requests", body))

    def complete(self, pull: PullRequest, spec: PullRequestSpec) -> None:
        """Do nothing: the request that opened it contained everything."""

    def _ids(self, names: Sequence[str]) -> list[int]:
        return [self._id(name) for name in names]

    def _id(self, name: str) -> int:
        found = next(self._http.get("/users", username=name).items(), None)
        if found is None:
            raise Rejected(f"reviewers: GitLab has no user {name}")
        return found.number("id")


def _pipelines(project: Content) -> tuple[str, ...]:
    """Return the project's own name for its pipeline file: `ci_config_path` of the Projects API.

    It can also be in another project (`file@group/project`) or at a URL; then nothing in this one is meant.
    """
    path = project.optional("ci_config_path")
    if path is None or path.value == "":
        return ()
    name = path.text()
    return () if "@" in name or "://" in name else (name.strip("/"),)


def _pull(found: Content) -> PullRequest:
    commit = found.optional("sha")
    return PullRequest(
        found.number("iid"),
        found.url("web_url"),
        found.one_of(_STATES, "state"),
        found.text("target_branch"),
        found.text("source_branch"),
        commit.text() if commit else "",
    )
