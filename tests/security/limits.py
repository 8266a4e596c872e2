"""The limits of a pod, for code that is tested under those of a test."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_ORDINARY_LIMIT = 980
"""Python's own limit of 1000, less the frames from which a pod calls its code."""


@contextmanager
def recursion_of_a_pod() -> Iterator[None]:
    """Allow as many nested calls as in a pod: hypothesis allows more."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + _ORDINARY_LIMIT)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
