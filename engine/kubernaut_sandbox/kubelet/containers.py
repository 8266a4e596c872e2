"""Runs one container: image, configuration, process, restarts; and says at every step what became of it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from kubernaut_sandbox.cluster import Cluster
from kubernaut_sandbox.controllers.events import Events
from kubernaut_sandbox.kubelet.environment import base_environment, container_environment, expand
from kubernaut_sandbox.kubelet.probes import watch_readiness
from kubernaut_sandbox.kubelet.process import Process, ProcessSpec
from kubernaut_sandbox.kubelet.references import MissingReferenceError
from kubernaut_sandbox.kubelet.rootfs import Root, make_root, working_directory
from kubernaut_sandbox.kubelet.states import ContainerState
from kubernaut_sandbox.model.objects import Object, new_uid, spec_of
from kubernaut_sandbox.model.quantities import parse_quantity

_CONFIG_RETRY_SECONDS = 0.2
_STAND_IN = ("sh", "-c", "while kill -0 $PPID 2>/dev/null; do sleep 5; done")
"""Idle for as long as the sandbox lives."""
_NO_COMMAND = "the sandbox knows no image entrypoints: give the container a command"


@dataclass(frozen=True, slots=True)
class PodContext:
    """What the containers of one pod share."""

    cluster: Cluster
    pod: Object
    directory: Path
    interpreter: Path
    host: str
    port: int
    events: Events
    changed: Callable[[], None]
    """Called after every change of a container's state."""


class ContainerRunner:
    """One container of one pod."""

    def __init__(self, context: PodContext, state: ContainerState, field: str) -> None:
        self.state = state
        self._context, self._field = context, field
        self._process: Process | None = None
        self._stopping = False

    async def run(self, restart_policy: str) -> None:
        """Until it has ended for good."""
        while not self._stopping:
            await self._pull()
            await self._run_once()
            self._context.changed()
            if self._stopping or not _restarts(restart_policy, self.state):
                return
            await self._back_off()

    async def stop(self, grace_seconds: float) -> None:
        """End it: SIGTERM, and SIGKILL when the grace is over."""
        self._stopping = True
        if self._process:
            await self._process.stop(grace_seconds)

    def kill(self) -> None:
        """End it without waiting."""
        self._stopping = True
        if self._process:
            self._process.signal(signal.SIGKILL)

    async def _pull(self) -> None:
        image, attempt = str(self.state.spec["image"]), 0
        host = image.split("/", 1)[0].split(":", 1)[0]
        while host.endswith(".invalid"):
            error = f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": lookup {host}: no such host'
            self._warn("Failed", f'Failed to pull image "{image}": {error}')
            self._warn("Failed", "Error: ErrImagePull")
            self._wait("ErrImagePull", error)
            await asyncio.sleep(0)
            self._note("BackOff", f'Back-off pulling image "{image}"')
            self._warn("Failed", "Error: ImagePullBackOff")
            self._wait("ImagePullBackOff", f'Back-off pulling image "{image}": ErrImagePull: {error}')
            await asyncio.sleep(min(self._context.cluster.options.image_retry_seconds * 2**attempt, 300))
            attempt += 1
        self._note("Pulled", f'Container image "{image}" already present on machine and can be accessed by the pod')

    async def _run_once(self) -> None:
        context, state = self._context, self.state
        root = make_root(
            context.pod, state.spec, context.directory, state.restarts, f"https://{context.host}:{context.port}"
        )
        environment = await self._environment(root)
        command = self._command(environment)
        if not command:
            self._start_error(_NO_COMMAND)
            return
        spec = ProcessSpec(
            command, environment, working_directory(state.spec, root.path), root.log, _memory_limit(state.spec)
        )
        try:
            self._process = Process(spec, context.cluster.options.memory_poll_seconds)
        except FileNotFoundError:
            self._start_error(f'exec: "{command[0]}": executable file not found in $PATH')
            return
        except OSError as error:
            self._start_error(f'exec: "{command[0]}": {error.strerror}')
            return
        state.start(f"sandbox://{new_uid()}")
        self._note("Created", "Container created")
        self._note("Started", "Container started")
        await self._to_its_end(self._process, root, environment)

    async def _to_its_end(self, process: Process, root: Root, environment: dict[str, str]) -> None:
        probe = self.state.spec.get("readinessProbe") if self._field == "containers" else None
        self.state.ready = probe is None
        watching = (
            asyncio.create_task(watch_readiness(probe, environment, root.path / "tmp", self._set_ready))
            if probe
            else None
        )
        self._context.changed()
        code = await process.wait()
        if watching:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
        policy = self.state.spec.get("terminationMessagePolicy")
        message = root.message(failed=code != 0, from_logs=policy == "FallbackToLogsOnError")
        reason = "OOMKilled" if process.out_of_memory else "Completed" if code == 0 else "Error"
        self.state.end(code, reason, message)
        self._process = None

    async def _environment(self, root: Root) -> dict[str, str]:
        context = self._context
        base = base_environment(context.pod, root.path, context.interpreter, context.host, context.port)
        if (root.path / "kubeconfig").exists():
            base["KUBECONFIG"] = str(root.path / "kubeconfig")
        while True:
            try:
                return container_environment(context.cluster.store, context.pod, self.state.spec, base)
            except MissingReferenceError as error:
                if self.state.message != str(error):
                    self._warn("Failed", f"Error: {error}")
                    self._wait("CreateContainerConfigError", str(error))
                await asyncio.sleep(_CONFIG_RETRY_SECONDS)

    def _command(self, environment: dict[str, str]) -> tuple[str, ...]:
        spec = self.state.spec
        if spec.get("command"):
            return tuple(expand(part, environment) for part in (*spec["command"], *(spec.get("args") or ())))
        if self._field == "containers" and spec_of(self._context.pod).get("restartPolicy") == "Always":
            message = "the sandbox knows no image entrypoints: an idle process stands in for the container's own"
            self._note("SandboxStandIn", message)
            return _STAND_IN
        return ()

    async def _back_off(self) -> None:
        options, state = self._context.cluster.options, self.state
        if state.restarts:
            wait = min(options.restart_base_seconds * 2 ** (state.restarts - 1), options.restart_max_seconds)
            pod = self._context.pod["metadata"]
            text = f"back-off {wait:g}s restarting failed container={state.name} pod={pod['name']}_{pod['namespace']}({pod['uid']})"
            self._warn(
                "BackOff",
                f"Back-off restarting failed container {state.name} in pod {pod['name']}_{pod['namespace']}({pod['uid']})",
            )
            self._wait("CrashLoopBackOff", text)
            await asyncio.sleep(wait)
        state.last = state.ended or state.last
        state.restarts += 1

    def _set_ready(self, ready: bool) -> None:  # readiness is a boolean
        if self.state.running and self.state.ready != ready:
            self.state.ready = ready
            self._context.changed()

    def _start_error(self, why: str) -> None:
        message = f"failed to start the container's process: {why}"
        self._warn("Failed", f"Error: {message}")
        self.state.started_at = ""
        self.state.end(128, "StartError", message)

    def _wait(self, reason: str, message: str) -> None:
        self.state.wait(reason, message)
        self._context.changed()

    def _warn(self, reason: str, message: str) -> None:
        self._context.events.warning(self._context.pod, reason, message, f"spec.{self._field}{{{self.state.name}}}")

    def _note(self, reason: str, message: str) -> None:
        self._context.events.normal(self._context.pod, reason, message, f"spec.{self._field}{{{self.state.name}}}")


def _restarts(policy: str, state: ContainerState) -> bool:
    return policy == "Always" or (policy == "OnFailure" and not state.succeeded)


def _memory_limit(container: Object) -> int | None:
    limit = ((container.get("resources") or {}).get("limits") or {}).get("memory")
    return int(parse_quantity(limit)) if limit else None
