"""Runbooks and runs as the command line reads them: a runbook by its name, and the executions of a run in their order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernaut.api.labels import ANNOTATION_RUN_POSITION, ANNOTATION_RUN_STEP, LABEL_RUN
from kubernaut.api.names import is_label
from kubernaut.api.view import ExecutionView
from kubernaut.caller.executions import read_execution
from kubernaut.errors import DeniedError, InputError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import list_by_key
from kubernaut.kube.objects import EXECUTIONS, RUNBOOKS, Key, Object

_MAX_TEXT = 63


async def get_runbook(cluster: Cluster, key: Key) -> Object:
    """Return a runbook as JSON. Raises InputError if it does not exist, or if the cluster has no runbooks."""
    try:
        return await cluster.get(RUNBOOKS, key.namespace, key.name)
    except NotFoundError as error:
        raise await _no_runbook(cluster, key) from error


async def _no_runbook(cluster: Cluster, key: Key) -> InputError:
    """Return why there is no such runbook, with those that there are, as far as this user may list them."""
    missing = f"there is no runbook {key.name} in {key.namespace}"
    try:
        found = (await cluster.list(RUNBOOKS, key.namespace)).items
    except NotFoundError:
        return InputError("this cluster does not have the CRD of Runbook: kubernaut crd | kubectl apply -f -")
    except DeniedError:
        return InputError(f"{missing}: kubectl get krb -n {key.namespace}")
    return InputError(f"{missing}; there are: {', '.join(sorted(obj['metadata']['name'] for obj in found)) or 'none'}")


def run_selector(run: str) -> str:
    """Return the label selector of a run's executions. Raises InputError for what is not the name of a run."""
    if not is_label(run):
        raise InputError(f"--run {run[:_MAX_TEXT]}: it is not the name of a run, which is RUNBOOK-SUFFIX")
    return f"{LABEL_RUN}={run}"


async def read_run(cluster: Cluster, namespace: str, run: str) -> list[ExecutionView]:
    """Return the executions of a run, in the order in which they were created. Raises InputError if there are none."""
    found, _ = await list_by_key(cluster, EXECUTIONS, namespace, selector=run_selector(run))
    if not found:
        raise no_run(run, namespace)
    return run_order(found)


def no_run(run: str, namespace: str) -> InputError:
    """Return the error for a run that has no executions."""
    return InputError(f"there is no run {run} in {namespace}: kubectl get kex -n {namespace} -L {LABEL_RUN}")


def run_order(found: Mapping[Key, Object]) -> list[ExecutionView]:
    """Return the executions of a run in the order in which they were created."""
    return sorted(map(read_execution, found.values()), key=lambda one: (position(one), one.name))


def position(execution: ExecutionView) -> int:
    """Return the place of an execution in its run, from 1; 0 if it is not known."""
    number = annotation(execution, ANNOTATION_RUN_POSITION).partition("/")[0]
    return int(number) if number.isascii() and number.isdigit() and len(number) < 4 else 0


def step_name(execution: ExecutionView) -> str:
    """Return the runbook's step that an execution is, or the execution's name if that is not known."""
    return annotation(execution, ANNOTATION_RUN_STEP)[:_MAX_TEXT] or execution.name


def annotation(execution: ExecutionView, name: str) -> str:
    """Return an annotation of an execution that only the command line reads, or ""."""
    annotations: Mapping[str, Any] = execution.json["metadata"].get("annotations") or {}
    return str(annotations.get(name, ""))
