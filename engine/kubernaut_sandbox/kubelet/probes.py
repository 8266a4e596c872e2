"""Readiness probes that run a command; the other kinds need a network of pods, which there is not."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kubernaut_sandbox.model.objects import Object


async def watch_readiness(
    probe: Object, environment: dict[str, str], directory: Path, tell: Callable[[bool], None]
) -> None:
    """Probe for as long as the task lives, and tell every change of mind."""
    command = (probe.get("exec") or {}).get("command")
    if not command:
        tell(True)
        return
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    successes = failures = 0
    while True:
        if await _passes(command, environment, directory, probe.get("timeoutSeconds", 1)):
            successes, failures = successes + 1, 0
            if successes >= probe.get("successThreshold", 1):
                tell(True)
        else:
            successes, failures = 0, failures + 1
            if failures >= probe.get("failureThreshold", 3):
                tell(False)
        await asyncio.sleep(probe.get("periodSeconds", 10))


async def _passes(command: list[str], environment: dict[str, str], directory: Path, seconds: float) -> bool:
    null = asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=environment, cwd=directory, stdin=null, stdout=null, stderr=null, start_new_session=True
        )
    except OSError:
        return False
    try:
        async with asyncio.timeout(seconds):
            return await process.wait() == 0
    except TimeoutError:
        return False
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
