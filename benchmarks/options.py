"""How much is measured, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Where(StrEnum):
    """The clusters it runs on."""

    SANDBOX = "sandbox"
    KUBECONFIG = "kubeconfig"


@dataclass(frozen=True, slots=True)
class Options:
    """The sizes of a run."""

    where: Where = Where.SANDBOX
    image: str = ""
    """Of real pods: Python, the engine and `patch-configmap`. On a real cluster there are none without it."""
    idle: int = 30
    """Executions one after the other."""
    load: int = 300
    """Executions at once."""
    at_a_time: int = 20
    """Of these, so many are being created at a time."""
    present: tuple[int, ...] = (100, 1_000, 10_000)
    """Executions that exist when the engine starts, ascending."""
    real: int = 10
    """Executions with real pods, one after the other."""
    repeats: int = 7
    """Runs of the runner and of kubectl."""
