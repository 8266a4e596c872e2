"""Runs a command for its output: bounded in time and size, off the event loop, and with every process that it started ended.

A command that talks to a person keeps the terminal: its standard error is shown as it comes.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

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
    tail = bytearray()
    async with AsyncExitStack() as stack:
        output, output_end = await stack.enter_async_context(_pipe())
        errors, errors_end = await stack.enter_async_context(_pipe())
        process = await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=None if interactive else asyncio.subprocess.DEVNULL,
            stdout=output_end,
            stderr=errors_end,
            start_new_session=not interactive,  # so that it can be killed with its children; a person's terminal stays theirs
        )
        stack.push_async_callback(_end, process, group=not interactive)
        output_end.close()
        errors_end.close()
        try:
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as reading:
                read = reading.create_task(_read(output))
                reading.create_task(_follow(errors, tail, show=interactive))
                code = await process.wait()
        except TimeoutError:
            raise TimedOutError(one_line(tail)) from None
        except ExceptionGroup as group:
            raise group.exceptions[0] from None
    return Ended(code, read.result(), one_line(tail))


@asynccontextmanager
async def _pipe() -> AsyncIterator[tuple[asyncio.StreamReader, BinaryIO]]:
    """Yield the end to read from, and the end for the command. asyncio's own pipes keep `wait` from returning until they are read."""
    ours, theirs = os.pipe()
    stream = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    with os.fdopen(theirs, "wb") as write_end:
        transport, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream, loop=loop), os.fdopen(ours, "rb", buffering=0)
        )
        try:
            yield stream, write_end
        finally:
            transport.close()


def one_line(text: bytes | bytearray) -> str:
    """Return the end of foreign text in one line, without escape sequences and control characters."""
    plain = _ESCAPES.sub("", text.decode("utf-8", "replace"))
    line = " ".join("".join(character if character.isprintable() else " " for character in plain).split())
    return line if len(line) <= _MAX_ERROR_CHARACTERS else "…" + line[-_MAX_ERROR_CHARACTERS:]


async def _read(stream: asyncio.StreamReader) -> bytes:
    output = bytearray()
    while chunk := await stream.read(_CHUNK_BYTES):
        output += chunk
        if len(output) > MAX_OUTPUT_BYTES:
            raise TooMuchOutputError
    return bytes(output)


async def _follow(stream: asyncio.StreamReader, tail: bytearray, *, show: bool) -> None:
    """Keep the end of the stream in `tail`, and show it on standard error as it comes."""
    while chunk := await stream.read(_CHUNK_BYTES):
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
