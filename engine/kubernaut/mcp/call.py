"""One call of a tool: the cluster as the user who started the server, the agent that asks, and what the server allows it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from kubernaut.api.labels import ANNOTATION_AGENT
from kubernaut.api.view import ExecutionView
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import Key
from kubernaut.plugins.registry import Registry

Report = Callable[[float, str], Awaitable[None]]
"""Reports progress: a number that grows, and a few words."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a tool works with."""

    cluster: Cluster
    registry: Registry
    agent: str
    default_namespace: str
    report: Report

    def namespace(self, named: str) -> str:
        """Return the namespace that is named, else the user's."""
        return named or self.default_namespace

    def key(self, namespace: str, name: str) -> Key:
        """Return the key of an execution or runbook."""
        return Key(self.namespace(namespace), name)

    @property
    def annotations(self) -> Mapping[str, str]:
        """The annotations of everything that the agent creates."""
        return {ANNOTATION_AGENT: self.agent}

    def reporter(self) -> Callable[[Sequence[ExecutionView]], Awaitable[None]]:
        """Return a function that reports how far executions are."""
        count = 0

        async def on_change(executions: Sequence[ExecutionView]) -> None:
            nonlocal count
            count += 1
            phases = [str(one.phase) for one in executions]
            text = (
                phases[0] if len(phases) == 1 else f"{sum(one.has_ended for one in executions)} of {len(phases)} ended"
            )
            await self.report(count, text)

        return on_change
