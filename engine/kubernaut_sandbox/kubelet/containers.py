"""Runs a container: image, configuration, process and restarts, with the state and an Event at every step."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kubernaut_cel.quantities import parse_quantity
from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.events import EventRecorder
from kubernaut_sandbox.kubelet.environment import base_environment, container_environment, expand
from kubernaut_sandbox.kubelet.pod_files import PodFiles
from kubernaut_sandbox.kubelet.probes import ProbeTarget, watch_readiness
from kubernaut_sandbox.kubelet.process import Process, ProcessSpec
from kubernaut_sandbox.kubelet.references import MissingReferenceError
from kubernaut_sandbox.kubelet.rootfs import RootFs, make_rootfs, working_directory
from kubernaut_sandbox.kubelet.states import ContainerState
from kubernaut_sandbox.model.objects import Object, new_uid, spec_of

_CONFIG_RETRY_SECONDS = 0.2
_STAND_IN = ("sh", "-c", "while kill -0 $PPID 2>/dev/null; do sleep 5; done")
"""A process that is idle for as long as the sandbox runs."""
_NO_COMMAND = "the sandbox does not know the entrypoints of images: give the container a command"


@dataclass(frozen=True, slots=True)
class PodContext:
    """What the containers of a pod share. `interpreter` is the directory of `python`; `host` and `port` are the API server's."""

    cluster: Cluster
    pod: Object
    files: PodFiles
    interpreter: Path
    host: str
    port: int
    events: EventRecorder
    on_change: Callable[[], None]
    """Called after every change of a container's state."""


class ContainerRunner:
    """Runs one container of a pod; `field` is `containers` or `initContainers`."""

    def __init__(self, context: PodContext, state: ContainerState, field: str) -> None:
        self.state = state
        self._context, self._field = context, field
        self._process: Process | None = None
        self._stopping = False

    async def run(self, restart_policy: str) -> None:
        """Run the container until it is not restarted any more."""
        while not self._stopping:
            await self._pull()
            await self._run_once()
            self._context.on_change()
            if self._stopping or not _restarts(restart_policy, self.state):
                return
            await self._back_off()

    async def stop(self, grace_seconds: float) -> None:
        """Stop the container for good: SIGTERM, and SIGKILL after the grace period."""
        self._stopping = True
        if self._process:
            await self._process.stop(grace_seconds)

    def kill(self) -> None:
        """Kill the container for good, without waiting for its end."""
        self._stopping = True
        if self._process:
            self._process.signal(signal.SIGKILL)

    async def _pull(self) -> None:
        image, attempt = str(self.state.spec["image"]), 0
        host = image.split("/", 1)[0].split(":", 1)[0]
        while host.endswith(".invalid"):
            error = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": lookup {host}: no such host'
            self._warning_event("Failed", f'Failed to pull image "{image}": {error}')
            self._warning_event("Failed", "Error: ErrImagePull")
            self._set_waiting("ErrImagePull", error)
            await asyncio.sleep(0)
            self._normal_event("BackOff", f'Back-off pulling image "{image}"')
            self._warning_event("Failed", "Error: ImagePullBackOff")
            self._set_waiting("ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {error}')
            await asyncio.sleep(min(self._context.cluster.options.image_retry_seconds * 2**attempt, 300))
            attempt += 1
        self._normal_event(
            "Pulled", f'Container image "{image}" already present on machine and can be accessed by the pod'
        )

    async def _run_once(self) -> None:
        state = self.state
        try:
            root, environment = await self._prepare()
        except OSError as error:
            self._fail_to_start(f"{error.filename}: {error.strerror}")
            return
        command = self._command(environment)
        if not command:
            self._fail_to_start(_NO_COMMAND)
            return
        try:
            self._process = self._start(command, environment, root)
        except FileNotFoundError:
            self._fail_to_start(f'exec: "{command[0]}": executable file not found in $PATH')
            return
        except (OSError, ValueError) as error:
            self._fail_to_start(f'exec: "{command[0]}": {getattr(error, "strerror", None) or error}')
            return
        state.set_running(f"sandbox://{new_uid()}")
        self._normal_event("Created", "Container created")
        self._normal_event("Started", "Container started")
        await self._wait_for_exit(self._process, root, environment)

    async def _wait_for_exit(self, process: Process, root: RootFs, environment: dict[str, str]) -> None:
        probe = self.state.spec.get("readinessProbe") if self._field == "containers" else None
        self.state.ready = probe is None
        probing = (
            asyncio.create_task(
                watch_readiness(probe, self._target(environment, root), self._set_ready, self._unhealthy)
            )
            if probe
            else None
        )
        self._context.on_change()
        code = await process.wait()
        if probing:
            probing.cancel()
            with suppress(asyncio.CancelledError):
                await probing
        policy = self.state.spec.get("terminationMessagePolicy")
        message = root.message(failed=code != 0, from_logs=policy == "FallbackToLogsOnError")
        reason = "OOMKilled" if process.out_of_memory else "Completed" if code == 0 else "Error"
        self.state.set_terminated(code, reason, message)
        self._process = None

    async def _prepare(self) -> tuple[RootFs, dict[str, str]]:
        """Return the container's files and environment, once all that it refers to exists. Raises OSError for paths of no use."""
        context, state = self._context, self.state
        server = f"https://{context.host}:{context.port}"
        while True:
            try:
                root = make_rootfs(context.pod, state.spec, context.files, state.restarts, server)
                base = base_environment(context.pod, root.path, context.interpreter, context.host, context.port)
                if (root.path / "kubeconfig").exists():
                    base["KUBECONFIG"] = str(root.path / "kubeconfig")
                return root, container_environment(context.cluster.store, context.pod, state.spec, base)
            except MissingReferenceError as error:
                if state.message != str(error):
                    self._warning_event("Failed", f"Error: {error}")
                    self._set_waiting("CreateContainerConfigError", str(error))
                await asyncio.sleep(_CONFIG_RETRY_SECONDS)

    def _start(self, command: tuple[str, ...], environment: dict[str, str], root: RootFs) -> Process:
        """Start the process. Raises OSError or ValueError if that is not possible."""
        directory, limit = working_directory(self.state.spec, root.path), _memory_limit(self.state.spec)
        with os.fdopen(root.files.open(root.log, os.O_WRONLY | os.O_APPEND), "ab") as log:
            spec = ProcessSpec(command, environment, directory, log, limit)
            return Process(spec, self._context.cluster.options.memory_poll_seconds)

    def _command(self, environment: dict[str, str]) -> tuple[str, ...]:
        spec = self.state.spec
        if spec.get("command"):
            return tuple(expand(part, environment) for part in (*spec["command"], *(spec.get("args") or ())))
        if self._field == "containers" and spec_of(self._context.pod).get("restartPolicy") == "Always":
            message = (
                "the sandbox does not know the entrypoints of images: an idle process stands in for the container's own"
            )
            self._normal_event("SandboxStandIn", message)
            return _STAND_IN
        return ()

    async def _back_off(self) -> None:
        options, state = self._context.cluster.options, self.state
        if state.restarts:
            wait = min(options.restart_base_seconds * 2 ** (state.restarts - 1), options.restart_max_seconds)
            pod = self._context.pod["metadata"]
            text = f"back-off {wait:g}s restarting failed container={state.name} pod={pod['name']}_{pod['namespace']}({pod['uid']})"
            self._warning_event(
                "BackOff",
                f"Back-off restarting failed container {state.name} in pod {pod['name']}_{pod['namespace']}({pod['uid']})",
            )
            self._set_waiting("CrashLoopBackOff", text)
            await asyncio.sleep(wait)
        state.last_terminated = state.terminated or state.last_terminated
        state.restarts += 1

    def _set_ready(self, ready: bool) -> None:  # readiness is a boolean
        if self.state.running and self.state.ready != ready:
            self.state.ready = ready
            self._context.on_change()

    def _target(self, environment: dict[str, str], root: RootFs) -> ProbeTarget:
        named = {port["name"]: port["containerPort"] for port in self.state.spec.get("ports") or () if port.get("name")}
        return ProbeTarget(environment, root.path / "tmp", named, self._context.host)

    def _unhealthy(self, reason: str) -> None:
        if self.state.running and not self._stopping:
            self._warning_event("Unhealthy", reason)

    def _fail_to_start(self, error: str) -> None:
        message = f"failed to start the container's process: {error}"
        self._warning_event("Failed", f"Error: {message}")
        self.state.started_at = ""
        self.state.set_terminated(128, "StartError", message)

    def _set_waiting(self, reason: str, message: str) -> None:
        self.state.set_waiting(reason, message)
        self._context.on_change()

    def _warning_event(self, reason: str, message: str) -> None:
        self._context.events.warning(self._context.pod, reason, message, f"spec.{self._field}{{{self.state.name}}}")

    def _normal_event(self, reason: str, message: str) -> None:
        self._context.events.normal(self._context.pod, reason, message, f"spec.{self._field}{{{self.state.name}}}")


def _restarts(policy: str, state: ContainerState) -> bool:
    return policy == "Always" or (policy == "OnFailure" and not state.succeeded)


def _memory_limit(container: Object) -> int | None:
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    return int(parse_quantity(limit)) if limit else None
