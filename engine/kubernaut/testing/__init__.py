"""The author's kit: a sandbox with the engine at work for plain, synchronous tests, and the proof of minimal rights.

Installed with the engine, it is a pytest plugin: the fixtures `workbench` and `run_action` are there without an import. Outside of
pytest, `with Workbench() as bench:` does the same. Each name is loaded on first use, as pytest imports this wherever the engine is
installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernaut.testing.minimal_rights import assert_minimal_rights
    from kubernaut.testing.workbench import Ended, Workbench

_HOMES = {"assert_minimal_rights": "minimal_rights", "Ended": "workbench", "Workbench": "workbench"}

__all__ = ["Ended", "Workbench", "assert_minimal_rights"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'kubernaut.testing' has no attribute {name!r}")
    return getattr(import_module(f"kubernaut.testing.{_HOMES[name]}"), name)
