"""Is a Job's verdict explained by the pods that are known? Jobs and pods come by different watches, and one may be behind the other."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from kubernaut.jobs.outcome import condition

_PATIENCE = timedelta(seconds=10)
"""For so long after the verdict its pods are waited for; then what is known is told."""
_NAMED = re.compile(r"\bpod [^/\s]+/(\S+)", re.IGNORECASE)


def is_explained(job: Mapping[str, Any], pods: Sequence[Mapping[str, Any]], now: datetime) -> bool:
    """May the cause be told? Not while the pod that the verdict names, or one that still seems to run, has not been seen to end."""
    failed = condition(job, "Failed")
    if failed is None or failed.get("reason") == "DeadlineExceeded":
        return True
    told = failed.get("lastTransitionTime")
    if told and now - datetime.fromisoformat(told) > _PATIENCE:
        return True
    named = _NAMED.search(str(failed.get("message", "")))
    known = {pod["metadata"]["name"] for pod in pods}
    if named and known and named[1] not in known:
        return False
    return all(pod.get("gone") or pod.get("status", {}).get("phase") in {"Succeeded", "Failed"} for pod in pods)
