"""Decides which namespaces are allowed to use which repository through which forge, in the engine's process and again in the pod.

It works on plain values, because the pod has no pydantic. What no pattern matches is not allowed; an empty list allows nothing. Names of
repositories are compared without regard to case, as GitHub and GitLab do: both find `platform/prod` under `Platform/PROD`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any


def find_forge(forges: Sequence[Mapping[str, Any]], repository: str, namespace: str) -> tuple[int, str]:
    """Return the index of the first forge that allows both and "", or -1 and the reason why none does."""
    if not forges:
        return (
            -1,
            "no forge is configured: the admin can name one in the engine's configuration (actions.gitops-pr.settings)",
        )
    known = [i for i, forge in enumerate(forges) if allows_repository(forge["repositories"], repository)]
    for index in known:
        if any(fnmatchcase(namespace, pattern) for pattern in forges[index]["namespaces"]):
            return index, ""
    if known:
        return (
            -1,
            f"namespace {namespace} is not allowed to use {repository}: the admin can allow it in forges[].namespaces",
        )
    return -1, f"{repository} is not on the list of allowed repositories: the admin can add it to forges[].repositories"


def allows_repository(patterns: Iterable[str], repository: str) -> bool:
    """Whether one of the patterns matches. `*` stays within one segment; `**` as the last segment matches any number of segments."""
    name = repository.lower().split("/")
    return any(_matches(pattern.lower().split("/"), name) for pattern in patterns)


def _matches(pattern: list[str], name: list[str]) -> bool:
    if pattern[-1] == "**" and len(name) >= len(pattern):
        return _matches(pattern[:-1] + ["*"] * (len(name) - len(pattern) + 1), name)
    return len(pattern) == len(name) and all(map(fnmatchcase, name, pattern))
