"""The configuration of the engine that a stage measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from benchmarks.action import NAME
from benchmarks.place import PATCH
from kubernaut.api.steps import Rehearsal

EXECUTION, INLINE = "execution", "inline"
MODES: dict[str, Rehearsal] = {EXECUTION: "initContainer", INLINE: "inline"}
"""By the label of its executions in the names of figures, each place of the dry run."""
KEEP_JOBS = 3_600
"""Seconds; so long that no Job is deleted during a stage that does not measure clean-up."""


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """What differs between stages."""

    namespace: str
    node: str = ""
    """The node of the pods of `instant`; "" for any."""
    image: str = ""
    rehearsal: Rehearsal = "initContainer"
    job_ttl_seconds: int = KEEP_JOBS
    cpu_limit: str = ""
    """The CPU limit of the pods of `patch-configmap`; "" for that of the action."""

    def settings(self, port: int) -> dict[str, Any]:
        """Return the content of the engine's configuration file; the engine serves its metrics on `port`."""
        limited = {PATCH: {"resources": {"cpuLimit": self.cpu_limit}}} if self.cpu_limit else {}
        return {
            "namespaces": [self.namespace],
            "leaderElection": {"enabled": False},
            "probePort": port,
            "maxRunning": 1_000,  # with the default, 50, the job controller's time for each Job would limit the load
            "rehearsal": self.rehearsal,
            "jobTtlSeconds": self.job_ttl_seconds,
            "actions": {NAME: {"settings": {"node": self.node}}, **limited},
            **({"image": self.image} if self.image else {}),
        }
