"""The process of a container: in its own session, killed as a group, and limited in memory.

Its exit arrives as an event of the loop (a pidfd), so no thread waits, and only the memory limit is polled.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What to run, where, what its output is appended to, and with which limit; `memory_limit` is in bytes."""

    argv: tuple[str, ...]
    env: dict[str, str]
    directory: Path
    log: BinaryIO
    memory_limit: int | None = None


class Process:
    """A running process group. The constructor raises OSError when it cannot be started."""

    def __init__(self, spec: ProcessSpec, poll_seconds: float) -> None:
        self._exited = asyncio.Event()
        self.out_of_memory = False
        self.exit_code = 0
        self._popen = subprocess.Popen(  # noqa: S603  # a kubelet runs what the pod says
            spec.argv,
            env=spec.env,
            cwd=spec.directory,
            stdin=subprocess.DEVNULL,
            stdout=spec.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.pid = self._popen.pid
        with suppress(ProcessLookupError, PermissionError):
            resource.prlimit(self.pid, resource.RLIMIT_CORE, (0, 0))
        self._pidfd = os.pidfd_open(self.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._on_exit)
        self._memory_task = (
            asyncio.create_task(self._watch_memory(spec.memory_limit, poll_seconds)) if spec.memory_limit else None
        )

    async def wait(self) -> int:
        """Wait for the exit and return its code; 128 + n for signal n, as container runtimes do."""
        await self._exited.wait()
        return self.exit_code

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        if not self._exited.is_set():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def stop(self, grace_seconds: float) -> None:
        """Send SIGTERM, then SIGKILL after the grace period; wait for the exit."""
        if grace_seconds > 0:
            self.signal(signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await self._exited.wait()
        self.signal(signal.SIGKILL)
        await self._exited.wait()

    def _on_exit(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # processes that the first one leaves behind end with it
        code = self._popen.wait()
        os.close(self._pidfd)
        self.exit_code = 128 - code if code < 0 else code
        if self._memory_task:
            self._memory_task.cancel()
        self._exited.set()

    async def _watch_memory(self, limit: int | None, poll_seconds: float) -> None:
        while limit:
            if group_memory(self.pid) > limit:
                self.out_of_memory = True
                self.signal(signal.SIGKILL)
                return
            await asyncio.sleep(poll_seconds)


def group_memory(pid: int) -> int:
    """Return the bytes of anonymous and shared memory of a process and its descendants: roughly what a memory cgroup counts."""
    total, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        with suppress(OSError, ValueError):
            total += _resident(Path(f"/proc/{current}/status").read_text())
            children = Path(f"/proc/{current}/task/{current}/children").read_text()
            waiting += [int(child) for child in children.split()]
    return total


def _resident(status: str) -> int:
    fields = ("RssAnon:", "RssShmem:")
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(fields))
