"""`kubernaut configuration`: a commented configuration file."""

from __future__ import annotations

from kubernaut.cli.config_reference import commented_settings
from kubernaut.plugins.registry import Registry


def configuration() -> None:
    """Print a configuration file with every field, its meaning and its default."""
    print(commented_settings(Registry.discover()), end="")  # noqa: T201 - a document, which rich would wrap
