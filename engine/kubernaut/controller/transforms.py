"""What of a watched object is kept in memory: with thousands of executions, most of it is what nobody asks for again."""

from __future__ import annotations

from kubernaut.api.execution import Phase
from kubernaut.kube.objects import Object, without_noise


def trimmed_execution(obj: Object) -> Object:
    """All of an execution while it lasts; of one that has ended only what tells which it was, how it ended, and when it may go."""
    obj = without_noise(obj)
    status = obj.get("status", {})
    if not Phase(status.get("phase", Phase.PENDING)).ended:
        return obj
    spec = {key: value for key, value in obj["spec"].items() if key != "parameters"}
    return {
        "metadata": obj["metadata"],
        "spec": spec,
        "status": {key: value for key, value in status.items() if key not in _TOLD_AT_THE_END},
    }


_TOLD_AT_THE_END = {"conditions", "logTail", "message", "result", "stages"}


def trimmed_pod(pod: Object) -> Object:
    """Of a pod: who it is, whose it is, where, and what the kubelet says."""
    node = {"nodeName": pod["spec"]["nodeName"]} if pod.get("spec", {}).get("nodeName") else {}
    return {"metadata": _trimmed_metadata(pod), "spec": node, "status": pod.get("status", {})}


def trimmed_job(job: Object) -> Object:
    """Of a Job: the same, and the few fields of its spec that the engine asks for."""
    asked = ("activeDeadlineSeconds", "ttlSecondsAfterFinished")
    spec = {key: job["spec"][key] for key in asked if key in job["spec"]}
    spec["serviceAccountName"] = job["spec"].get("template", {}).get("spec", {}).get("serviceAccountName", "")
    metadata = {**_trimmed_metadata(job), "annotations": job["metadata"].get("annotations", {})}
    return {"metadata": metadata, "spec": spec, "status": job.get("status", {})}


def _trimmed_metadata(obj: Object) -> Object:
    kept = (
        "name",
        "namespace",
        "uid",
        "resourceVersion",
        "creationTimestamp",
        "deletionTimestamp",
        "labels",
        "ownerReferences",
    )
    return {key: obj["metadata"][key] for key in kept if key in obj["metadata"]}
