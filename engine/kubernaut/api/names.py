"""Names that Kubernetes accepts, and the deterministic name of an execution's Job."""

from __future__ import annotations

import hashlib
import re

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")


def is_label(text: str) -> bool:
    """Is it an RFC 1123 label?"""
    return _LABEL.fullmatch(text) is not None


def is_subdomain(text: str) -> bool:
    """Is it an RFC 1123 subdomain, as most object names must be?"""
    return len(text) <= 253 and _SUBDOMAIN.fullmatch(text) is not None


def job_name(execution_name: str, uid: str) -> str:
    """The Job of the execution with this uid: the same after every crash, and readable in `kubectl get jobs`.

    At most 63 characters, because the job controller copies it into a label of its pods.
    """
    readable = execution_name.replace(".", "-")[:52].strip("-")
    return f"{readable}-{hashlib.sha256(uid.encode()).hexdigest()[:10]}"
