"""docs/architecture.md names modules and packages that exist, and all packages; each package introduces itself."""

import re
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PACKAGES = sorted(
    p.parent.relative_to(ROOT / "engine" / "kubernaut").as_posix()
    for p in (ROOT / "engine" / "kubernaut").glob("*/__init__.py")
)
NAMED = sorted({name for name in re.findall(r"[`\"](\w+(?:\.\w+)+)[`\"]", PAGE) if name.split(".")[0] in PACKAGES})


def exists(name):
    """Whether it is a module of the engine, or a name in one."""
    try:
        return find_spec(f"kubernaut.{name}") is not None
    except ModuleNotFoundError:  # what is before the last dot is a module, not a package
        module, _, member = name.rpartition(".")
        return hasattr(import_module(f"kubernaut.{module}"), member)


def test_the_page_names_the_modules_that_an_execution_passes_through():
    assert len(NAMED) > 40


@pytest.mark.parametrize("name", NAMED)
def test_a_module_that_the_page_names_exists(name):
    assert exists(name)


def test_every_package_has_its_row_among_the_layers():
    layers = PAGE[PAGE.index("## Layers") : PAGE.index("## House rules")]
    assert [package for package in PACKAGES if f"`{package}`" not in layers] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_introduces_itself(package):
    text = import_module(f"kubernaut.{package}").__doc__ or ""
    assert len(text.splitlines()) >= 3, "say what it is for, what it may use, and where to start reading"


def test_the_readme_leads_to_the_page():
    assert "docs/architecture.md" in (ROOT / "README.md").read_text("utf-8")
