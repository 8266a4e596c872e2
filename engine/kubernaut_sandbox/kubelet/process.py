"""One container's process: its own session, watched to its end, killed as a group, held to its memory limit.

The end comes as an event of the loop (a pidfd), so no thread waits and nothing polls but the memory watch.
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


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """What to run, and where."""

    argv: tuple[str, ...]
    env: dict[str, str]
    directory: Path
    log: Path
    memory_limit: int | None = None


class Process:
    """A running process group; OSError at construction when it cannot be started."""

    def __init__(self, spec: ProcessSpec, poll_seconds: float) -> None:
        self._ended = asyncio.Event()
        self.out_of_memory = False
        self.exit_code = 0
        with spec.log.open("ab") as log:
            self._popen = subprocess.Popen(  # noqa: S603  # running what the pod says is what a kubelet is for
                spec.argv,
                env=spec.env,
                cwd=spec.directory,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.pid = self._popen.pid
        with suppress(ProcessLookupError, PermissionError):
            resource.prlimit(self.pid, resource.RLIMIT_CORE, (0, 0))
        self._pidfd = os.pidfd_open(self.pid)
        asyncio.get_running_loop().add_reader(self._pidfd, self._over)
        self._memory = (
            asyncio.create_task(self._watch_memory(spec.memory_limit, poll_seconds)) if spec.memory_limit else None
        )

    async def wait(self) -> int:
        """The exit code; 128 + n for a signal, as a container runtime has it."""
        await self._ended.wait()
        return self.exit_code

    def signal(self, number: int) -> None:
        """Send a signal to the whole group."""
        if not self._ended.is_set():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)

    async def stop(self, grace_seconds: float) -> None:
        """SIGTERM, then SIGKILL when the grace is over."""
        if grace_seconds > 0:
            self.signal(signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await self._ended.wait()
        self.signal(signal.SIGKILL)
        await self._ended.wait()

    def _over(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)  # what the first process leaves behind ends with it
        code = self._popen.wait()
        os.close(self._pidfd)
        self.exit_code = 128 - code if code < 0 else code
        if self._memory:
            self._memory.cancel()
        self._ended.set()

    async def _watch_memory(self, limit: int | None, poll_seconds: float) -> None:
        while limit:
            if group_memory(self.pid) > limit:
                self.out_of_memory = True
                self.signal(signal.SIGKILL)
                return
            await asyncio.sleep(poll_seconds)


def group_memory(pid: int) -> int:
    """Bytes of anonymous and shared memory of a process and its descendants: roughly what a memory cgroup counts."""
    total, waiting = 0, [pid]
    while waiting:
        current = waiting.pop()
        with suppress(OSError, ValueError):
            total += _resident(Path(f"/proc/{current}/status").read_text())
            children = Path(f"/proc/{current}/task/{current}/children").read_text()
            waiting += [int(child) for child in children.split()]
    return total


def _resident(status: str) -> int:
    wanted = ("RssAnon:", "RssShmem:")
    return sum(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(wanted))
