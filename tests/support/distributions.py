"""Small distributions for tests of the plugin loader, as it finds them on disk."""

from __future__ import annotations

import re
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

_OFFLINE = ("--no-deps", "--no-build-isolation", "--no-index")


@dataclass(frozen=True)
class Distribution:
    """A distribution with one module, and the entry points that name it."""

    name: str
    source: str
    actions: tuple[str, ...] = ()
    group: str = "kubernaut.actions"

    @property
    def module(self) -> str:
        """The import name."""
        return self.name.replace("-", "_")

    @property
    def entry_points(self) -> str:
        """Its entry points, a line each."""
        return "\n".join(f"{action} = {self.module}" for action in self.actions or (self.name,))

    @property
    def code(self) -> str:
        """Its module's source."""
        return self.source.replace("{module}", self.module)

    def write(self, folder: Path) -> Path:
        """Write its source tree and return the path."""
        root = folder / self.name
        root.mkdir()
        points = re.sub(r"= (.*)", r'= "\1"', self.entry_points)
        text = _PYPROJECT.format(name=self.name, group=self.group, entry_points=points, module=self.module)
        (root / "pyproject.toml").write_text(text, "utf-8")
        (root / f"{self.module}.py").write_text(self.code, "utf-8")
        return root


def build_wheel(source: Path, folder: Path) -> Path:
    """Build the wheel of a source tree, as `pip install SOURCE` does and without an index; return the wheel's path."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", *_OFFLINE, "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(distributions: Iterable[Distribution], folder: Path) -> Path:
    """Write distributions into a folder as pip installs them: their modules and metadata."""
    target = folder / "site"
    target.mkdir(parents=True)
    for distribution in distributions:
        metadata = target / f"{distribution.name.replace('-', '_')}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution.name}\nVersion: 1.0\n", "utf-8")
        (metadata / "entry_points.txt").write_text(f"[{distribution.group}]\n{distribution.entry_points}\n", "utf-8")
        (target / f"{distribution.module}.py").write_text(distribution.code, "utf-8")
    return target


def install_with_pip(distribution: Distribution, folder: Path) -> Path:
    """Build a distribution and install it with pip, without an index; this takes about a second."""
    sources, target = folder / "sources", folder / "site"
    sources.mkdir(parents=True)
    command = [sys.executable, "-m", "pip", "install", "--quiet", *_OFFLINE, "--target", str(target)]
    subprocess.run([*command, str(distribution.write(sources))], check=True)
    return target
