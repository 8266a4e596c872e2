"""A repository of the forge and its clone: a bare clone of one commit, without working files.

Files are read from and written to git's object store, and never put into the file system. So no symlink can lead out of the clone, no
filter, hook or attribute of the repository can run, and only the contents that a change needs are fetched.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr.git import MAX_OUTPUT_BYTES, Git, GitError
from kubernaut_gitops_pr.git_errors import ErrorTranslator, NoSuchCommitError
from kubernaut_gitops_pr.retry_budget import RetryBudget

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_CLONE = "repository.git"
_MAX_LISTING_BYTES = 64 * 1024 * 1024
_KINDS_BY_MODE = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a directory"}
_FILE_MODES = {"100644", "100755"}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a commit."""

    mode: str
    blob: str


class Repository:
    """One repository of the forge, and its clone."""

    def __init__(self, git: Git, directory: Path, url: str, errors: ErrorTranslator, budget: RetryBudget) -> None:
        self._git, self._directory, self._url = git, directory, url
        self._errors, self._budget = errors, budget
        self._environment = {
            "GIT_DIR": str(directory / _CLONE),
            "GIT_INDEX_FILE": str(directory / "index"),
            "GIT_LITERAL_PATHSPECS": "1",
        }

    def heads(self, *branches: str) -> dict[str, str]:
        """Return those of the branches that exist, with their commits; all branches if none is named."""
        output = self._remote("ls-remote", "--heads", "--", self._url, *(f"refs/heads/{branch}" for branch in branches))
        rows = [line.partition("\t") for line in output.decode(errors="replace").splitlines()]
        return {name.removeprefix("refs/heads/"): commit for commit, _, name in rows}

    def clone(self, branch: str) -> str:
        """Fetch the branch's commit and return it, without the contents of files if the forge can leave them out."""
        self._remote(
            "clone", "--bare", "--depth=1", "--single-branch", "--no-tags", "--filter=blob:none", "--template=", "--quiet",
            f"--branch={branch}", "--", self._url, _CLONE,
        )  # fmt: skip
        return self._local("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}").decode().strip()

    def fetch(self, branch: str) -> tuple[str, tuple[str, ...]]:
        """Fetch a branch and return its commit and that commit's parents. Raises NoSuchCommitError."""
        return self._fetch(f"refs/heads/{branch}", "FETCH_HEAD")

    def fetch_commit(self, commit: str) -> tuple[str, ...]:
        """Fetch a commit and return its parents. Raises NoSuchCommitError."""
        if not _COMMIT.fullmatch(commit):
            raise NoSuchCommitError(f"{commit[:80]} is not the name of a commit")
        return self._fetch(commit, f"{commit}^{{commit}}")[1]

    def _fetch(self, wanted: str, name: str) -> tuple[str, tuple[str, ...]]:
        self._remote("fetch", "--depth=2", "--no-tags", "--filter=blob:none", "--quiet", "origin", wanted)
        commit, *parents = self._local("rev-list", "--parents", "-n1", name).decode().split()
        return commit, tuple(parents)

    def fetch_all(self, branches: Sequence[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
        """Fetch branches and return the commit of each and its parents."""
        names = {branch: f"refs/fetched/{number}" for number, branch in enumerate(branches)}
        refs = [f"+refs/heads/{branch}:{name}" for branch, name in names.items()]
        self._remote("fetch", "--depth=2", "--no-tags", "--filter=blob:none", "--quiet", "origin", *refs)
        found = {}
        for branch, name in names.items():
            commit, *parents = self._local("rev-list", "--parents", "-n1", name).decode().split()
            found[branch] = (commit, tuple(parents))
        return found

    def changes(self, before: str, after: str) -> bytes:
        """Return what differs between two commits or trees: for each file its path, and mode and content on both sides."""
        return self._local("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-abbrev", before, after, "--")

    def tree(self, commit: str) -> str:
        """Return the tree of the commit."""
        return self._local("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()

    def file(self, commit: str, path: str) -> File | None:
        """Return the file at this path, or None. Raises Rejected if the path leads through something other than a directory, or to one."""
        segments = path.split("/")
        for depth in range(1, len(segments) + 1):
            part = "/".join(segments[:depth])
            row = (
                self._local("ls-tree", "-z", "--full-tree", commit, "--", part)
                .decode(errors="replace")
                .partition("\0")[0]
            )
            if not row:
                return None
            mode, _, blob = row.partition("\t")[0].split(" ")
            last = depth == len(segments)
            if last and mode in _FILE_MODES:
                return File(mode, blob)
            if last or mode != "040000":
                kind = _KINDS_BY_MODE.get(mode, "a file")
                raise Rejected(f"{path}: {part} is {kind} in the repository; only files in directories can be changed")
        raise AssertionError("a path has at least one segment")

    def links(self, commit: str) -> dict[str, str]:
        """Return the path and the blob of each symbolic link."""
        listing = self._local("ls-tree", "-r", "-z", "--full-tree", commit, max_bytes=_MAX_LISTING_BYTES)
        rows = (row.decode(errors="replace") for row in listing.split(b"\0") if row.startswith(b"120000 "))
        return {path: about.split(" ")[2] for about, _, path in (row.partition("\t") for row in rows)}

    def read(self, file: File) -> bytes:
        """Return the content of the file, and fetch it first if necessary."""
        return self._remote("cat-file", "blob", file.blob)

    def write(self, commit: str, files: Mapping[str, tuple[str, bytes]]) -> str:
        """Write a tree of the commit with these files (mode and content), and return it."""
        self._local("read-tree", commit)
        rows = []
        for path, (mode, content) in files.items():
            blob = self._local("hash-object", "-w", "--stdin", stdin=content).decode().strip()
            rows.append(f"{mode} {blob}\t{path}\0")
        self._local("update-index", "-z", "--index-info", stdin="".join(rows).encode())
        return self._local("write-tree", "--missing-ok").decode().strip()

    def diff(self, commit: str, tree: str) -> str:
        """Return a unified diff."""
        options = ("-p", "-r", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        return self._remote("diff-tree", *options, commit, tree, "--").decode(errors="replace")

    def commit(self, tree: str, parent: str, message: str) -> str:
        """Create a commit of this tree and return it."""
        return self._local("commit-tree", tree, "-p", parent, "-F", "-", stdin=message.encode()).decode().strip()

    def push(self, commit: str, branch: str, *, dry_run: bool = False) -> None:
        """Create the branch, never with force. Raises BranchExistsError if there is one that the commit does not descend from."""
        options = ["--dry-run"] if dry_run else []
        arguments = ["--quiet", "--porcelain", "--no-verify", *options, "--", "origin", f"{commit}:refs/heads/{branch}"]
        self._remote("push", *arguments, explain=lambda error: self._errors.from_push(error, branch))

    def _local(self, *arguments: str, stdin: bytes = b"", max_bytes: int = MAX_OUTPUT_BYTES) -> bytes:
        try:
            return self._git.run(*arguments, stdin=stdin, env=self._environment, max_bytes=max_bytes)
        except GitError as error:
            raise Rejected(f"git {arguments[0]} failed: {error}") from None

    def _remote(self, *arguments: str, explain: Callable[[GitError], Exception] | None = None) -> bytes:
        """Run a command that may need the network, and retry transient errors within the budget of the step."""
        environment = {} if arguments[0] in {"clone", "ls-remote"} else self._environment
        attempt = 0
        while True:
            started = time.monotonic()
            try:
                return self._git.run(*arguments, env=environment)
            except GitError as error:
                outcome = (explain or self._errors.from_git)(error)
            self._budget.spend(time.monotonic() - started)
            if not isinstance(outcome, TryAgain) or not self._budget.wait(attempt):
                raise outcome
            attempt += 1
