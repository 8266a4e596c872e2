"""Prints what the image needs of others, one requirement a line: the dependencies of the engine and the plugins, and what builds them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]


def requirements() -> list[str]:
    """Return the requirements, without those on the project's own distributions."""
    found: set[str] = set()
    files = (
        ROOT / "pyproject.toml",
        ROOT / "engine" / "kubernaut_cel" / "pyproject.toml",
        *(ROOT / "plugins").glob("*/pyproject.toml"),
    )
    for file in files:
        project = tomllib.loads(file.read_text("utf-8"))
        found |= {*project["project"]["dependencies"], *project["build-system"]["requires"]}
    return sorted(requirement for requirement in found if not re.match("kubernaut[-_]", requirement))


if __name__ == "__main__":
    print(*requirements(), sep="\n")  # noqa: T201 - its output
