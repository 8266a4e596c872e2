"""The part of GitLab's API that the action uses, with the answers that its documentation shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kubernaut_gitops_pr.demo_forge import run_git
from kubernaut_gitops_pr.demo_git import Call, Reply

USERS = {"jane": 7, "ada": 8}


class GitLabStub:
    """One token, one project for each repository, merge requests in memory."""

    def __init__(self, root: Path, token: str) -> None:
        self._root, self._token = root, token
        self.pulls: list[dict[str, Any]] = []
        self.access_level = 30

    def __call__(self, call: Call) -> Reply:
        if call.token != self._token:
            return Reply(401, {"message": "401 Unauthorized"})
        if call.path == "/api/v4/users":
            name = call.query["username"]
            return Reply(200, [{"id": USERS[name], "username": name}] if name in USERS else [])
        project, _, rest = call.path.removeprefix("/api/v4/projects/").partition("/")
        repository = self._root / f"{unquote(project)}.git"
        if not repository.is_dir():
            return Reply(404, {"message": "404 Project Not Found"})
        if rest == "merge_requests":
            return self._open(call, repository) if call.method == "POST" else self._list(call)
        levels = {"project_access": {"access_level": self.access_level}, "group_access": None}
        return Reply(200, {"path_with_namespace": unquote(project), "archived": False, "permissions": levels})

    def _list(self, call: Call) -> Reply:
        wanted = {key: call.query[key] for key in ("source_branch", "target_branch", "state") if key in call.query}
        if wanted.get("state") == "all":
            del wanted["state"]
        return Reply(200, [pull for pull in reversed(self.pulls) if wanted.items() <= pull.items()])

    def _open(self, call: Call, repository: Path) -> Reply:
        for pull in self.pulls:
            if pull["source_branch"] == call.body["source_branch"] and pull["state"] == "opened":
                message = f"Another open merge request already exists for this source branch: !{pull['iid']}"
                return Reply(409, {"message": [message]})
        iid = len(self.pulls) + 1
        pull = {
            "iid": iid,
            "web_url": f"{call.base}/-/merge_requests/{iid}",
            "state": "opened",
            "sha": run_git(repository, "rev-parse", "--verify", f"refs/heads/{call.body['source_branch']}"),
            "source_project_id": 1,
            "target_project_id": 1,
            **call.body,
        }
        self.pulls.append(pull)
        return Reply(201, pull)
