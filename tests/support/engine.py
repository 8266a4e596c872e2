"""`kubernaut controller` as a process of its own, which tests kill, stop and freeze."""

import asyncio
import os
import signal
import sys
from contextlib import asynccontextmanager


class Engine:
    """The process; its logs go to this process's standard error."""

    def __init__(self, kubeconfig, config=None, *, level="error", environment=None):
        words = ["controller", "--kubeconfig", str(kubeconfig), "--log-level", level]
        self._command = [sys.executable, "-m", "kubernaut.cli", *words, *(["--config", str(config)] if config else [])]
        self._environment = {**os.environ, **(environment or {})}
        self._process = None

    async def start(self):
        self._process = await asyncio.create_subprocess_exec(
            *self._command, stdout=asyncio.subprocess.DEVNULL, env=self._environment
        )

    async def kill(self):
        """Kill it, as the kernel does when memory runs out; do nothing if it has ended."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self):
        """Stop it, as the kubelet does, and return its exit code; it must end within ten seconds."""
        self._process.terminate()
        return await self.ended(10)

    async def wait(self):
        """Wait until it has ended for any reason."""
        await self._process.wait()

    def jump(self):
        """Make its clock jump, if the test gave it one that can (tests/faults/skew)."""
        self._process.send_signal(signal.SIGUSR1)

    async def ended(self, seconds):
        """Wait until it has ended by itself, and return its exit code."""
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    def freeze(self):
        """Freeze it like a paused virtual machine."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def supervised(engine):
    """Restart it whenever it ends, during the block."""

    async def keep():
        while True:
            await engine.start()
            await engine.wait()
            await asyncio.sleep(0.3)

    keeping = asyncio.create_task(keep())
    try:
        yield engine
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        await engine.kill()
