"""Creates, reads and patches executions for a person, and explains a cluster that does not have them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from kubernaut.api.annotations import read_annotation
from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.labels import ANNOTATION_REQUESTED_BY, ANNOTATION_TRACEPARENT
from kubernaut.api.view import ExecutionView
from kubernaut.errors import InputError, KubernautError, NotFoundError, UnauthenticatedError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, SELF_SUBJECT_REVIEWS, Key, key_of
from kubernaut.validation_errors import format_validation_error


def read_execution(obj: Mapping[str, Any]) -> ExecutionView:
    """Return an execution whose spec and status are known to be readable.

    Raises InputError for one of another version of the CRD than this command line's.
    """
    execution = ExecutionView(obj)
    try:
        _ = execution.spec, execution.status
    except ValidationError as error:
        key = key_of(obj)
        raise InputError(
            f"execution {key} does not fit this version of kubernaut ({format_validation_error(error)}): "
            f"use the engine's version, or kubectl get kex {key.name} -n {key.namespace} -o yaml"
        ) from error
    return execution


async def create_execution(
    cluster: Cluster,
    key: Key,
    spec: Mapping[str, Any],
    *,
    prefix: str = "",
    annotations: Mapping[str, str] | None = None,
    dry_run: bool = False,
) -> ExecutionView:
    """Create an execution and return it. Its name is `key.name`, or generated from `prefix` if that is empty.

    With `dry_run`, the API server does all that but store it. Raises InputError if the namespace or the custom resource does not exist.
    """
    written = await caller_annotations(cluster)
    acceptable = {name: value for name in annotations or {} if (value := read_annotation(annotations or {}, name))}
    named = {"name": key.name} if key.name else {"generateName": prefix}
    metadata = {**named, "namespace": key.namespace, "annotations": {**acceptable, **written}}
    manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": dict(spec)}
    try:
        return read_execution(await cluster.create(EXECUTIONS, key.namespace, manifest, dry_run=dry_run))
    except NotFoundError as error:
        raise cannot_create(error, key.namespace) from error


def cannot_create(error: NotFoundError, namespace: str) -> InputError:
    """Return why an execution cannot be created where something does not exist."""
    if error.kind == "namespaces":
        return InputError(f"namespace {namespace} does not exist: name another with -n")
    return InputError("this cluster does not have the CRD of KubernetesExecution: kubernaut crd | kubectl apply -f -")


async def get_execution(cluster: Cluster, key: Key) -> ExecutionView:
    """Return the execution. Raises InputError if it does not exist."""
    try:
        return read_execution(await cluster.get(EXECUTIONS, key.namespace, key.name))
    except NotFoundError as error:
        raise no_execution(key.name, key.namespace) from error


def no_execution(names: str, namespace: str) -> InputError:
    """Return the error for names that do not exist in this namespace."""
    return InputError(f"there is no execution {names} in {namespace}: kubernaut get -n {namespace}")


async def get_unfinished_execution(cluster: Cluster, key: Key) -> ExecutionView:
    """Return the execution. Raises InputError if it does not exist or has ended."""
    execution = await get_execution(cluster, key)
    if execution.has_ended:
        raise InputError(f"{key.name} has ended already: {execution.phase}")
    return execution


async def patch_execution(cluster: Cluster, key: Key, patch: Mapping[str, Any]) -> ExecutionView:
    """Send a JSON merge patch and return the execution."""
    return read_execution(await cluster.patch(EXECUTIONS, key.namespace, key.name, patch))


async def caller_annotations(cluster: Cluster) -> dict[str, str]:
    """Return the annotations of an execution that this user creates now: who they are, and the trace of $TRACEPARENT, as far as known."""
    written = {
        ANNOTATION_REQUESTED_BY: await current_user(cluster),
        ANNOTATION_TRACEPARENT: os.environ.get("TRACEPARENT", ""),
    }
    return {name: value for name in written if (value := read_annotation(written, name))}


async def current_user(cluster: Cluster) -> str:
    """Return the API server's name for this user, or "" if it is not known; admission policies check the annotation."""
    try:
        return await authenticate(cluster)
    except UnauthenticatedError:
        raise  # asking a credential plugin a second time would not help
    except KubernautError:
        return ""


async def authenticate(cluster: Cluster) -> str:
    """Return the API server's name for this user. Raises UnauthenticatedError if it accepts no such credential, and its other errors."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    answer = await cluster.create(SELF_SUBJECT_REVIEWS, None, review)
    return str(answer.get("status", {}).get("userInfo", {}).get("username", ""))
