"""Names that Kubernetes accepts, the deterministic name of an execution's Job, and the names of that Job's pods."""

from __future__ import annotations

import hashlib
import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUFFIX_LENGTH = 5
"""Characters that the API server appends to a `generateName`, which it cuts so that the whole has 63."""


def is_label(text: str) -> bool:
    """Is it an RFC 1123 label?"""
    return _LABEL.fullmatch(text) is not None


def job_name(execution_name: str, uid: str) -> str:
    """The Job of the execution with this uid: the same after every crash, and readable in `kubectl get jobs`.

    At most 63 characters, because the job controller copies it into a label of its pods.
    """
    readable = execution_name.replace(".", "-")[:52].strip("-")
    return f"{readable}-{hashlib.sha256(uid.encode()).hexdigest()[:10]}"


def is_pod_of_job(name: str, job: str) -> bool:
    """Return whether a pod of this name was generated for the Job: its name, a hyphen and a random suffix."""
    return name[:-_SUFFIX_LENGTH] == f"{job}-"[: 63 - _SUFFIX_LENGTH]
