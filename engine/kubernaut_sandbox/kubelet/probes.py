"""Readiness probes: a command in the container, or a request to a port of it on the loopback that all pods share.

The thresholds, the words and what counts as a success are those of Kubernetes. A probe that cannot be carried out never succeeds.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import aiohttp

from kubernaut_sandbox.cluster import VERSION
from kubernaut_sandbox.model.objects import Object

_MAX_OUTPUT = 1024
_MAX_REDIRECTS = 10
_USER_AGENT = f"kube-probe/{'.'.join(VERSION.removeprefix('v').split('.')[:2])}"
_NO_GRPC = "the sandbox cannot carry out grpc probes: use exec, httpGet or tcpSocket"


class ProbeFailedError(Exception):
    """The container is not ready; the message says why."""


class ProbeError(Exception):
    """The probe itself is not possible; the message says why."""


@dataclass(frozen=True, slots=True)
class ProbeTarget:
    """The container that is probed: its environment, its working directory, the numbers of its named ports, and its address."""

    environment: dict[str, str]
    directory: Path
    ports: Mapping[str, int]
    host: str


async def watch_readiness(
    probe: Object, target: ProbeTarget, on_result: Callable[[bool], None], on_failure: Callable[[str], None]
) -> None:
    """Probe until the task is cancelled.

    `on_result` is called with each decision that the thresholds allow, `on_failure` with the reason of every failure.
    """
    await asyncio.sleep(probe.get("initialDelaySeconds", 0))
    successes = failures = 0
    while True:
        failure = await _failure(probe, target)
        if not failure:
            successes, failures = successes + 1, 0
            if successes >= probe.get("successThreshold", 1):
                on_result(True)
        else:
            on_failure(failure)
            successes, failures = 0, failures + 1
            if failures >= probe.get("failureThreshold", 3):
                on_result(False)
        await asyncio.sleep(probe.get("periodSeconds", 10))


async def _failure(probe: Object, target: ProbeTarget) -> str:
    """Return what is to be reported about a failed attempt; empty for a success."""
    seconds = probe.get("timeoutSeconds", 1)
    try:
        if probe.get("exec"):
            await _run(probe["exec"].get("command") or [], target, seconds)
        elif probe.get("httpGet"):
            await _get(probe["httpGet"], target, seconds)
        elif probe.get("tcpSocket"):
            await _connect(probe["tcpSocket"], target, seconds)
        else:
            return f"Readiness probe errored and resulted in unknown state: {_NO_GRPC}"
    except ProbeFailedError as error:
        return f"Readiness probe failed: {error}"
    except ProbeError as error:
        return f"Readiness probe errored and resulted in unknown state: {error}"
    return ""


async def _run(command: list[str], target: ProbeTarget, seconds: float) -> None:
    with tempfile.TemporaryFile() as output:
        try:
            process = await asyncio.create_subprocess_exec(
                *command,
                env=target.environment,
                cwd=target.directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        except (OSError, ValueError, TypeError) as error:
            raise ProbeError(f"exec: {' '.join(command)}: {error}") from error
        try:
            async with asyncio.timeout(seconds):
                code = await process.wait()
        except TimeoutError as error:
            words = " ".join(command)
            raise ProbeFailedError(f'command timed out: "{words}" timed out after {seconds:g}s') from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        if code:
            output.seek(0)
            raise ProbeFailedError(output.read(_MAX_OUTPUT).decode(errors="replace"))


async def _get(action: Object, target: ProbeTarget, seconds: float) -> None:
    host, port = action.get("host") or target.host, _port(action["port"], target)
    address = f"{action['scheme'].lower()}://{f'[{host}]' if ':' in host else host}:{port}"
    url = f"{address}/{action['path'].removeprefix('/')}"
    headers = {"User-Agent": _USER_AGENT, "Accept": "*/*"}
    headers |= {header["name"]: header.get("value", "") for header in action.get("httpHeaders") or ()}
    try:
        async with asyncio.timeout(seconds):
            status = await _status(url, headers)
    except TimeoutError as error:
        reason = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
        raise ProbeFailedError(f'Get "{url}": {reason}') from error
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise ProbeFailedError(f'Get "{url}": {error}') from error
    if not 200 <= status < 400:
        raise ProbeFailedError(f"HTTP probe failed with statuscode: {status}")


async def _status(url: str, headers: dict[str, str]) -> int:
    """Return the status of the response, after redirects that stay on the host. Certificates are not verified."""
    connector = aiohttp.TCPConnector(ssl=False, force_close=True)
    async with aiohttp.ClientSession(connector=connector) as session:
        first = urlsplit(url).hostname
        for _ in range(_MAX_REDIRECTS):
            async with session.get(url, headers=headers, allow_redirects=False) as response:
                location = response.headers.get("Location")
                if not (300 <= response.status < 400 and location):
                    return response.status
                url = urljoin(url, location)
                if urlsplit(url).hostname != first:
                    return response.status
    raise ValueError(f"stopped after {_MAX_REDIRECTS} redirects")


async def _connect(action: Object, target: ProbeTarget, seconds: float) -> None:
    host, port = action.get("host") or target.host, _port(action["port"], target)
    try:
        async with asyncio.timeout(seconds):
            _, writer = await asyncio.open_connection(host, port)
    except TimeoutError as error:
        raise ProbeFailedError(f"dial tcp {host}:{port}: i/o timeout") from error
    except OSError as error:
        reason = error.strerror.lower() if error.strerror and error.errno else str(error)
        reason = "connect: connection refused" if isinstance(error, ConnectionRefusedError) else reason
        raise ProbeFailedError(f"dial tcp {host}:{port}: {reason}") from error
    writer.close()


def _port(port: int | str, target: ProbeTarget) -> int:
    if isinstance(port, int):
        return port
    if port not in target.ports:
        raise ProbeError(f'couldn\'t find port: "{port}"')
    return target.ports[port]
