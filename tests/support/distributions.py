"""Real little distributions, built and installed by pip for a test: the loader is tested on what it will meet."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_PYPROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[project]
name = "{name}"
version = "1.0"
[project.entry-points."{group}"]
{entry_points}
[tool.setuptools]
py-modules = ["{module}"]
"""

ACTION = """
from typing import Any
import kubernaut
from kubernaut import ActionSpec, Execution, Parameters, Problem, Rule, Target

HOOK_VERSION = 1

class Nothing(Parameters):
    name: kubernaut.ObjectName = "thing"

@kubernaut.hookimpl
def describe() -> ActionSpec:
    return ActionSpec(summary="A test's action.", parameters=Nothing, target=lambda p: Target("Thing", p.name), service_account="doer")

@kubernaut.hookimpl
def build_job(execution: Execution) -> dict[str, Any]:
    return kubernaut.runner_job(execution, "{module}")
"""


@dataclass(frozen=True)
class Distribution:
    """What is built: one module, and the entry points that lead to it."""

    name: str
    source: str
    actions: tuple[str, ...] = ()
    group: str = "kubernaut.actions"

    @property
    def module(self) -> str:
        """The import name."""
        return self.name.replace("-", "_")

    def write(self, folder: Path) -> Path:
        """Its source tree."""
        root = folder / self.name
        root.mkdir()
        points = "\n".join(f'{action} = "{self.module}"' for action in self.actions or (self.name,))
        text = _PYPROJECT.format(name=self.name, group=self.group, entry_points=points, module=self.module)
        (root / "pyproject.toml").write_text(text, "utf-8")
        (root / f"{self.module}.py").write_text(self.source.replace("{module}", self.module), "utf-8")
        return root


def install(distributions: Iterable[Distribution], folder: Path) -> Path:
    """Install them all with pip into a folder to be put on the path; no index is asked."""
    sources, target = folder / "sources", folder / "site"
    sources.mkdir(parents=True)
    roots = [str(distribution.write(sources)) for distribution in distributions]
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        str(target),
    ]
    subprocess.run([*command, *roots], check=True)
    return target
