"""Writes files that contain credentials: complete or not at all, never readable by others, and never through a link."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


def write_private(file: Path, text: str, mode: int = 0o600) -> None:
    """Put a new file in place of whatever has this name, by default one that only its owner can read or write.

    The text is written under another name in the same directory, in a file that did not exist, and then renamed. So a reader sees the old
    content or the new one, and a link of this name is replaced and not followed, whoever puts it there and when. Raises OSError.
    """
    directory = os.open(file.parent, _DIRECTORY)
    temporary = f".{file.name[:200]}.{secrets.token_hex(8)}"
    try:
        with os.fdopen(os.open(temporary, _NEW_FILE, 0o600, dir_fd=directory), "w", encoding="utf-8") as new:
            new.write(text)
            new.flush()
            os.fchmod(new.fileno(), mode)
            os.fsync(new.fileno())
        os.replace(temporary, file.name, src_dir_fd=directory, dst_dir_fd=directory)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=directory)
        raise
    finally:
        os.close(directory)
