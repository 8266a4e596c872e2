"""Which files an execution can change: those on the admin's list, and of what a forge or git runs only what the admin allows by name.

The names are checked in the engine's process and again in the pod, which knows the repository as well: there, a file counts as every
symbolic link that leads to it. It works on plain values, because the pod has no pydantic.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Any

from kubernaut.runner import Rejected
from kubernaut_gitops_pr.folding import fold_path
from kubernaut_gitops_pr.repository import File, Repository
from kubernaut_gitops_pr.trusted_files import leads_to_trusted, trust

_MAX_LINKS = 100
"""How many symbolic links at places of trusted files are followed; each costs a request."""
_MAX_HOPS = 40
"""How many links in a row are followed, as Linux does."""


@dataclass(frozen=True, slots=True)
class PathRules:
    """The rules of one forge of the settings."""

    paths: Sequence[str]
    trusted_paths: Sequence[str]
    pipelines: Collection[str] = ()
    """Files that the forge itself names as pipelines."""

    @classmethod
    def of(cls, forge: Mapping[str, Any], pipelines: Collection[str] = ()) -> PathRules:
        """Return the rules of a `settings.ForgeSettings` as JSON."""
        return cls(forge.get("paths", ("**",)), forge.get("trusted_paths", ()), pipelines)

    def problem(self, path: str, link: str = "") -> str:
        """Return why this file cannot be changed, or "". `link` is a link to it, by which it may be trusted."""
        if who := trust(link or path, self.pipelines):
            if any(_matches(pattern, name) for pattern in self.trusted_paths for name in (path, link)):
                return ""
            file = f"{path}, to which {link} links," if link else path
            return f"{file} {who}: the admin can allow it in forges[].trusted_paths"
        if link or any(_matches(pattern, path) for pattern in self.paths):
            return ""
        return f"{path} is not on the list of files that can be changed: the admin can add it to forges[].paths"

    def check(self, repository: Repository, commit: str, paths: Collection[str]) -> None:
        """Raise Rejected if one of the files cannot be changed, or if a link of the commit makes it one of those."""
        for path in paths:
            if problem := self.problem(path):
                raise Rejected(f"changes: {problem}")
        for link, target in self._targets(repository, repository.links(commit)):
            for path in paths:
                if (alias := _alias(path, link, target)) and (problem := self.problem(path, alias)):
                    raise Rejected(f"changes: {problem}")

    def _targets(self, repository: Repository, links: Mapping[str, str]) -> Iterator[tuple[str, str]]:
        """Yield each link at a place of trusted files, and where it leads within the repository."""

        @cache
        def read(blob: str) -> str:
            return repository.read(File("120000", blob)).decode(errors="replace")

        relevant = [link for link in links if leads_to_trusted(link, self.pipelines)]
        if len(relevant) > _MAX_LINKS:
            raise Rejected(
                f"the repository has more than {_MAX_LINKS} symbolic links at places of files that a forge or git trusts, "
                f"such as {relevant[0]}: remove some"
            )
        for link in relevant:
            target = _join(link, read(links[link]))
            for _ in range(_MAX_HOPS):
                hop = next((part for part in _parents(target) if part in links), "")
                if not hop:
                    break
                target = posixpath.normpath(_join(hop, read(links[hop])) + target[len(hop) :])
            yield link, target


def _alias(path: str, link: str, target: str) -> str:
    """Return the path by which a link to this target leads to the file, or ""."""
    folded, prefix = fold_path(path), fold_path(target)
    if target == ".":
        return f"{link}/{path}"
    if folded != prefix and not folded.startswith(f"{prefix}/"):
        return ""
    return link + "".join(f"/{segment}" for segment in path.split("/")[target.count("/") + 1 :])


def _join(link: str, target: str) -> str:
    """Return where a link leads; a path that starts with `..` or `/` is outside of the repository."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(link), target))


def _parents(path: str) -> Iterable[str]:
    """Yield the path's parents from the root on, and then itself."""
    segments = path.split("/")
    return ("/".join(segments[:depth]) for depth in range(1, len(segments) + 1))


def _matches(pattern: str, path: str) -> bool:
    """Whether a pattern matches the path, exactly: `*` stays within a segment, `**` is any number of segments."""
    segments = path.split("/")
    positions = {0}
    for part in pattern.split("/"):
        if part == "**":
            positions = set(range(min(positions, default=len(segments) + 1), len(segments) + 1))
        else:
            positions = {at + 1 for at in positions if at < len(segments) and fnmatchcase(segments[at], part)}
    return len(segments) in positions
