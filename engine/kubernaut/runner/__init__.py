"""The pod side: runs one step of one action, and reports its result in the container's termination message.

A plugin's module holds `perform(action)` and ends with

    if __name__ == "__main__":
        run(perform)

It runs under a small CPU limit, so this package imports neither the Kubernetes client nor pydantic, and nothing of the
engine; `typing`, a tenth of a step's CPU, is for the type checker alone.
"""

from __future__ import annotations

from kubernaut.runner.action import Action, Obstacle
from kubernaut.runner.api import Api
from kubernaut.runner.exceptions import Rejected, Stopped, TryAgain
from kubernaut.runner.main import run

__all__ = ["Action", "Api", "Obstacle", "Rejected", "Stopped", "TryAgain", "run"]
