"""The name of the agent that asks, as it is written to everything that it creates. It is a claim: any program can give any name."""

from __future__ import annotations

from kubernaut.api.annotations import MAX_LENGTHS
from kubernaut.api.labels import ANNOTATION_AGENT
from kubernaut.errors import InputError
from kubernaut.printable import is_printable, printable

_MAX_LENGTH = MAX_LENGTHS[ANNOTATION_AGENT]
_UNNAMED = "an MCP client without a name"


def chosen_name(text: str) -> str:
    """Return the name that a user chose for the agent. Raises InputError naming the option."""
    if len(text) > _MAX_LENGTH or not is_printable(text):
        raise InputError(f"--agent: write a name of at most {_MAX_LENGTH} characters, without control characters")
    return text


def client_name(name: str, version: str) -> str:
    """Return what a client calls itself, in one line without control characters, cut to what an annotation may hold."""
    words = " ".join(printable(f"{name} {version}").split())
    return words[:_MAX_LENGTH].strip() or _UNNAMED
