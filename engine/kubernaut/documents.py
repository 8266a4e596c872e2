"""Reads YAML and JSON that a person hands over: files, standard input and values on the command line.

What a parser would fail on with a traceback, or never finish, is refused: nesting without end, aliases and merge keys that multiply, and
files without end. Errors say where, and never quote the document, which may have secrets in it.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 4 * 1024 * 1024
"""Of one document as it is written, and of its values once each alias is counted as what it stands for."""
MAX_DEPTH = 100
"""Levels of mappings and lists."""


class DocumentError(ValueError):
    """A document that cannot be read; the message says what is wrong, and where."""


class LimitError(DocumentError):
    """A document that is too large or nested too deeply."""


def read_document(file: Path) -> bytes:
    """Return the content of a file. Raises DocumentError, from an OSError if it cannot be read."""
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise DocumentError(getattr(error, "strerror", None) or str(error)) from error
    if len(content) > MAX_BYTES:
        raise LimitError(f"it has more than {MAX_BYTES} bytes")
    return content


def read_standard_input() -> str:
    """Return what is on standard input. Raises DocumentError."""
    try:
        text = sys.stdin.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise DocumentError("it is not text in UTF-8") from error
    if len(text) > MAX_BYTES:
        raise LimitError(f"it has more than {MAX_BYTES} characters")
    return text


def load_yaml(text: str | bytes, max_depth: int = MAX_DEPTH) -> Any:
    """Return the one document in a text of YAML or JSON. Raises DocumentError."""
    documents = load_all_yaml(text, max_depth)
    if len(documents) > 1:
        raise DocumentError("it has more than one document")
    return documents[0] if documents else None


def load_all_yaml(text: str | bytes, max_depth: int = MAX_DEPTH) -> list[Any]:
    """Return all documents in a text of YAML. Raises DocumentError."""
    try:
        documents = list(yaml.load_all(text, _Loader))
    except RecursionError:
        raise _too_deep(max_depth) from None
    except DocumentError:
        raise
    except (yaml.YAMLError, ValueError) as error:
        raise DocumentError(_problem(error)) from None
    for document in documents:
        _check(document, max_depth)
    return documents


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # the base depends on how PyYAML was built
    """The safe loader, with merge keys that cannot multiply without limit."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        super().flatten_mapping(node)
        self.merged = getattr(self, "merged", 0) + len(node.value)
        if self.merged > MAX_BYTES:
            raise LimitError("its merge keys multiply")


def _check(document: Any, max_depth: int) -> None:
    """Raise DocumentError for a document that cannot be handled as a whole, or sent as JSON."""
    level, depth, size = [document], 0, 0
    while level:
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                size += sum(len(key) for key in value if isinstance(key, str))
                below.extend(value.values())
            elif isinstance(value, list):
                below.extend(value)
            else:
                size += len(value) if isinstance(value, str) else 1
            if isinstance(value, float) and not math.isfinite(value):
                raise DocumentError("it has a number that is infinite, or none")
            if size + len(below) > MAX_BYTES:
                raise LimitError("its aliases multiply")
        depth += any(isinstance(value, dict | list) for value in level)
        if depth > max_depth:
            raise _too_deep(max_depth)
        level = below


def _too_deep(max_depth: int) -> LimitError:
    return LimitError(f"it is nested more than {max_depth} levels deep")


def _problem(error: Exception) -> str:
    """Return what is wrong and where."""
    problem = getattr(error, "problem", None) or getattr(error, "reason", None)
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{problem or 'it is not YAML'}"
