"""Applies the changes to a commit: computes the new tree and each value that differs. Pushes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.file_changes import ValueChange, apply_change
from kubernaut_gitops_pr.path_rules import PathRules
from kubernaut_gitops_pr.repository import Repository
from kubernaut_gitops_pr.tree import EditError


@dataclass(frozen=True, slots=True)
class Plan:
    """The result of applying the changes to one commit."""

    commit: str
    tree: str
    """The tree with the changes; the tree of the commit if they change nothing."""
    edits: tuple[tuple[str, ValueChange], ...]
    """Each changed value, with the path of its file."""
    digests: tuple[tuple[str, str | None, str], ...]
    """Each changed file with the SHA-256 of its content before, None if it did not exist, and after."""
    empty: bool


def make_plan(repository: Repository, commit: str, changes: Sequence[Mapping[str, Any]], rules: PathRules) -> Plan:
    """Return the plan for this commit. Raises Rejected naming the file."""
    rules.check(repository, commit, list(dict.fromkeys(change["path"] for change in changes)))
    files: dict[str, tuple[str, bytes]] = {}
    originals: dict[str, bytes | None] = {}
    edits: list[tuple[str, ValueChange]] = []
    for change in changes:
        path = change["path"]
        if path not in originals:
            found = repository.file(commit, path)
            originals[path] = repository.read(found) if found else None
            files[path] = (found.mode if found else "100644", originals[path] or b"")
        mode, content = files[path]
        exists = originals[path] is not None or bool(content)
        try:
            content, values = apply_change(path, content if exists else None, change)
        except EditError as error:
            raise Rejected(f"{path}: {error}") from None
        files[path] = (mode, content)
        edits += [(path, edit) for edit in values]
    changed = {path: new for path, new in files.items() if originals[path] != new[1]}
    tree = repository.write(commit, changed) if changed else repository.tree(commit)
    digests = tuple(
        (path, _sha256(old) if (old := originals[path]) is not None else None, _sha256(content))
        for path, (_, content) in changed.items()
    )
    return Plan(commit, tree, tuple(edits) if changed else (), digests, not changed)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
