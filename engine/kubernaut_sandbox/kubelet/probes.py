"""Readiness probes that run a command. The other types need a pod network, which the sandbox does not have."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from kubernaut_sandbox.model.objects import Object


async def watch_readiness(
    probe: Object, environment: dict[str, str], directory: Path, on_result: Callable[[bool], None]
) -> None:
    """Probe until the task is cancelled; call `on_result` with each decision that the thresholds allow.

    A probe of another type counts as ready.
    """
    command = (probe.get("exec") or {}).get("command")
    if not command:
        on_result(True)
        return
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    successes = failures = 0
    while True:
        if await _passes(command, environment, directory, probe.get("timeoutSeconds", 1)):
            successes, failures = successes + 1, 0
            if successes >= probe.get("successThreshold", 1):
                on_result(True)
        else:
            successes, failures = 0, failures + 1
            if failures >= probe.get("failureThreshold", 3):
                on_result(False)
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
