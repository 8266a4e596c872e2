"""Applies the changes to a commit: computes the new tree and each value that differs. Pushes nothing."""

from __future__ import annotations

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
    return Plan(commit, tree, tuple(edits) if changed else (), not changed)
