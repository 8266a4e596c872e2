"""`kubernaut controller` as a process of its own, to be killed, stopped and frozen."""

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
        """As the kernel does when memory runs out; harmless for one that has ended."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self):
        """As the kubelet does; returns the exit code, within the ten seconds that are promised."""
        self._process.terminate()
        return await self.ended(10)

    async def over(self):
        """Once it has ended, whatever ended it."""
        await self._process.wait()

    def jump(self):
        """Have its clock jump, where the test gave it one that can."""
        self._process.send_signal(signal.SIGUSR1)

    async def ended(self, seconds):
        """The exit code, once it has ended by itself."""
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    def freeze(self):
        """As a paused virtual machine is."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self._process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def supervised(engine):
    """Start it again whenever it ends, while the block lasts."""

    async def keep():
        while True:
            await engine.start()
            await engine.over()
            await asyncio.sleep(0.3)

    keeping = asyncio.create_task(keep())
    try:
        yield engine
    finally:
        keeping.cancel()
        await asyncio.wait({keeping})
        await engine.kill()
