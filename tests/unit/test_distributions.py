"""The distributions `kubernaut-cel` and `kubernaut-sandbox`: each contains every package, and requires what its modules import."""

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

import pytest

import kubernaut_cel
import kubernaut_sandbox

_IGNORED = ("build", "__pycache__")


@pytest.fixture(params=[kubernaut_cel, kubernaut_sandbox], ids=lambda package: package.__name__)
def root(request):
    return Path(request.param.__file__).parent


@pytest.fixture
def pyproject(root):
    return tomllib.loads((root / "pyproject.toml").read_text("utf-8"))


def _modules(root):
    found = [path for path in root.rglob("*.py") if not set(_IGNORED) & set(path.relative_to(root).parts)]
    assert found
    return found


def _imported(root):
    """The top-level names that the modules import."""
    for path in _modules(root):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                yield (node.module or "").partition(".")[0]


def test_every_sub_package_is_in_the_distribution(root, pyproject):
    folders = {path.parent.relative_to(root).parts for path in _modules(root)}
    packages = {".".join((root.name, *folder)) for folder in folders}
    assert set(pyproject["tool"]["setuptools"]["packages"]) == packages


def test_the_distribution_requires_exactly_what_its_modules_import(root, pyproject):
    names = set(_imported(root)) - set(sys.stdlib_module_names) - {root.name}
    providers = importlib.metadata.packages_distributions()
    imported = {providers[name][0].lower().replace("_", "-") for name in names}
    required = {re.split(r"[<>=\[]", line, maxsplit=1)[0].lower() for line in pyproject["project"]["dependencies"]}
    assert required == imported
