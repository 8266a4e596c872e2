"""The pod side: runs one step of one action, and reports its result in the container's termination message.

A plugin's module holds `perform(action)` and ends with

    if __name__ == "__main__":
        run(perform)

`python -m kubernaut.runner MODULE` is what its container runs.

It runs under a small CPU limit, so this package imports neither the Kubernetes client nor pydantic, and nothing of the
engine; `typing`, a tenth of a step's CPU, is for the type checker alone.
"""

from __future__ import annotations

from kubernaut.runner.action import Action, Obstacle
from kubernaut.runner.api import Api
from kubernaut.runner.exceptions import (
    AlreadyExists,
    Conflict,
    Misuse,
    NotFound,
    Rejected,
    Stopped,
    TooManyRequests,
    TryAgain,
    Unanswered,
)
from kubernaut.runner.main import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from kubernaut.quantity import Quantity

__all__ = [
    "Action",
    "AlreadyExists",
    "Api",
    "Conflict",
    "Misuse",
    "NotFound",
    "Obstacle",
    "Quantity",
    "Rejected",
    "Stopped",
    "TooManyRequests",
    "TryAgain",
    "Unanswered",
    "run",
]


def __getattr__(name: str) -> type[Quantity]:
    if name != "Quantity":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from kubernaut.quantity import Quantity  # noqa: PLC0415 - few steps need it

    return Quantity
