"""What one may set of a sandbox; the defaults are those of a real cluster unless said otherwise."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """Timings and sizes, all in seconds where they are times."""

    backoff_base_seconds: float = 10.0
    """A Job's wait before its second pod; doubles with every failure."""
    backoff_max_seconds: float = 600.0
    restart_base_seconds: float = 10.0
    """A container's wait before its second restart (CrashLoopBackOff); doubles with every failure."""
    restart_max_seconds: float = 300.0
    image_retry_seconds: float = 10.0
    job_sync_delay: float = 0.1
    """From a pod's end to its Job's status. A real job controller batches for about a second."""
    bookmark_interval_seconds: float = 60.0
    memory_poll_seconds: float = 0.05
    """How often memory limits are looked at."""
    watch_timeout_seconds: float = 1800.0
    """How long a watch without timeoutSeconds stays open."""
    token_seconds: int = 3607
    """Life of a pod's token; renewed before it ends."""
