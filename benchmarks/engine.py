"""The installed engine as a process of its own, with its CPU time and memory as the kernel reports them."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp
import yaml

from benchmarks.engine_config import EngineConfig

_ROOT = Path(__file__).parents[1]
_READY_SECONDS = 120.0
_STOP_SECONDS = 15.0
TICKS = os.sysconf("SC_CLK_TCK")
_COUNTED = re.compile(r'kubernaut_api_requests_total\{code="(\d+)",resource="([^"]*)",verb="([^"]*)"\} (\S+)')


@dataclass(frozen=True, slots=True)
class Memory:
    """The memory of one process, in bytes."""

    rss: int
    pss: int
    peak: int


class EngineError(Exception):
    """The engine ended, or did not become ready."""


class Engine:
    """Runs `kubernaut controller` while it is open: alone, for one namespace, with the installed actions and the benchmark's own."""

    def __init__(
        self,
        kubeconfig: Path,
        config: EngineConfig,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._kubeconfig, self._environment = kubeconfig, environment or {}
        self._port = _free_port()
        self._settings = config.settings(self._port)
        self.ready_seconds = 0.0
        """Seconds from the start of the process to its first ready answer."""

    async def __aenter__(self) -> Self:
        config, log = self._kubeconfig.with_name("settings.yaml"), self._kubeconfig.with_name("engine.log")
        config.write_text(yaml.safe_dump(self._settings), "utf-8")
        command = [sys.executable, "-m", "kubernaut.cli", "controller", "--log-level", "warning"]
        files = ["--kubeconfig", str(self._kubeconfig), "--config", str(config)]
        self._log = log
        start = time.perf_counter()
        with log.open("wb") as output:
            self._process = await asyncio.create_subprocess_exec(
                *command, *files, stdout=output, stderr=output, env=self._process_environment()
            )
        try:
            async with asyncio.timeout(_READY_SECONDS), aiohttp.ClientSession() as session:
                while not await self._is_ready(session):
                    await asyncio.sleep(0.01)
        except BaseException:
            await self._stop()
            raise
        self.ready_seconds = time.perf_counter() - start
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    @property
    def pid(self) -> int:
        """The id of the process."""
        return self._process.pid

    def cpu_seconds(self) -> float:
        """Return the user and system time of all its threads so far."""
        return process_cpu_seconds(self.pid)

    def memory(self) -> Memory:
        """Return its memory now."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        rollup = Path(f"/proc/{self.pid}/smaps_rollup").read_text()
        return Memory(_kibibytes(status, "VmRSS"), _kibibytes(rollup, "Pss"), _kibibytes(status, "VmHWM"))

    async def wait_until_idle(self, seconds: float = 60.0) -> None:
        """Return once it has used almost no CPU for a second, or after `seconds`."""
        spent, end = -1.0, time.perf_counter() + seconds
        while (now := self.cpu_seconds()) > spent + 0.05 and time.perf_counter() < end:
            spent = now
            await asyncio.sleep(1.0)

    async def requests(self) -> dict[str, int]:
        """Return the requests that it has counted itself, by verb and resource, without watches."""
        counted: dict[str, int] = {}
        for _, resource, verb, number in _COUNTED.findall(await self.metrics()):
            if verb != "WATCH":
                counted[f"{verb} {resource}"] = counted.get(f"{verb} {resource}", 0) + int(float(number))
        return counted

    async def metrics(self) -> str:
        """Return its metrics as Prometheus reads them."""
        async with aiohttp.ClientSession() as session, session.get(self._url("/metrics")) as response:
            return await response.text()

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        if self._process.returncode is not None:
            raise EngineError(f"the engine ended with {self._process.returncode}: {self._log.read_text()[-2000:]}")
        try:
            async with session.get(self._url("/readyz")) as response:
                return response.status == 200
        except aiohttp.ClientError:
            return False

    async def _stop(self) -> None:
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()

    def _url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._port}{path}"

    def _process_environment(self) -> dict[str, str]:
        """Return the environment with only the requested `OTEL_*` variables, and with the path of the benchmark's own action."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("OTEL_")}
        found = [str(_ROOT / "benchmarks" / "site"), str(_ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        return {**kept, "PYTHONPATH": os.pathsep.join(found), **self._environment}


def process_cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process of this machine. Raises FileNotFoundError if there is none of this id."""
    return cpu_seconds_of(Path(f"/proc/{pid}/stat").read_text())


def cpu_seconds_of(stat: str) -> float:
    """Return the CPU time in the content of /proc/PID/stat."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _kibibytes(text: str, field: str) -> int:
    return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith(f"{field}:"))


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
