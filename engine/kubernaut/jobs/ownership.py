"""Which Job and pods belong to which execution: by labels, name, uid and owner together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernaut.api.execution import KIND
from kubernaut.api.labels import ANNOTATION_REPORTS, ANNOTATION_TARGET, LABEL_ACTION, LABEL_EXECUTION, LABEL_UID
from kubernaut.api.names import job_name
from kubernaut.kube.objects import Key, Object


def execution_of(obj: Mapping[str, Any]) -> str:
    """Return the index of Jobs and pods: the key of the execution that they belong to."""
    return str(execution_key(obj))


def execution_key(obj: Mapping[str, Any]) -> Key:
    """Return the key of the execution that a Job or pod belongs to, by its labels."""
    metadata = obj["metadata"]
    return Key(metadata["namespace"], metadata.get("labels", {}).get(LABEL_EXECUTION, ""))


def uid_of(obj: Mapping[str, Any]) -> str:
    """Return the uid of the execution that a Job or pod belongs to; its name alone may have been used before."""
    return str(obj["metadata"].get("labels", {}).get(LABEL_UID, ""))


def is_job_of(job: Mapping[str, Any], name: str, uid: str) -> bool:
    """Whether it is the Job that the engine made for the execution of this name and uid.

    Anyone can put labels on anything: name, uid and owner must all agree.
    """
    owner = _controller(job)
    named = job["metadata"]["name"] == job_name(name, uid) and uid_of(job) == uid
    return named and (owner.get("kind"), owner.get("uid")) == (KIND, uid)


def is_pod_of(pod: Mapping[str, Any], name: str, uid: str, job: Mapping[str, Any] | None) -> bool:
    """Whether it is a pod of the Job of the execution of this name and uid.

    Anyone can write any owner into a pod, and no controller removes a pod whose owner never existed.
    """
    owner = _controller(pod)
    named = tuple(owner.get(key) for key in ("apiVersion", "kind", "name")) == ("batch/v1", "Job", job_name(name, uid))
    return uid_of(pod) == uid and named and (job is None or owner.get("uid") == job["metadata"]["uid"])


def is_engine_job(job: Object) -> bool:
    """Whether the Job carries everything that the engine gives its Jobs; no other Job is ever removed."""
    metadata = job["metadata"]
    labels, annotations = set(metadata.get("labels", {})), set(metadata.get("annotations", {}))
    return {LABEL_UID, LABEL_EXECUTION, LABEL_ACTION} <= labels and {
        ANNOTATION_TARGET,
        ANNOTATION_REPORTS,
    } <= annotations


def _controller(obj: Mapping[str, Any]) -> Mapping[str, Any]:
    owners: list[dict[str, Any]] = obj["metadata"].get("ownerReferences", [])
    return next((owner for owner in owners if owner.get("controller")), {})
