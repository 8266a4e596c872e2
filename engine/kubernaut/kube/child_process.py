"""Runs a command for its output: bounded in time and size, off the event loop, and with every process that it started ended.

A command that talks to a person keeps the terminal: its standard error is shown as it comes.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

MAX_OUTPUT_BYTES = 2**20
_MAX_ERROR_CHARACTERS = 1000
_CHUNK_BYTES = 2**16
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: exit code (negative: the signal that killed it), output, and the end of its standard error in one line."""

    code: int
    output: bytes
    error: str


class TimedOutError(Exception):
    """The command did not end in time; the message is the end of its standard error."""


class TooMuchOutputError(Exception):
    """The command printed more than `MAX_OUTPUT_BYTES`."""


async def run(
    command: Sequence[str], environment: Mapping[str, str], *, seconds: float, interactive: bool = False
) -> Ended:
    """Run a command to its end. Raises OSError if it cannot be started, TimedOutError and TooMuchOutputError."""
    process = await asyncio.create_subprocess_exec(
        *command,
        env=environment,
        stdin=None if interactive else asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=not interactive,  # so that it can be killed with its children; a person's terminal stays theirs
    )
    tail = bytearray()
    try:
        async with asyncio.timeout(seconds):
            output, _ = await asyncio.gather(_read(process.stdout), _follow(process.stderr, tail, show=interactive))
            code = await process.wait()
    except TimeoutError:
        raise TimedOutError(one_line(tail)) from None
    finally:
        await _end(process, group=not interactive)
    return Ended(code, output, one_line(tail))


def one_line(text: bytes | bytearray) -> str:
    """Return the end of foreign text in one line, without escape sequences and control characters."""
    plain = _ESCAPES.sub("", text.decode("utf-8", "replace"))
    line = " ".join("".join(character if character.isprintable() else " " for character in plain).split())
    return line if len(line) <= _MAX_ERROR_CHARACTERS else "…" + line[-_MAX_ERROR_CHARACTERS:]


async def _read(stream: asyncio.StreamReader | None) -> bytes:
    output = bytearray()
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        output += chunk
        if len(output) > MAX_OUTPUT_BYTES:
            raise TooMuchOutputError
    return bytes(output)


async def _follow(stream: asyncio.StreamReader | None, tail: bytearray, *, show: bool) -> None:
    """Keep the end of the stream in `tail`, and show it on standard error as it comes."""
    while stream is not None and (chunk := await stream.read(_CHUNK_BYTES)):
        tail += chunk
        del tail[: -4 * _MAX_ERROR_CHARACTERS]
        if show:
            text = _ESCAPES.sub("", chunk.decode("utf-8", "replace"))
            sys.stderr.write("".join(each for each in text if each.isprintable() or each in "\n\t"))
            sys.stderr.flush()


async def _end(process: asyncio.subprocess.Process, *, group: bool) -> None:
    """Kill what still runs, and wait for the process itself."""
    with suppress(ProcessLookupError, PermissionError):
        if group:
            os.killpg(process.pid, signal.SIGKILL)
        elif process.returncode is None:
            process.kill()
    await process.wait()
