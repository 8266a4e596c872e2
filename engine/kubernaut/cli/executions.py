"""Creates executions for a person: says who asks, and explains a cluster that cannot take them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kubernaut.api.execution import API_VERSION, KIND, Phase
from kubernaut.api.labels import ANNOTATION_REQUESTED_BY, ANNOTATION_TRACEPARENT
from kubernaut.errors import InputError, KubernautError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS, SELF_SUBJECT_REVIEWS, Key


async def create_execution(
    cluster: Cluster,
    key: Key,
    spec: Mapping[str, Any],
    *,
    prefix: str = "",
    annotations: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Create an execution, named `key.name` or, where that is empty, from `prefix`.

    Raises InputError when the namespace or the custom resource is not there.
    """
    requester = await _requester(cluster)
    told = {
        **(annotations or {}),
        **({ANNOTATION_REQUESTED_BY: requester} if requester else {}),
        **({ANNOTATION_TRACEPARENT: os.environ["TRACEPARENT"]} if "TRACEPARENT" in os.environ else {}),
    }
    named = {"name": key.name} if key.name else {"generateName": prefix}
    metadata = {**named, "namespace": key.namespace, "annotations": told}
    manifest = {"apiVersion": API_VERSION, "kind": KIND, "metadata": metadata, "spec": dict(spec)}
    try:
        return await cluster.create(EXECUTIONS, key.namespace, manifest)
    except NotFoundError as error:
        if error.kind == "namespaces":
            raise InputError(f"namespace {key.namespace} does not exist: name another with -n") from error
        raise InputError("this cluster knows no KubernetesExecution: kubernaut crd | kubectl apply -f -") from error


async def get_execution(cluster: Cluster, key: Key) -> dict[str, Any]:
    """The execution; raises InputError for one that is not there."""
    try:
        return await cluster.get(EXECUTIONS, key.namespace, key.name)
    except NotFoundError as error:
        where = f"kubernaut get -n {key.namespace}"
        raise InputError(f"there is no execution {key.name} in {key.namespace}: {where}") from error


async def patch_spec(cluster: Cluster, key: Key, spec: dict[str, Any]) -> dict[str, Any]:
    """Change the execution's spec; raises InputError for one that is not there, or has ended."""
    await get_unfinished_execution(cluster, key)
    return await cluster.patch(EXECUTIONS, key.namespace, key.name, {"spec": spec})


async def get_unfinished_execution(cluster: Cluster, key: Key) -> dict[str, Any]:
    """The execution, which has not ended; raises InputError for one that is not there, or has."""
    obj = await get_execution(cluster, key)
    phase = obj.get("status", {}).get("phase")
    if phase and Phase(phase).ended:
        raise InputError(f"{key.name} has ended already: {phase}")
    return obj


async def _requester(cluster: Cluster) -> str:
    """Who the API server takes us for; admission policies hold the annotation to it. Empty where it does not say."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    try:
        answer = await cluster.create(SELF_SUBJECT_REVIEWS, None, review)
    except KubernautError:
        return ""
    return str(answer.get("status", {}).get("userInfo", {}).get("username", ""))
