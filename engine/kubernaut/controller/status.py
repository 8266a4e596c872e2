"""Writes the status of executions. The only writer of status.

Each write is conditional on the version that was read: of two engines, or an engine and a person, one wins and the other reconciles again.
"""

from __future__ import annotations

from kubernaut.api.execution import ExecutionStatus
from kubernaut.api.view import ExecutionView
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer
from kubernaut.kube.objects import EXECUTIONS


class StatusWriter:
    """Status writes of this engine; their answers go into the cache at once."""

    def __init__(self, cluster: Cluster, executions: Informer) -> None:
        self._cluster, self._executions = cluster, executions

    async def write(self, execution: ExecutionView, changes: ExecutionStatus) -> ExecutionView:
        """Write the fields that were given to `changes` (None removes one), and return the execution as it is then.

        What status says already is not written again. Raises ConflictError if someone has written since `execution` was read.
        """
        present = execution.json.get("status") or {}
        patch = {
            key: value
            for key, value in changes.merge_patch().items()
            if present.get(key) != value and not (value is None and key not in present)
        }
        if not patch:
            return execution
        metadata = execution.json["metadata"]
        patch["observedGeneration"] = metadata.get("generation")
        body = {"metadata": {"resourceVersion": metadata["resourceVersion"]}, "status": patch}
        written = await self._cluster.patch(EXECUTIONS, execution.namespace, execution.name, body, subresource="status")
        self._executions.accept(written)
        return ExecutionView(written, execution.first_seen)
