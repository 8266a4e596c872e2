"""A repository as this action uses it: a bare clone of one commit, without any working files.

Files are read from and written to git's object store. So nothing of the repository is ever put into the file system: no symlink can lead
out of it, no filter, hook or attribute of it can run, and only the contents that a change is about are fetched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kubernaut.runner import Rejected, TryAgain
from kubernaut_gitops_pr.git import Git, GitError
from kubernaut_gitops_pr.patience import Patience
from kubernaut_gitops_pr.troubles import BranchTaken, Explainer

_CLONE = "repository.git"
_WHAT = {"120000": "a symbolic link", "160000": "a submodule", "040000": "a directory"}
_FILE_MODES = {"100644", "100755"}


@dataclass(frozen=True, slots=True)
class File:
    """A file of a commit."""

    mode: str
    blob: str


class Repository:
    """One repository of the forge, and the clone of it."""

    def __init__(self, git: Git, directory: Path, url: str, explainer: Explainer, patience: Patience) -> None:
        self._git, self._directory, self._url = git, directory, url
        self._explainer, self._patience = explainer, patience
        self._at = {
            "GIT_DIR": str(directory / _CLONE),
            "GIT_INDEX_FILE": str(directory / "index"),
            "GIT_LITERAL_PATHSPECS": "1",
        }

    def heads(self, *branches: str) -> dict[str, str]:
        """Those of the branches that exist, with their commits; all there are if none is named."""
        output = self._remote("ls-remote", "--heads", "--", self._url, *(f"refs/heads/{branch}" for branch in branches))
        rows = [line.partition("\t") for line in output.decode(errors="replace").splitlines()]
        return {name.removeprefix("refs/heads/"): commit for commit, _, name in rows}

    def clone(self, branch: str) -> str:
        """Fetch the branch's commit, without the files' contents where the forge can leave them out; returns it."""
        self._remote(
            "clone", "--bare", "--depth=1", "--single-branch", "--no-tags", "--filter=blob:none", "--template=", "--quiet",
            f"--branch={branch}", "--", self._url, _CLONE,
        )  # fmt: skip
        return self._local("rev-parse", "--verify", f"refs/heads/{branch}^{{commit}}").decode().strip()

    def fetch(self, branch: str) -> tuple[str, tuple[str, ...]]:
        """A branch's commit and that commit's parents."""
        self._remote(
            "fetch", "--depth=2", "--no-tags", "--filter=blob:none", "--quiet", "origin", f"refs/heads/{branch}"
        )
        commit, *parents = self._local("rev-list", "--parents", "-n1", "FETCH_HEAD").decode().split()
        return commit, tuple(parents)

    def tree(self, commit: str) -> str:
        """The commit's tree."""
        return self._local("rev-parse", "--verify", f"{commit}^{{tree}}").decode().strip()

    def file(self, commit: str, path: str) -> File | None:
        """The file at this path, None if there is none; raises Rejected if the path leads through or to anything else."""
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
                leads = f"{part} is {_WHAT.get(mode, 'a file')}"
                raise Rejected(f"{path}: {leads} in the repository, and changes go to files in directories only")
        raise AssertionError("a path has at least one segment")

    def read(self, file: File) -> bytes:
        """The file's content, fetched if it is not here yet."""
        return self._remote("cat-file", "blob", file.blob)

    def write(self, commit: str, files: Mapping[str, tuple[str, bytes]]) -> str:
        """The tree of the commit with these files (mode and content) in it."""
        self._local("read-tree", commit)
        rows = []
        for path, (mode, content) in files.items():
            blob = self._local("hash-object", "-w", "--stdin", stdin=content).decode().strip()
            rows.append(f"{mode} {blob}\t{path}\0")
        self._local("update-index", "-z", "--index-info", stdin="".join(rows).encode())
        return self._local("write-tree", "--missing-ok").decode().strip()

    def diff(self, commit: str, tree: str) -> str:
        """A unified diff."""
        options = ("-p", "-r", "--no-color", "--no-ext-diff", "--no-textconv", "--no-renames")
        return self._remote("diff-tree", *options, commit, tree, "--").decode(errors="replace")

    def commit(self, tree: str, parent: str, message: str) -> str:
        """A commit of this tree; returns it."""
        return self._local("commit-tree", tree, "-p", parent, "-F", "-", stdin=message.encode()).decode().strip()

    def push(self, commit: str, branch: str, *, rehearse: bool = False) -> None:
        """Make the branch; raises BranchTaken if there is one that the commit does not follow. Never with force."""
        rehearsal = ["--dry-run"] if rehearse else []
        self._remote("push", "--quiet", "--no-verify", *rehearsal, "--", "origin", f"{commit}:refs/heads/{branch}")

    def _local(self, *arguments: str, stdin: bytes = b"") -> bytes:
        try:
            return self._git.run(*arguments, stdin=stdin, env=self._at)
        except GitError as error:
            raise Rejected(f"git {arguments[0]} failed: {error}") from None

    def _remote(self, *arguments: str) -> bytes:
        """A call that may need the network: what passes is tried again, within the patience of the step."""
        here = {} if arguments[0] in {"clone", "ls-remote"} else self._at
        attempt = 0
        while True:
            try:
                return self._git.run(*arguments, env=here)
            except GitError as error:
                outcome = self._explainer.explained(str(error))
            if isinstance(outcome, BranchTaken) and arguments[0] != "push":
                outcome = TryAgain(str(outcome))
            if not isinstance(outcome, TryAgain) or not self._patience.wait(attempt):
                raise outcome
            attempt += 1
