"""Works out what the changes make of a commit: the new tree, and each value that differs. Pushes nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.edits import Edited, edited
from kubernaut_gitops_pr.repository import Repository
from kubernaut_gitops_pr.tree import EditError


@dataclass(frozen=True, slots=True)
class Plan:
    """The changes, made on one commit."""

    commit: str
    tree: str
    """The tree with the changes; the commit's own if they change nothing."""
    edits: tuple[tuple[str, Edited], ...]
    """Each with the path of its file."""
    empty: bool


def planned(repository: Repository, commit: str, changes: Sequence[Mapping[str, Any]]) -> Plan:
    """The changes on top of this commit; raises Rejected naming the file."""
    files: dict[str, tuple[str, bytes]] = {}
    originals: dict[str, bytes | None] = {}
    edits: list[tuple[str, Edited]] = []
    for change in changes:
        path = change["path"]
        if path not in originals:
            found = repository.file(commit, path)
            originals[path] = repository.read(found) if found else None
            files[path] = (found.mode if found else "100644", originals[path] or b"")
        mode, content = files[path]
        exists = originals[path] is not None or bool(content)
        try:
            content, told = edited(path, content if exists else None, change)
        except EditError as error:
            raise Rejected(f"{path}: {error}") from None
        files[path] = (mode, content)
        edits += [(path, edit) for edit in told]
    changed = {path: new for path, new in files.items() if originals[path] != new[1]}
    tree = repository.write(commit, changed) if changed else repository.tree(commit)
    return Plan(commit, tree, tuple(edits) if changed else (), not changed)
