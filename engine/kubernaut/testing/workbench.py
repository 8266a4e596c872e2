"""A sandbox with a running engine behind synchronous calls; it runs in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self, TypeVar

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.plugin import Change, Result
from kubernaut.api.rules import Rule
from kubernaut.api.surroundings import Surroundings
from kubernaut.api.view import ExecutionView
from kubernaut.embedded.cluster import Embedded, embedded
from kubernaut.embedded.example_environment import placed, surrounded, with_settings
from kubernaut.kube.client import Cluster
from kubernaut.kube.config.private_file import write_private
from kubernaut.kube.follow import wait_for_end
from kubernaut.kube.objects import EXECUTIONS, Key, resource_of
from kubernaut.plugins.registry import Registry
from kubernaut.settings import ActionSettings, Settings
from kubernaut.testing.guard_proof import assert_guarded

T = TypeVar("T")

NAMESPACE = "production"
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """How an execution ended."""

    phase: str
    reason: str | None
    message: str
    changes: tuple[Change, ...]
    outputs: Mapping[str, Any]
    status: Mapping[str, Any]
    """The whole status, as the API server has it."""

    @property
    def succeeded(self) -> bool:
        """Whether its phase is Succeeded."""
        return self.phase == "Succeeded"


class Workbench:
    """A fresh sandbox with the objects of `kubernaut sandbox`, ready, and every installed action granted in namespace `production`.

    `settings` are those of actions by name, `Workbench(settings={"scale": {"max_replicas": 5}})`, or the engine's whole `Settings`.
    Entering it raises OSError if no port on loopback is free.
    """

    def __init__(
        self, registry: Registry | None = None, settings: Settings | Mapping[str, Mapping[str, Any]] | None = None
    ) -> None:
        self._registry = Registry.discover() if registry is None else registry
        if isinstance(settings, Mapping):
            actions = {name: ActionSettings(settings=dict(given)) for name, given in settings.items()}
            settings = Settings(actions=actions)
        self._settings = settings or Settings()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="workbench", daemon=True)
        self._stack = AsyncExitStack()
        self._running: Embedded | None = None
        self._surroundings: dict[str, Surroundings] = {}

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._running = self._wait(
                self._stack.enter_async_context(embedded(self._registry, settings=self._settings))
            )
        except BaseException:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def run(
        self,
        action: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        dry_run: bool = False,
        deadline: int | None = None,
        seconds: float = 60,
    ) -> Ended:
        """Create an execution and return its end; `deadline` is its `deadlineSeconds`. Raises TimeoutError after `seconds`.

        Before the first execution of an action, its surroundings are started; those of other actions are not.
        """
        self.surround(action)
        spec: dict[str, Any] = {"action": action, "parameters": dict(parameters or {}), "dryRun": dry_run}
        if deadline is not None:
            spec["deadlineSeconds"] = deadline
        name = f"{action[:40]}-{secrets.token_hex(4)}"
        manifest = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": spec,
        }
        return _ended(self._wait(self._run(manifest, seconds)))

    def surround(self, action: str) -> Surroundings:
        """Start the surroundings of an action, once, and return them. Raises what they raise."""
        if action not in self._surroundings and action in self._registry.actions:
            started = self._wait(self._surround(action))
            self._surroundings[action] = started
        return self._surroundings.get(action, Surroundings())

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object of namespace `production`; `kind` is like `apps/v1/deployments`. Raises NotFoundError."""
        return self._wait(self._cluster.get(resource_of(kind), NAMESPACE, name))

    def list(self, kind: str, *, selector: str = "", fields: str = "") -> list[dict[str, Any]]:
        """Return the objects of namespace `production` that a label selector and a field selector match."""
        return self._wait(self._cluster.list_all(resource_of(kind), NAMESPACE, selector=selector, fields=fields)).items

    def patch(
        self, kind: str, name: str, patch: Mapping[str, Any], *, subresource: str | None = None
    ) -> dict[str, Any]:
        """Send a JSON merge patch as the cluster's admin, and return the object; `subresource` is like `status`."""
        return self._wait(self._cluster.patch(resource_of(kind), NAMESPACE, name, patch, subresource=subresource))

    def delete(self, kind: str, name: str) -> None:
        """Delete an object as the cluster's admin. Raises NotFoundError."""
        uid = self.get(kind, name)["metadata"]["uid"]
        self._wait(self._cluster.delete(resource_of(kind), NAMESPACE, name, uid=uid))

    def wait_for(
        self, kind: str, name: str, condition: Callable[[dict[str, Any]], bool], *, seconds: float = 30
    ) -> dict[str, Any]:
        """Return the object as soon as the condition holds for it. Raises TimeoutError, with its last state, after `seconds`."""
        return self._wait(self._wait_for(kind, name, condition, seconds))

    def apply(self, *manifests: Mapping[str, Any]) -> None:
        """Create or replace objects as the cluster's admin; one without a namespace goes to `production`."""
        placed = [{**m, "metadata": {"namespace": NAMESPACE, **m["metadata"]}} for m in manifests]
        self._wait(self._embedded.sandbox.apply(placed))

    def assert_guarded(self, service_account: str, rule: Rule) -> Sequence[str]:
        """Try a write to every field that the rule does not name, as the action's ServiceAccount; return those that were forbidden.

        Raises AssertionError for one that is not.
        """
        return self._wait(self._assert_guarded(service_account, rule))

    @property
    def kubeconfig(self) -> dict[str, Any]:
        """A kubeconfig for kubectl or another client, as the cluster's admin."""
        return self._embedded.sandbox.kubeconfig()

    @cached_property
    def kubeconfig_file(self) -> Path:
        """The same as a file, for `KUBECONFIG`; it exists as long as the workbench does."""
        folder = Path(self._stack.enter_context(TemporaryDirectory(prefix="workbench-")))
        write_private(folder / "kubeconfig", json.dumps(self.kubeconfig))
        return folder / "kubeconfig"

    @property
    def _embedded(self) -> Embedded:
        if self._running is None:
            raise RuntimeError("use `with Workbench() as bench:`")
        return self._running

    @property
    def _cluster(self) -> Cluster:
        return self._embedded.cluster

    async def _surround(self, name: str) -> Surroundings:
        """Start the surroundings, restart the engine if they bring settings, and create their objects."""
        started = self._stack.enter_context(surrounded(self._registry.actions[name]))
        if started.settings:
            actions = {**self._settings.actions, name: with_settings(started, self._settings.actions.get(name))}
            self._settings = self._settings.model_copy(update={"actions": actions})
            await self._embedded.engine.restart(self._settings)
        objects = placed(started, NAMESPACE)
        # What a test has created itself is left as it is.
        own = [obj for obj in objects if self._embedded.sandbox.has(obj)]
        await self._embedded.populate(obj for obj in objects if obj not in own)
        return started

    async def _wait_for(
        self, kind: str, name: str, condition: Callable[[dict[str, Any]], bool], seconds: float
    ) -> dict[str, Any]:
        current: dict[str, Any] = {}
        try:
            async with asyncio.timeout(seconds):
                while not condition(current := await self._cluster.get(resource_of(kind), NAMESPACE, name)):  # noqa: ASYNC110 - as a user
                    await asyncio.sleep(_PAUSE_SECONDS)
        except TimeoutError:
            raise TimeoutError(f"{kind} {name} is after {seconds} s: {json.dumps(current)}") from None
        return current

    async def _assert_guarded(self, service_account: str, rule: Rule) -> Sequence[str]:
        user = f"system:serviceaccount:{NAMESPACE}:{service_account}"
        async with await Cluster.connect(self._embedded.sandbox.kubeconfig(user)) as account:
            return await assert_guarded(self._cluster, account, NAMESPACE, rule)

    async def _run(self, manifest: dict[str, Any], seconds: float) -> dict[str, Any]:
        await self._cluster.create(EXECUTIONS, NAMESPACE, manifest)
        async with asyncio.timeout(seconds):
            return await wait_for_end(self._cluster, Key(NAMESPACE, manifest["metadata"]["name"]))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _close(self) -> None:
        self._wait(self._stack.aclose())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def _ended(obj: Mapping[str, Any]) -> Ended:
    status = ExecutionView(obj).status
    result = status.result or Result()
    return Ended(
        phase=str(status.phase),
        reason=status.reason,
        message=status.message or "",
        changes=result.changes,
        outputs=result.outputs,
        status=obj["status"],
    )
