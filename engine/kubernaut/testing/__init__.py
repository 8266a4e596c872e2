"""For authors of plugins: a sandbox with a running engine for plain, synchronous tests, and the proof of minimal permissions.

It is installed with the engine as a pytest plugin: the fixtures `workbench` and `run_action` need no import. Without pytest, use
`with Workbench() as bench:`. Names are loaded on first use, as pytest imports this package wherever the engine is installed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernaut.testing.minimal_rights import assert_minimal_rights
    from kubernaut.testing.workbench import Ended, Workbench

_MODULES = {"assert_minimal_rights": "minimal_rights", "Ended": "workbench", "Workbench": "workbench"}

__all__ = ["Ended", "Workbench", "assert_minimal_rights"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'kubernaut.testing' has no attribute {name!r}")
    return getattr(import_module(f"kubernaut.testing.{_MODULES[name]}"), name)
