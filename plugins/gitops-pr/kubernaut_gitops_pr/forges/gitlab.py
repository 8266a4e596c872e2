"""GitLab, through version 4 of its REST API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.forges.base import Forge, PullRequest, PullRequestSpec
from kubernaut_gitops_pr.forges.http import Http

USER = "oauth2"
"""The user name that goes with a token as git's password."""
NEEDS = "the scopes api and write_repository, and at least the role Developer"
_DEVELOPER = 30
_STATES = {"opened": "open", "locked": "open"}


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
        if found.get("archived"):
            raise Rejected(f"{self._repository} is archived: nothing can be pushed to it")
        granted = [g["access_level"] for g in (found.get("permissions") or {}).values() if g]
        if granted and max(granted) < _DEVELOPER:
            raise Rejected(f"the token can read {self._repository}, but is not allowed to push to it: it needs {NEEDS}")
        self._ids(reviewers)

    def find(self, branch: str) -> PullRequest | None:
        found = self._http.get(
            f"{self._path}/merge_requests",
            source_branch=branch,
            state="all",
            order_by="created_at",
            sort="desc",
            per_page=10,
        )
        return next((_pull(item) for item in found if item["source_branch"] == branch), None)

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
        found = self._http.get("/users", username=name)
        if not found:
            raise Rejected(f"reviewers: GitLab has no user {name}")
        return int(found[0]["id"])


def _pull(found: dict[str, Any]) -> PullRequest:
    state = _STATES.get(found["state"], str(found["state"]))
    return PullRequest(
        int(found["iid"]), str(found["web_url"]), state, str(found["target_branch"]), str(found.get("sha") or "")
    )
