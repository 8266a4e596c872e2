"""Creates a run that may have been begun before, or be begun by others at the same moment: its name and trace follow from its cause.

What exists of it is left as it is, and only the rest is created. So a request may be repeated at any time, and after a crash in between a
repetition completes the run. Nothing is cancelled because an answer did not arrive: the repetition finds out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kubernaut.api.labels import ANNOTATION_REQUESTED_BY, ANNOTATION_RUNBOOK_VERSION, LABEL_RUN
from kubernaut.api.view import ExecutionView
from kubernaut.caller.cancellation import withdraw
from kubernaut.caller.planned_runs import PlannedRun
from kubernaut.errors import ExistsError, NeverError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import each
from kubernaut.kube.objects import EXECUTIONS, Object
from kubernaut.runbooks.creation import execution_manifests, is_of_same_run


def repeatable_manifests(
    planned: PlannedRun, labels: Mapping[str, str], annotations: Mapping[str, str]
) -> list[Object]:
    """Return the manifests of a run in their order; its `traceparent`, among the annotations, follows from its cause."""
    return execution_manifests(
        planned.run, planned.namespace, annotations, planned.version, approvable=planned.approvable, labels=labels
    )


async def begun_already(cluster: Cluster, manifests: Sequence[Object]) -> bool:
    """Whether the whole run exists. Raises ExistsError if something else has the name of its last execution.

    They are created in their order, so one request answers it.
    """
    try:
        await _own(cluster, manifests[-1])
    except NotFoundError:
        return False
    return True


async def missing_executions(cluster: Cluster, manifests: Sequence[Object]) -> list[Object]:
    """Return what is still to be created of a run, after a server-side dry run of all of that.

    That is nothing if an execution of it was cancelled, or made from an earlier version of its runbook: then it began, and another end was
    decided. Raises ExistsError if something else has its name, and the error of the API server for what it refuses.
    """
    metadata = manifests[0]["metadata"]
    selector = f"{LABEL_RUN}={metadata['labels'][LABEL_RUN]}"
    there, is_over = set(), False
    async for obj in each(cluster, EXECUTIONS, metadata["namespace"], selector):
        _require_own(obj, manifests[0])
        there.add(obj["metadata"]["name"])
        is_over |= ExecutionView(obj).is_cancelled or _version(obj) != _version(manifests[0])
    if is_over:
        return []
    missing = [manifest for manifest in manifests if manifest["metadata"]["name"] not in there]
    for manifest in missing:
        await _create(cluster, manifest, dry_run=True)
    return missing


async def create_missing(cluster: Cluster, missing: Sequence[Object]) -> int:
    """Create these executions of a run in their order, and return how many were not there yet.

    Where the API server refuses one for good, those that were created are cancelled. Where it could accept it later, they stay, and a
    repetition completes the run.
    """
    created: list[Object] = []
    try:
        for manifest in missing:
            if made := await _create(cluster, manifest):
                created.append(made)  # noqa: PERF401 - those before are needed when one fails
    except NeverError:
        await withdraw(cluster, [ExecutionView(obj) for obj in created])
        raise
    return len(created)


async def _create(cluster: Cluster, manifest: Object, *, dry_run: bool = False) -> Object | None:
    """Create one, and return it; None if it exists. Raises ExistsError if something else has its name."""
    try:
        return await cluster.create(EXECUTIONS, manifest["metadata"]["namespace"], manifest, dry_run=dry_run)
    except ExistsError:
        await _own(cluster, manifest)
        return None


async def _own(cluster: Cluster, manifest: Object) -> None:
    metadata = manifest["metadata"]
    _require_own(await cluster.get(EXECUTIONS, metadata["namespace"], metadata["name"]), manifest)


def _require_own(there: Object, manifest: Object) -> None:
    if not (is_of_same_run(there, manifest) and _requester(manifest) in {"", _requester(there)}):
        name, namespace = there["metadata"]["name"], there["metadata"]["namespace"]
        raise ExistsError(
            f"the name {name} is taken by an execution that something else began: kubectl get kex {name} -n {namespace} -o yaml"
        )


def _requester(obj: Object) -> str:
    """Return who created it, or "" if that is not known; with the admission policies, nobody names somebody else."""
    return str((obj["metadata"].get("annotations") or {}).get(ANNOTATION_REQUESTED_BY, ""))


def _version(obj: Object) -> str:
    return str((obj["metadata"].get("annotations") or {}).get(ANNOTATION_RUNBOOK_VERSION, ""))
