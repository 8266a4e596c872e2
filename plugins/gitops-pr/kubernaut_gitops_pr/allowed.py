"""Who may use which repository through which forge: the one decision that the engine's process and the pod both take.

It works on plain values, because the pod has no pydantic. What no pattern names is not allowed; an empty list allows nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any


def forge_for(forges: Sequence[Mapping[str, Any]], repository: str, namespace: str) -> tuple[int, str]:
    """The index of the first forge that allows both, and "" ; or -1 and why none does."""
    if not forges:
        return (
            -1,
            "no forge is configured: the admin names them in the engine's configuration (actions.gitops-pr.settings)",
        )
    known = [i for i, forge in enumerate(forges) if allows_repository(forge["repositories"], repository)]
    for index in known:
        if any(fnmatchcase(namespace, pattern) for pattern in forges[index]["namespaces"]):
            return index, ""
    if known:
        return -1, f"namespace {namespace} may not use {repository}: the admin allows it in forges[].namespaces"
    return -1, f"{repository} is not on the list of allowed repositories: the admin adds it to forges[].repositories"


def allows_repository(patterns: Iterable[str], repository: str) -> bool:
    """Does one of the patterns match? `*` stays within one segment, a last segment `**` matches any number of them."""
    return any(_matches(pattern.split("/"), repository.split("/")) for pattern in patterns)


def _matches(pattern: list[str], name: list[str]) -> bool:
    if pattern[-1] == "**" and len(name) >= len(pattern):
        return _matches(pattern[:-1] + ["*"] * (len(name) - len(pattern) + 1), name)
    return len(pattern) == len(name) and all(map(fnmatchcase, name, pattern))
