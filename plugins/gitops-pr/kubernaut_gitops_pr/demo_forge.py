"""A small forge on loopback for the demo and the tests: a real git server with one repository, and the part of GitHub's API that is used.

It needs only git, keeps everything in one temporary directory, and is removed when its block ends.
"""

from __future__ import annotations

import base64
import os
import re
import secrets
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from kubernaut import Surroundings
from kubernaut_gitops_pr.demo_git import Call, Reply, serve

REPOSITORY = "platform/gitops"
_SECRET = "gitops-token"  # noqa: S105 - a Secret's name
EXAMPLE: dict[str, Any] = {
    "repository": REPOSITORY,
    "changes": [{"path": "apps/web/values.yaml", "set": {"image.tag": "1.28.0"}}],
    "title": "web: roll out 1.28.0",
    "body": "1.27.3 leaks memory under load.",
    "labels": ["remediation"],
}
FILES = {
    "README.md": "# What runs in production\n",
    "apps/web/values.yaml": """\
# The web shop. Owned by team web; see the runbook before you change limits.
image:
    repository: images.example.com/shop/web   # built by CI
    tag: "1.27.3"   # keep in step with the API

replicas: 3   # the autoscaler takes over above this

resources: &small
    cpu: 100m
    memory: 128Mi   # measured, not guessed

env:
    - name: LOG_LEVEL
      value: info

    # Asked for by the payment team.
    - {name: PAYMENT_TIMEOUT, value: '30s'}

sidecar:
    resources: *small
""",
}


class DemoForge:
    """The API: one token, all repositories below the directory, pull requests in memory."""

    def __init__(self, root: Path, token: str) -> None:
        self._root, self._token = root, token
        self._lock = threading.Lock()
        self.pulls: list[dict[str, Any]] = []

    def __call__(self, call: Call) -> Reply:
        found = re.fullmatch(r"/api/v3/repos/([^/]+/[^/]+)(/.*)?", call.path)
        if call.token != self._token:
            return Reply(401, {"message": "Bad credentials"})
        if not found or not (self._root / f"{found[1]}.git").is_dir():
            return Reply(404, {"message": "Not Found"})
        with self._lock:
            return self._respond(call, found[1], found[2] or "")

    def _respond(self, call: Call, repository: str, rest: str) -> Reply:
        numbered = re.fullmatch(r"/(?:issues|pulls)/(\d+)/(labels|requested_reviewers)", rest)
        if numbered and call.method == "POST":
            pull = self.pulls[int(numbered[1]) - 1]
            pull[numbered[2]] += next(iter(call.body.values()))
            return Reply(201, pull if numbered[2] == "requested_reviewers" else pull["labels"])
        if rest == "/pulls":
            return self._open(call, repository) if call.method == "POST" else self._list(call, repository)
        if rest.startswith("/collaborators/"):
            return Reply(204)
        return Reply(200, {"full_name": repository, "archived": False, "permissions": {"pull": True, "push": True}})

    def _list(self, call: Call, repository: str) -> Reply:
        head, base = call.query.get("head", "").partition(":")[2], call.query.get("base")
        return Reply(200, [p for p in reversed(self.pulls) if _matches(p, repository, head, base, call.query["state"])])

    def _open(self, call: Call, repository: str) -> Reply:
        branch = call.body["head"]
        commit = run_git(self._root / f"{repository}.git", "rev-parse", "--verify", f"refs/heads/{branch}")
        if any(p["head"]["ref"] == branch and p["state"] == "open" for p in self.pulls):
            owner = repository.partition("/")[0]
            error = {
                "resource": "PullRequest",
                "code": "custom",
                "message": f"A pull request already exists for {owner}:{branch}.",
            }
            return Reply(422, {"message": "Validation Failed", "errors": [error]})
        number = len(self.pulls) + 1
        pull = {
            "number": number,
            "html_url": f"{call.base}/{repository}/pull/{number}",
            "state": "open",
            "merged_at": None,
            "title": call.body["title"],
            "body": call.body["body"],
            "draft": call.body["draft"],
            "head": {"ref": branch, "sha": commit, "repo": {"full_name": repository}},
            "base": {"ref": call.body["base"], "repo": {"full_name": repository}},
            "labels": [],
            "requested_reviewers": [],
            "repository": repository,
        }
        self.pulls.append(pull)
        return Reply(201, pull)


def _matches(pull: dict[str, Any], repository: str, head: str, base: str | None, state: str) -> bool:
    return (
        pull["repository"] == repository
        and (not head or pull["head"]["ref"] == head)
        and (base is None or pull["base"]["ref"] == base)
        and state in {"all", pull["state"]}
    )


@contextmanager
def demo_forge(
    files: dict[str, str] | None = None, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
) -> Iterator[tuple[DemoForge, str, str, Path]]:
    """Run a forge; yields the API, its URL, its token, and the directory of its bare repositories."""
    token = secrets.token_urlsafe(24)
    with TemporaryDirectory(prefix="demo-forge-", ignore_cleanup_errors=True) as directory:
        root = Path(directory)
        seed(root, REPOSITORY, files or FILES)
        forge = DemoForge(root, token)
        with serve(root, token, forge, host=host, tls=tls) as server:
            yield forge, server.url, token, root


@contextmanager
def surroundings() -> Iterator[Surroundings]:
    """Run what the example needs: the forge, with the settings that name it and the Secret with its token."""
    with demo_forge() as (_, url, token, _root):
        encoded = base64.b64encode(token.encode()).decode()
        secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": _SECRET}, "data": {"token": encoded}}
        yield Surroundings(settings=settings(url), objects=(secret,))


def settings(url: str) -> dict[str, Any]:
    """Return the action's settings for a forge at this URL."""
    forge = {
        "kind": "github",
        "url": url,
        "token_secret": {"name": _SECRET},
        "repositories": [REPOSITORY],
        "namespaces": ["*"],
    }
    return {"forges": [forge]}


def seed(root: Path, repository: str, files: dict[str, str]) -> Path:
    """Create a bare repository with one commit of these files on main, and return its path."""
    bare = root / f"{repository}.git"
    bare.parent.mkdir(parents=True, exist_ok=True)
    run_git(root, "init", "--quiet", "--bare", "--initial-branch=main", "--template=", str(bare))
    run_git(bare, "config", "uploadpack.allowFilter", "true")
    run_git(bare, "config", "uploadpack.allowAnySHA1InWant", "true")
    rows = []
    for path, content in files.items():
        blob = run_git(bare, "hash-object", "-w", "--stdin", stdin=content)
        rows.append(f"100644 {blob}\t{path}\n")
    run_git(bare, "update-index", "--index-info", stdin="".join(rows))
    commit = run_git(bare, "commit-tree", run_git(bare, "write-tree"), "-m", "What runs in production")
    run_git(bare, "update-ref", "refs/heads/main", commit)
    return bare


def run_git(directory: Path, *arguments: str, stdin: str = "") -> str:
    """Run git in this repository, without the machine's configuration, and return its output."""
    identity = {
        f"GIT_{role}_{what}": "demo@example.com" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
    }
    bare = {"GIT_DIR": str(directory)} if (directory / "HEAD").exists() else {}
    env = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        **identity,
        **bare,
    }
    done = subprocess.run(  # noqa: S603 - the demo's own commands
        ["git", *arguments],  # noqa: S607 - the git that is installed
        cwd=directory,
        env=env,
        input=stdin,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
