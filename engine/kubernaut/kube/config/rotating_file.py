"""A file whose content is replaced while the engine runs, such as a token or a certificate: read again when it changes.

The last content stays in use while the file is missing or empty, as it is for a moment when it is replaced.
"""

from __future__ import annotations

from pathlib import Path

from kubernaut.errors import InputError


class RotatingFile:
    """A file, and its content as last read."""

    def __init__(self, path: Path, named: str = "") -> None:
        """`named` is the place that names the file, for messages."""
        self.path = path
        self._named = f"{named}: " if named else ""
        self._content = b""
        self._version: tuple[int, int, int] | None = None

    def read(self) -> bytes:
        """Return the content. Raises InputError if the file has never been readable."""
        try:
            status = self.path.stat()
            version = (status.st_mtime_ns, status.st_ino, status.st_size)
            if version != self._version:
                self._content = self.path.read_bytes() or self._content
                self._version = version
        except OSError as error:
            if not self._content:
                raise InputError(f"{self._named}{self.path} cannot be read: {error.strerror}") from error
        if not self._content:
            raise InputError(f"{self._named}{self.path} is empty")
        return self._content

    def reload(self) -> None:
        """Read the file anew next time, whatever its modification time says."""
        self._version = None


Source = bytes | RotatingFile
"""Content that is known, or that a file holds."""


def content_of(source: Source) -> bytes:
    """Return the present content."""
    return source.read() if isinstance(source, RotatingFile) else source
