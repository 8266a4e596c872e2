"""Cache transforms: drop the fields of watched objects that are never read, to bound memory."""

from __future__ import annotations

import json

from kubernaut.api.annotations import trim_annotations
from kubernaut.api.execution import MAX_PARAMETERS_BYTES
from kubernaut.api.labels import ANNOTATION_READ_ONLY
from kubernaut.api.view import ExecutionView
from kubernaut.kube.objects import Object

_READ_UNTIL_THE_END = {"conditions", "logTail", "message", "result", "stages"}
_EXECUTION_METADATA = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
)
_METADATA = (
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "deletionTimestamp",
    "labels",
    "ownerReferences",
)
_JOB_SPEC = ("activeDeadlineSeconds", "podFailurePolicy", "suspend", "ttlSecondsAfterFinished")


def trim_execution(obj: Object) -> Object:
    """Keep what is read of an execution until it ends; then only what it was, how it ended, and when it is to be deleted.

    Its author decides how large it is, up to more than a megabyte, and every execution is kept in memory. So annotations are cut, and
    parameters that are larger than any pod can get are replaced by their size in bytes, which validation refuses.
    """
    metadata = {key: obj["metadata"][key] for key in _EXECUTION_METADATA if key in obj["metadata"]}
    if annotations := trim_annotations(obj["metadata"].get("annotations") or {}):
        metadata["annotations"] = annotations
    if not ExecutionView(obj).has_ended:
        return {**obj, "metadata": metadata, "spec": _trim_parameters(obj["spec"])}
    return {
        "metadata": metadata,
        "spec": {key: value for key, value in obj["spec"].items() if key != "parameters"},
        "status": {key: value for key, value in obj.get("status", {}).items() if key not in _READ_UNTIL_THE_END},
    }


def _trim_parameters(spec: Object) -> Object:
    size = len(json.dumps(spec.get("parameters")))
    return spec if size <= MAX_PARAMETERS_BYTES else {**spec, "parameters": size}


def trim_pod(pod: Object) -> Object:
    """Keep a pod's metadata, node and status; of its annotations the one that is read."""
    node = {"nodeName": pod["spec"]["nodeName"]} if pod.get("spec", {}).get("nodeName") else {}
    metadata, annotations = _trim_metadata(pod), pod["metadata"].get("annotations") or {}
    if ANNOTATION_READ_ONLY in annotations:
        metadata["annotations"] = {ANNOTATION_READ_ONLY: annotations[ANNOTATION_READ_ONLY]}
    return {"metadata": metadata, "spec": node, "status": pod.get("status", {})}


def trim_job(job: Object) -> Object:
    """Keep a Job's metadata, status, and the few fields of its spec that are read."""
    spec = {key: job["spec"][key] for key in _JOB_SPEC if key in job["spec"]}
    spec["serviceAccountName"] = job["spec"].get("template", {}).get("spec", {}).get("serviceAccountName", "")
    metadata = {**_trim_metadata(job), "annotations": job["metadata"].get("annotations", {})}
    return {"metadata": metadata, "spec": spec, "status": job.get("status", {})}


def _trim_metadata(obj: Object) -> Object:
    return {key: obj["metadata"][key] for key in _METADATA if key in obj["metadata"]}
