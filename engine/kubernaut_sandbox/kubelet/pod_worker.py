"""One pod from binding to end: volumes, initContainers one by one, containers together, and a status at every step."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace

from kubernaut_sandbox.kubelet.containers import ContainerRunner, PodContext
from kubernaut_sandbox.kubelet.pod_status import pod_status
from kubernaut_sandbox.kubelet.references import MissingReferenceError
from kubernaut_sandbox.kubelet.states import CREATING, INITIALIZING, ContainerState
from kubernaut_sandbox.kubelet.volumes import Volumes
from kubernaut_sandbox.model.objects import Object, name_of, namespace_of, now, spec_of, uid_of
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.registry.request_context import Call, Deletion

_MOUNT_RETRY_SECONDS = 0.2
_DEADLINE = ("DeadlineExceeded", "Pod was active on the node longer than the specified deadline")


class PodWorker:
    """Runs one pod."""

    def __init__(self, context: PodContext, volumes: Volumes, call: Call) -> None:
        self._context = replace(context, changed=self._report)
        self._volumes, self._call = volumes, call
        self._pod, self._cluster = context.pod, context.cluster
        self._phase, self._started, self._why = "Pending", now(), ("", "")
        spec = spec_of(self._pod)
        waiting = INITIALIZING if spec.get("initContainers") else CREATING
        self._init = self._runners("initContainers", waiting)
        self._main = self._runners("containers", waiting)
        self._ending: asyncio.Task[None] | None = None
        self._run_task = asyncio.create_task(self._run(), name=f"pod-{name_of(self._pod)}")

    def terminate(self, grace_seconds: float) -> None:
        """The pod is being deleted: end its containers, then let the API forget it."""
        if self._ending is None:
            self._ending = asyncio.create_task(self._terminate(grace_seconds))
        elif grace_seconds == 0:
            self.kill()

    def kill(self) -> None:
        """The pod is gone: end everything now."""
        for runner in (*self._init, *self._main):
            runner.kill()

    async def close(self) -> None:
        """Stop everything and wait until it has stopped."""
        for task in (self._run_task, self._ending):
            if task:
                task.cancel()
        await asyncio.gather(*(runner.stop(0) for runner in (*self._init, *self._main)))
        for task in (self._run_task, self._ending):
            with suppress(asyncio.CancelledError):
                await (task or asyncio.sleep(0))

    def log_file(self, container: str, *, previous: bool) -> tuple[str, bool] | None:
        """The container's log and whether it may still grow; None where the container does not exist."""
        state = next((runner.state for runner in (*self._init, *self._main) if runner.state.name == container), None)
        if state is None:
            return None
        attempt = state.restarts - 1 if previous else state.restarts
        return str(self._context.directory / "logs" / f"{container}.{attempt}.log"), state.running and not previous

    def waiting_reason(self, container: str) -> str:
        """Why the container has no log yet."""
        state = next(runner.state for runner in (*self._init, *self._main) if runner.state.name == container)
        return "" if state.started_at or state.ended or state.restarts else state.reason

    def _runners(self, field: str, reason: str) -> list[ContainerRunner]:
        states = [ContainerState(container, reason) for container in spec_of(self._pod).get(field) or ()]
        return [ContainerRunner(self._context, state, field) for state in states]

    async def _run(self) -> None:
        limit = spec_of(self._pod).get("activeDeadlineSeconds")
        try:
            async with asyncio.timeout(limit):
                await self._live()
        except TimeoutError:
            self._why = _DEADLINE
            await asyncio.gather(*(runner.stop(0) for runner in (*self._init, *self._main)))
            self._phase = "Failed"
            self._report()

    async def _live(self) -> None:
        await self._mount()
        self._report()
        policy = spec_of(self._pod)["restartPolicy"]
        for runner in self._init:
            await runner.run("OnFailure" if policy == "Always" else policy)
            if not runner.state.succeeded:
                self._finish()
                return
        await asyncio.gather(*(runner.run(policy) for runner in self._main))
        self._finish()

    async def _mount(self) -> None:
        self._context.directory.mkdir(parents=True, exist_ok=True)
        told = ""
        while True:
            try:
                self._volumes.make(self._pod, self._context.directory / "volumes")
            except MissingReferenceError as error:
                if told != str(error):
                    self._context.events.warning(self._pod, "FailedMount", f"MountVolume.SetUp failed for {error}")
                    self._report()
                    told = str(error)
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
            # Give the run a chance to note how its containers ended.
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await asyncio.shield(self._run_task)
        self._run_task.cancel()
        with suppress(asyncio.CancelledError):
            await self._run_task
        self._give_up()
        self._finish()
        with suppress(ApiError):  # already gone is what was wanted
            kind = self._cluster.kinds.named("pods")
            how = Deletion(grace_seconds=0, uid=uid_of(self._pod))
            self._cluster.deleter.delete(self._call, kind, namespace_of(self._pod), name_of(self._pod), how)

    def _give_up(self) -> None:
        """Of an initialized pod that ends early, a container that never ran counts as failed."""
        if all(runner.state.succeeded for runner in self._init):
            for runner in self._main:
                if runner.state.ended is None:
                    runner.state.lose()

    def _finish(self) -> None:
        if self._phase in ("Succeeded", "Failed"):
            return
        ends = [runner.state.succeeded for runner in (*self._init, *self._main)]
        self._phase = "Succeeded" if all(ends) else "Failed"
        self._report()

    def _report(self) -> None:
        states = [runner.state for runner in self._main]
        if self._phase == "Pending" and any(state.running or state.ended for state in states):
            self._phase = "Running"
        init = [runner.state for runner in self._init]

        def write(pod: Object) -> Object:
            if uid_of(pod) != uid_of(self._pod):
                return pod
            return {**pod, "status": pod_status(pod, self._phase, self._started, init, states, self._why)}

        with suppress(ApiError):  # the pod was deleted meanwhile: there is no status left to write
            kind = self._cluster.kinds.named("pods")
            self._cluster.registry.mutate(
                self._call, kind, namespace_of(self._pod), name_of(self._pod), write, "status"
            )
