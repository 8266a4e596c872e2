"""One mapping of a kubeconfig, read field by field: every error names the file, the field and what belongs there.

A field that is absent, null or empty counts as not set, as kubectl has it.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kubernaut.errors import InputError


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping, its place in the kubeconfig (such as `users[dev].user`), and the file that it stands in."""

    fields: Mapping[str, Any]
    place: str
    file: Path | None = None

    def error(self, field: str, problem: str) -> InputError:
        """Return the error for a field that cannot be used."""
        place = f"{self.place}.{field}" if self.place else field
        return InputError(f"{source_of(self.file)}: {place}: {problem}")

    def text(self, field: str) -> str:
        """Return a text, or "" if it is not set."""
        value = self.fields.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self.error(field, "must be a text; put it into quotes")
        return value

    def line(self, field: str) -> str:
        """Return a text that goes into a header: of one line, without control characters."""
        value = self.text(field)
        if not is_header_value(value):
            raise self.error(field, "must be one line without control characters")
        return value

    def flag(self, field: str) -> bool:
        """Return a boolean, or False if it is not set."""
        value = self.fields.get(field)
        if not isinstance(value, bool | None):
            raise self.error(field, "must be true or false, without quotes")
        return bool(value)

    def lines(self, field: str) -> tuple[str, ...]:
        """Return a list of texts that go into headers or onto a command line."""
        values = self.fields.get(field)
        if not isinstance(values, list | None) or not all(isinstance(value, str) for value in values or ()):
            raise self.error(field, "must be a list of texts")
        return tuple(values or ())

    def data(self, field: str) -> bytes:
        """Return what a text in base64 stands for, or b"" if it is not set."""
        try:
            return base64.b64decode(self.text(field).replace("\r", "").replace("\n", ""), validate=True)
        except (binascii.Error, ValueError) as error:
            raise self.error(field, f"is not valid base64 ({error}); encode the file with: base64 -w0 FILE") from None

    def path(self, field: str) -> Path | None:
        """Return a path, relative to the kubeconfig that names it, or None if it is not set."""
        value = self.text(field)
        return self.relative(value) if value else None

    def relative(self, path: str) -> Path:
        """Return a path as the kubeconfig means it."""
        return (self.file.absolute().parent if self.file else Path.cwd()) / path

    def section(self, field: str) -> Section | None:
        """Return a mapping, or None if it is not set."""
        value = self.fields.get(field)
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self.error(field, "must be a mapping")
        return Section(value, f"{self.place}.{field}" if self.place else field, self.file)

    def sections(self, field: str) -> list[Section]:
        """Return a list of mappings."""
        values = self.fields.get(field) or []
        if not isinstance(values, list) or not all(isinstance(value, Mapping) for value in values):
            raise self.error(field, "must be a list of mappings")
        place = f"{self.place}.{field}" if self.place else field
        return [Section(value, f"{place}[{index}]", self.file) for index, value in enumerate(values)]


def source_of(file: Path | None) -> str:
    """Return how messages name a kubeconfig."""
    return f"kubeconfig {file}" if file else "kubeconfig"


def is_header_value(text: str) -> bool:
    """Whether a text can be sent as the value of an HTTP header."""
    return not any(character < " " or character == "\x7f" or "\ud800" <= character <= "\udfff" for character in text)
