"""Runs a pod: volumes, initContainers one after the other, then containers together, with a status at every step."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from kubernaut_sandbox.access.request_context import DeleteOptions, RequestContext
from kubernaut_sandbox.kubelet.containers import ContainerRunner, PodContext
from kubernaut_sandbox.kubelet.pod_status import pod_status
from kubernaut_sandbox.kubelet.references import MissingReferenceError
from kubernaut_sandbox.kubelet.rootfs import log_of
from kubernaut_sandbox.kubelet.states import CREATING, INITIALIZING, ContainerState
from kubernaut_sandbox.kubelet.volumes import Volumes
from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, now, spec_of, uid_of
from kubernaut_sandbox.model.statuses import ApiError

_MOUNT_RETRY_SECONDS = 0.2
_DEADLINE = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


class PodWorker:
    """Runs one pod, from the moment when it is bound to the node until it has finished."""

    def __init__(self, context: PodContext, volumes: Volumes, request_context: RequestContext) -> None:
        self._context = replace(context, on_change=self._write_status)
        self._volumes, self._request_context = volumes, request_context
        self._pod, self._cluster = context.pod, context.cluster
        self._phase, self._start_time, self._reason = "Pending", now(), ("", "")
        spec = spec_of(self._pod)
        waiting = INITIALIZING if spec.get("initContainers") else CREATING
        self._init = self._runners("initContainers", waiting)
        self._main = self._runners("containers", waiting)
        self._termination: asyncio.Task[None] | None = None
        self._run_task = asyncio.create_task(self._run(), name=f"pod-{name_of(self._pod)}")

    def terminate(self, grace_seconds: float) -> None:
        """Handle the deletion of the pod: stop its containers, then remove it from the API. A later call shortens the grace."""
        if self._termination is None:
            self._termination = asyncio.create_task(self._terminate(grace_seconds))
        else:
            asyncio.get_running_loop().call_later(grace_seconds, self.kill)

    def refresh(self) -> None:
        """Handle a change of the pod's conditions by others: a readiness gate may have opened or closed."""
        if self._phase == "Running":
            self._write_status()

    def kill(self) -> None:
        """Handle the removal of the pod: kill its containers now."""
        for runner in (*self._init, *self._main):
            runner.kill()

    async def close(self) -> None:
        """Kill the containers and wait for their end."""
        for task in (self._run_task, self._termination):
            if task:
                task.cancel()
        await asyncio.gather(*(runner.stop(0) for runner in (*self._init, *self._main)))
        for task in (self._run_task, self._termination):
            with suppress(asyncio.CancelledError):
                await (task or asyncio.sleep(0))

    def open_log(self, path: str) -> int:
        """Return a descriptor of a log. Raises OSError if there is none, or something else in its place."""
        return self._context.files.open(path)

    def log_file(self, container: str, *, previous: bool) -> tuple[str, bool] | None:
        """Return the path of the container's log, and whether it may still grow; None for an unknown container."""
        state = next((runner.state for runner in (*self._init, *self._main) if runner.state.name == container), None)
        if state is None:
            return None
        attempt = state.restarts - 1 if previous else state.restarts
        return log_of(container, attempt), state.running and not previous

    def waiting_reason(self, container: str) -> str:
        """Return why the container has no log yet; empty when it has one."""
        state = next(runner.state for runner in (*self._init, *self._main) if runner.state.name == container)
        return "" if state.started_at or state.terminated or state.restarts else state.reason

    def _runners(self, field: str, reason: str) -> list[ContainerRunner]:
        states = [ContainerState(container, reason) for container in spec_of(self._pod).get(field) or ()]
        return [ContainerRunner(self._context, state, field) for state in states]

    async def _run(self) -> None:
        limit = spec_of(self._pod).get("activeDeadlineSeconds")
        try:
            async with asyncio.timeout(limit):
                await self._run_containers()
        except TimeoutError:
            self._reason = _DEADLINE
            await asyncio.gather(*(runner.stop(0) for runner in (*self._init, *self._main)))
            self._phase = "Failed"
            self._write_status()

    async def _run_containers(self) -> None:
        await self._mount()
        self._write_status()
        policy = spec_of(self._pod)["restartPolicy"]
        for runner in self._init:
            await runner.run("OnFailure" if policy == "Always" else policy)
            if not runner.state.succeeded:
                self._finish()
                return
        await asyncio.gather(*(runner.run(policy) for runner in self._main))
        self._finish()

    async def _mount(self) -> None:
        self._context.files.directory.mkdir(parents=True, exist_ok=True)
        last_error = ""
        while True:
            try:
                self._volumes.write(self._pod, self._context.files)
            except MissingReferenceError as error:
                if last_error != str(error):
                    self._context.events.warning(self._pod, "FailedMount", f"MountVolume.SetUp failed for {error}")
                    self._write_status()
                    last_error = str(error)
                await asyncio.sleep(_MOUNT_RETRY_SECONDS)
            else:
                return

    async def _terminate(self, grace_seconds: float) -> None:
        running = [runner for runner in (*self._init, *self._main) if runner.state.running]
        for runner in running:
            self._context.events.normal(
                self._pod,
                "Killing",
                f"Stopping container {runner.state.name}",
                f"spec.containers{{{runner.state.name}}}",
            )
        await asyncio.gather(*(runner.stop(grace_seconds) for runner in (*self._init, *self._main)))
        if running:
            # Give the run a chance to record how its containers ended.
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await asyncio.shield(self._run_task)
        self._run_task.cancel()
        with suppress(asyncio.CancelledError):
            await self._run_task
        self._mark_lost_containers()
        self._finish()
        with suppress(ApiError):  # the pod has already been removed
            kind = self._cluster.kinds.by_resource("pods")
            options = DeleteOptions(grace_seconds=0, uid=uid_of(self._pod))
            self._cluster.deleter.delete(
                self._request_context, kind, namespace_of(self._pod), name_of(self._pod), options
            )

    def _mark_lost_containers(self) -> None:
        """Mark the containers that never ran, in an initialized pod that ends early, as failed."""
        if all(runner.state.succeeded for runner in self._init):
            for runner in self._main:
                if runner.state.terminated is None:
                    runner.state.mark_lost()

    def _finish(self) -> None:
        if self._phase in ("Succeeded", "Failed"):
            return
        succeeded = [runner.state.succeeded for runner in (*self._init, *self._main)]
        self._phase = "Succeeded" if all(succeeded) else "Failed"
        self._write_status()

    def _write_status(self) -> None:
        states = [runner.state for runner in self._main]
        if self._phase == "Pending" and any(state.running or state.terminated for state in states):
            self._phase = "Running"
        init = [runner.state for runner in self._init]

        def write(pod: Object) -> Object:
            if uid_of(pod) != uid_of(self._pod):
                return pod
            return {**pod, "status": pod_status(pod, self._phase, self._start_time, init, states, self._reason)}

        with suppress(ApiError):  # the pod was removed in the meantime
            kind = self._cluster.kinds.by_resource("pods")
            self._cluster.registry.mutate(
                self._request_context, kind, namespace_of(self._pod), name_of(self._pod), write, "status"
            )
