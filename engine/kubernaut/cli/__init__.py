"""The command line."""

from __future__ import annotations

from kubernaut.cli.app import main

__all__ = ["main"]
