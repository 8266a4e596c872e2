"""What the dry run hands over to `execute`: in memory where one process runs both, else in a file on the volume that both containers share.

The file comes from the same pod, and so from the same attempt. A container that another system put into the pod and that mounts the same
volume could alter it: it is data to check, like any other.
"""

from __future__ import annotations

import json
import os

from kubernaut.runner import pod
from kubernaut.runner.exceptions import Misuse, Rejected

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LIMIT = 64 * 1024
"""Bytes of JSON of all values together."""


def add(handed: dict[str, Any], key: str, value: Any, *, to_file: bool) -> None:
    """Add the value, as JSON has it. Raises Misuse for what is not JSON, and Rejected beyond the limit."""
    try:
        text = json.dumps({**handed, key: value}, ensure_ascii=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise Misuse(
            f"hand_over({key!r}): the value is not JSON ({error}): hand over text, numbers, lists and mappings"
        ) from None
    if len(text) > LIMIT:
        raise Rejected(
            f"the dry run cannot hand over {key!r}: all values together are {len(text)} bytes, and {LIMIT} are the limit"
        )
    handed.clear()
    handed.update(json.loads(text))
    if to_file:
        _write(text.encode())


def read() -> dict[str, Any]:
    """Return what the dry run of this pod handed over; {} where that is nothing. Raises Rejected where it cannot be read."""
    try:
        file = os.open(pod.handed_file(), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise Rejected(f"what the dry run handed over cannot be read: {error}") from error
    try:
        text = _bytes(file)
        handed = json.loads(text) if len(text) <= LIMIT else None
    except (OSError, ValueError, RecursionError):
        handed = None
    finally:
        os.close(file)
    if not isinstance(handed, dict):
        raise Rejected(
            "what the dry run handed over was altered on its way: another container of the pod may write to its volume at /tmp"
        )
    return handed


def _bytes(file: int) -> bytes:
    text = b""
    while len(text) <= LIMIT and (part := os.read(file, LIMIT + 1 - len(text))):
        text += part
    return text


def _write(text: bytes) -> None:
    """Replace the file as a whole, so that it is never half written, and never someone else's."""
    path = pod.handed_file()
    new = f"{path}.new"
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    try:
        os.write(file, text)
    finally:
        os.close(file)
    os.replace(new, path)  # noqa: PTH105 - pathlib costs a container's start 5 ms
