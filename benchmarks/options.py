"""What is measured, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """The clusters that it can run on."""

    SANDBOX = "sandbox"
    KUBECONFIG = "kubeconfig"


SCALE = {Where.SANDBOX: 200, Where.KUBECONFIG: 1_000}
"""By cluster, how many executions are created as fast as possible."""


@dataclass(frozen=True, slots=True)
class Options:
    """The sizes of a run."""

    where: Where = Where.SANDBOX
    image: str = ""
    """The image of real pods, with Python, the engine and `patch-configmap`. Without it there are none on a real cluster."""
    idle: int = 30
    """Executions that are created one after the other."""
    load: int = 300
    """Executions that are created at once."""
    at_a_time: int = 20
    """How many of these are created in parallel."""
    present: tuple[int, ...] = (100, 1_000, 10_000)
    """Executions that exist when the engine starts, ascending."""
    real: int = 15
    """Executions with real pods, one after the other, at random moments."""
    scale: int = SCALE[Where.SANDBOX]
    """Executions that are created as fast as possible."""
    scale_targets: int = 20
    """How many targets they share, the first time; the second time each has its own."""
    limits: tuple[str, ...] = ("200m", "500m", "1")
    """CPU limits of real pods, which are compared."""
    limited: int = 8
    """Executions with real pods for each of these limits."""
    tekton_pid: int = 0
    """The process of Tekton's controller on this machine; 0 if it is not known."""
    repeats: int = 7
    """Runs of the runner and of kubectl."""
