"""The options of a sandbox. The defaults are those of a real cluster, except where a comment says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Timings, all in seconds, and the size of the node."""

    backoff_base_seconds: float = 10.0
    """How long a Job waits before its second pod; doubles with every failure."""
    backoff_max_seconds: float = 600.0
    restart_base_seconds: float = 10.0
    """How long a container waits before its second restart (CrashLoopBackOff); doubles with every failure."""
    restart_max_seconds: float = 300.0
    image_retry_seconds: float = 10.0
    job_sync_delay: float = 0.1
    """The delay from the end of a pod to the status of its Job. A real Job controller batches for about a second."""
    bookmark_interval_seconds: float = 60.0
    memory_poll_seconds: float = 0.05
    """How often memory limits are checked."""
    watch_timeout_seconds: float = 1800.0
    """How long a watch without timeoutSeconds stays open."""
    autoscaler_sync_seconds: float = 15.0
    """How often HorizontalPodAutoscalers look at the replicas of their target."""
    token_seconds: int = 3607
    """The lifetime of a pod's token; the kubelet does not renew it."""
    node_allocatable: Mapping[str, str] = field(default_factory=dict)
    """What pods can request on the node, by resource, as quantities; extended resources too.

    By default far more than any machine has, so that requests do not keep pods from running.
    """
