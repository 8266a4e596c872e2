"""Creates the executions of a run, as the caller: all of them, or as good as none."""

from __future__ import annotations

import asyncio
import copy
import json
import secrets
from collections.abc import Mapping, Sequence

from kubernaut.api.alterations import altered_field
from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.labels import (
    ANNOTATION_RUN_ARGUMENTS,
    ANNOTATION_RUN_POSITION,
    ANNOTATION_RUN_STEP,
    ANNOTATION_RUNBOOK_VERSION,
    ANNOTATION_TRACEPARENT,
    LABEL_RUN,
    LABEL_RUNBOOK,
)
from kubernaut.errors import InputError, KubernautError, NotFoundError, UnavailableError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, Object
from kubernaut.runbooks.expansion import Run


def execution_manifests(
    run: Run,
    namespace: str,
    annotations: Mapping[str, str],
    version: str = "",
    *,
    approvable: bool = False,
    labels: Mapping[str, str] | None = None,
) -> list[Object]:
    """Return the manifests of a run, in the order in which they are to be created.

    Args:
        run: what to create.
        namespace: where.
        annotations: those of the caller, such as the requester and the trace; without a trace, they all get the same new one.
        version: the runbook's, as `runbook_version` returns it.
        approvable: whether they keep what `kubernaut approve --run` needs to find the order and the rest of the run.
        labels: further labels.
    """
    shared = {ANNOTATION_TRACEPARENT: _new_traceparent(), **annotations}
    if version:
        shared[ANNOTATION_RUNBOOK_VERSION] = version
    if approvable:
        shared[ANNOTATION_RUN_ARGUMENTS] = json.dumps(dict(run.arguments), ensure_ascii=False)
    manifests = []
    for position, step in enumerate(run.steps, 1):
        own = {ANNOTATION_RUN_STEP: step.step, ANNOTATION_RUN_POSITION: f"{position}/{len(run.steps)}"}
        metadata = {
            "name": step.name,
            "namespace": namespace,
            "labels": {**(labels or {}), LABEL_RUN: run.name, LABEL_RUNBOOK: run.runbook},
            "annotations": {**shared, **own},
        }
        manifests.append({"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": dict(step.spec)})
    return manifests


def runbook_version(runbook: Object) -> str:
    """Return what tells this state of a runbook's spec from every other: its uid, and its generation."""
    metadata = runbook["metadata"]
    return f"{metadata.get('uid', '')}/{metadata.get('generation', 0)}"


async def create_run(cluster: Cluster, manifests: Sequence[Object]) -> list[Object]:
    """Create the executions, after a server-side dry run of all of them, and return them.

    An execution that the API server refuses is found before any is created. Where a request fails between, those that exist are cancelled.
    Raises the API server's error, with the execution's name and what was created in its message.
    """
    for manifest in manifests:
        try:
            tried = await _create(cluster, manifest, dry_run=True)
        except KubernautError as error:
            raise _with_message(error, f"{_step(manifest)}: {error}. Nothing was created") from error
        if manifest["spec"].get("approvedPlan") and (field := altered_field(manifest["spec"], tried["spec"])):
            raise InputError(f"{_step(manifest)}: {not_as_approved(field)}. Nothing was created")
    created: list[Object] = []
    try:
        for manifest in manifests:
            created.append(await _create(cluster, manifest))  # noqa: PERF401 - those before are needed when one fails
    except KubernautError as error:
        # An answer that did not arrive leaves open whether the execution exists.
        doubtful = [manifests[len(created)]] if isinstance(error, UnavailableError) else []
        undone = await _cancel(cluster, [*created, *doubtful])
        raise _with_message(error, f"{_step(manifests[len(created)])}: {error}. {undone}") from error
    except asyncio.CancelledError:
        await _cancel(cluster, created)
        raise
    return created


def not_as_approved(field: str) -> str:
    """Return why an approval is not created where the cluster would store another one."""
    return (
        f"a mutating admission policy or webhook of this cluster changes {field}, so it would not be what was approved"
    )


async def _create(cluster: Cluster, manifest: Object, *, dry_run: bool = False) -> Object:
    return await cluster.create(EXECUTIONS, manifest["metadata"]["namespace"], manifest, dry_run=dry_run)


async def _cancel(cluster: Cluster, executions: Sequence[Object]) -> str:
    """Cancel executions, the last first so that none begins when another ends, and return what became of them as a sentence.

    One that may exist, and so has no uid yet, may also be somebody else's of the same name, which goes on.
    """
    cancelled, left = [], []
    for execution in reversed(executions):
        name, namespace = execution["metadata"]["name"], execution["metadata"]["namespace"]
        try:
            if "uid" not in execution["metadata"] and not await _is_own(cluster, execution):
                continue
            await cluster.patch(EXECUTIONS, namespace, name, {"spec": {"cancel": True}})
        except NotFoundError:
            continue
        except KubernautError:
            left.append(name)
        else:
            cancelled.append(name)
    sentences = [f"Those created before were cancelled: {', '.join(cancelled)}"] if cancelled else []
    if left:
        sentences.append(f"These could not be cancelled, and go on: {', '.join(left)}")
    return ". ".join(sentences) or "Nothing was created"


async def _is_own(cluster: Cluster, manifest: Object) -> bool:
    """Whether what has this name was made of this manifest. Raises NotFoundError where there is nothing."""
    there = await cluster.get(EXECUTIONS, manifest["metadata"]["namespace"], manifest["metadata"]["name"])
    return is_of_same_run(there, manifest)


def is_of_same_run(execution: Object, manifest: Object) -> bool:
    """Whether an execution belongs to the run that a manifest is made for: by the run's trace."""
    trace = (execution["metadata"].get("annotations") or {}).get(ANNOTATION_TRACEPARENT)
    return bool(trace == manifest["metadata"]["annotations"][ANNOTATION_TRACEPARENT])


def _step(manifest: Object) -> str:
    return f"step {manifest['metadata']['annotations'][ANNOTATION_RUN_STEP]} ({manifest['metadata']['name']})"


def _with_message(error: KubernautError, message: str) -> KubernautError:
    """Return the same error with another message."""
    other = copy.copy(error)
    other.args = (message,)
    return other


def _new_traceparent() -> str:
    """Return a new trace context (W3C Trace Context, version 00, sampled), so that all steps of a run are in one trace."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
