"""The distribution `kubernaut-sandbox`: it contains every package, and requires what its modules import."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest

import kubernaut_sandbox

_ROOT = Path(kubernaut_sandbox.__file__).parent
_IGNORED = ("build", "__pycache__")


@pytest.fixture(scope="module")
def pyproject():
    return tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))


def _modules():
    found = [path for path in _ROOT.rglob("*.py") if not set(_IGNORED) & set(path.relative_to(_ROOT).parts)]
    assert found
    return found


def _imported():
    """The top-level names that the modules import."""
    for path in _modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield (node.module or "").partition(".")[0]


def test_every_sub_package_is_in_the_distribution(pyproject):
    folders = {path.parent.relative_to(_ROOT).parts for path in _modules()}
    packages = {".".join(("kubernaut_sandbox", *folder)) for folder in folders}
    assert set(pyproject["tool"]["setuptools"]["packages"]) == packages


def test_the_distribution_requires_exactly_what_its_modules_import(pyproject):
    names = set(_imported()) - set(sys.stdlib_module_names) - {"kubernaut_sandbox"}
    providers = importlib.metadata.packages_distributions()
    imported = {providers[name][0].lower().replace("_", "-") for name in names}
    required = {re.split(r"[<>=\[]", line, maxsplit=1)[0].lower() for line in pyproject["project"]["dependencies"]}
    assert required == imported
