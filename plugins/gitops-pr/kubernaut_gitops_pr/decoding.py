"""Decodes the bytes of a file that is edited by path, and encodes it again with its own newlines and byte order mark."""

from __future__ import annotations

from collections.abc import Callable

from kubernaut_gitops_pr.tree import EditError

MAX_BYTES = 1024 * 1024
"""The size of a file that can be edited by path: reading a larger one takes more time than a pod has."""


def decode(raw: bytes) -> tuple[str, Callable[[str], bytes]]:
    """Return the text with plain newlines, and a function that restores the file's own newlines and byte order mark."""
    if len(raw) > MAX_BYTES:
        raise EditError(f"is {len(raw) // 1024} KiB: files over {MAX_BYTES // 1024} KiB are not edited by path")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise EditError("is UTF-16: convert it to UTF-8 first, or replace it as a whole, with content")
    if b"\0" in raw:
        raise EditError("is a binary file: it can only be replaced as a whole, with content")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EditError(f"is not UTF-8 (byte {error.start} is {raw[error.start]:#04x}): convert it first") from None
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    ending = "\r\n" if "\r\n" in text and text.count("\n") == text.count("\r\n") else "\n"
    return text.replace(ending, "\n"), lambda new: (mark + new.replace("\n", ending)).encode()
