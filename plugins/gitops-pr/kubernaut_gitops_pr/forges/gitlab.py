"""GitLab, by version 4 of its REST API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.forges import PullRequest, Wanted
from kubernaut_gitops_pr.forges.http import Http, Refused

USER = "oauth2"
"""The user name that goes with a token as git's password."""
NEEDS = "the scopes api and write_repository, and at least the role Developer"
_DEVELOPER = 30
_STATES = {"opened": "open", "locked": "open"}


def api(url: str) -> str:
    """Where the API of this GitLab is."""
    return f"{url}/api/v4"


class GitLab:
    """One project on GitLab."""

    def __init__(self, http: Http, repository: str) -> None:
        self._http, self._repository = http, repository
        self._path = f"/projects/{quote(repository, safe='')}"

    def check(self, reviewers: Sequence[str]) -> None:
        found = self._http.get(self._path)
        if found.get("archived"):
            raise Rejected(f"{self._repository} is archived: nothing can be pushed to it")
        granted = [g["access_level"] for g in (found.get("permissions") or {}).values() if g]
        if granted and max(granted) < _DEVELOPER:
            raise Rejected(f"the token may read {self._repository} but not push to it: it needs {NEEDS}")
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

    def open(self, wanted: Wanted) -> PullRequest:
        body: dict[str, Any] = {
            "source_branch": wanted.branch,
            "target_branch": wanted.base,
            "title": f"Draft: {wanted.title}" if wanted.draft else wanted.title,
            "description": wanted.body,
            "remove_source_branch": True,
        }
        if wanted.labels:
            body["labels"] = ",".join(wanted.labels)
        if wanted.reviewers:
            body["reviewer_ids"] = self._ids(wanted.reviewers)
        try:
            return _pull(self._http.post(f"{self._path}/merge_requests", body))
        except Refused as refusal:
            if refusal.answer.code != 409:
                raise
            pull = self.find(wanted.branch)  # "Another open merge request already exists for this source branch: !1"
            if pull is None:
                raise
            return pull

    def complete(self, pull: PullRequest, wanted: Wanted) -> None:
        """All was said in one request when it was opened."""

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
