"""Which executions are wanted of those that a namespace has, and in which order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kubernaut.api.execution import Phase
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import no_execution
from kubernaut.caller.runs import no_run, position, run_selector
from kubernaut.kube.objects import Key, Object


class Selection:
    """Which executions to show: those of one namespace or all, filtered by name and phase if any are given."""

    def __init__(
        self,
        namespace: str | None,
        names: Iterable[str],
        phases: Iterable[Phase],
        *,
        proposals: bool = False,
        run: str = "",
        agent: str = "",
    ) -> None:
        """`proposals` are dry runs whose plan was not carried out yet; `run` is that of a runbook; `agent` is who asked."""
        self.namespace, self.names, self.phases = namespace, set(names), set(phases)
        self.proposals, self.run, self.agent = proposals, run, agent

    @property
    def selector(self) -> str:
        """The label selector for the API server. Raises InputError for what is not the name of a run."""
        return run_selector(self.run) if self.run else ""

    def select(self, found: Mapping[Key, Object]) -> list[ExecutionView]:
        """Return the selected executions, the newest last, next to the prompt; those of a run in its order."""
        selected = [execution for execution in map(ExecutionView, found.values()) if self._includes(execution)]
        if self.run:
            return sorted(selected, key=lambda execution: (position(execution), execution.name))
        return sorted(selected, key=lambda execution: (execution.created, execution.name))

    def _includes(self, execution: ExecutionView) -> bool:
        named = not self.names or execution.name in self.names
        wanted = not self.proposals or execution.is_open_proposal
        asked = self.agent in {"", execution.agent}
        return named and wanted and asked and (not self.phases or execution.phase in self.phases)

    def require_names(self, found: Mapping[Key, Object]) -> None:
        """Raise InputError if a given name is not among these executions, or if the run has none."""
        if self.run and not found:
            raise no_run(self.run, str(self.namespace or "any namespace"))
        missing = self.names - {key.name for key in found}
        if missing:
            raise no_execution(", ".join(sorted(missing)), str(self.namespace))

    def has_ended(self, found: Mapping[Key, Object]) -> bool:
        """Whether all executions with a given name or of the run have ended; False if neither is given. Raises as `require_names`."""
        if not self.names and not self.run:
            return False
        self.require_names(found)
        return all(
            ExecutionView(obj).has_ended for key, obj in found.items() if not self.names or key.name in self.names
        )
