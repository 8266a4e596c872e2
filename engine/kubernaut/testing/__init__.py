"""The author's kit: a sandbox with the engine at work for plain, synchronous tests, and the proof of minimal rights.

Installed with the engine, it is a pytest plugin: the fixtures `workbench` and `run_action` are there without an import. Outside of
pytest, `with Workbench() as bench:` does the same.
"""

from __future__ import annotations

from kubernaut.testing.rights import assert_minimal_rights
from kubernaut.testing.workbench import Ended, Workbench

__all__ = ["Ended", "Workbench", "assert_minimal_rights"]
