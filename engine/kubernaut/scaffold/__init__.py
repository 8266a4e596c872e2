"""Writes the plugin of `kubernaut new-action`: a distribution that installs, passes its own tests and runs in the sandbox as it is.

The files are in `template/`: those that every plugin has in `common/`, the others by kind. docs/writing-an-action.md explains them; start
with `scaffold`, which fills in the names. This package uses `api` for the rules of names and `plugins` for their maximum length.
"""

from __future__ import annotations

from enum import StrEnum
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from kubernaut.api.names import is_label
from kubernaut.errors import InputError
from kubernaut.plugins.registry import MAX_ACTION_NAME_LENGTH

_SUFFIX = ".template"


class Kind(StrEnum):
    """What an action does, and so what its plugin starts from."""

    PATCH = "patch"
    """It changes fields of an object."""
    WAIT = "wait"
    """It changes fields of a workload, and waits until every pod has the change."""
    CHECK = "check"
    """It changes nothing, and waits until something holds."""
    COMMAND = "command"
    """It runs a program with visible arguments instead of Python."""


def scaffold(name: str, parent: Path, kind: Kind = Kind.PATCH) -> list[Path]:
    """Write `kubernaut-NAME` into `parent` and return its files. Raises InputError for an invalid name or a folder that exists."""
    if not is_label(name) or len(name) > MAX_ACTION_NAME_LENGTH or not name[0].isalpha():
        raise InputError(
            f"{name!r} is not a valid action name: use lower-case letters, digits and '-', at most {MAX_ACTION_NAME_LENGTH} characters"
        )
    target = parent / f"kubernaut-{name}"
    if target.exists() or target.is_symlink():
        raise InputError(f"{target} already exists: choose another name, or remove it")
    words = name.replace("-", " ")
    names = {
        "name": name,
        "package": f"kubernaut_{name.replace('-', '_')}",
        "words": words,
        "model": words.title().replace(" ", ""),
    }
    written = []
    root = files("kubernaut.scaffold").joinpath("template")
    for template in [*_templates(root.joinpath("common")), *_templates(root.joinpath(kind))]:
        relative = template[0].replace("package/", f"{names['package']}/").removesuffix(_SUFFIX)
        file = target / relative
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(Template(template[1].read_text("utf-8")).substitute(names), "utf-8")
        written.append(file)
    return written


def _templates(folder: Traversable, prefix: str = "") -> list[tuple[str, Traversable]]:
    """Return every template below the folder, with its path."""
    found: list[tuple[str, Traversable]] = []
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            found += _templates(entry, f"{prefix}{entry.name}/")
        elif entry.name.endswith(_SUFFIX):
            found.append((f"{prefix}{entry.name}", entry))
    return found
