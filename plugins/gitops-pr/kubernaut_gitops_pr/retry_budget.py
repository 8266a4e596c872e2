"""Limits how long one step waits for a busy or slow forge, over all its requests, so that retries cannot use up the deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

_MAX_ATTEMPTS = 4


class RetryBudget:
    """The seconds that are left to wait; git and the API share them."""

    def __init__(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._left, self._sleep = float(seconds), sleep

    def spend(self, seconds: float) -> None:
        """Count seconds that were spent on a request that failed: a slow forge is retried less often than one that answers at once."""
        self._left -= seconds

    def wait(self, attempt: int, requested: float | None = None) -> bool:
        """Wait after attempt number `attempt`, counted from 0. Return False at once if no attempts or not enough seconds are left.

        The pause is the `requested` seconds of the forge, or else doubles with each attempt, from half a second on.
        """
        seconds = float(2**attempt) / 2 if requested is None else requested
        if attempt + 1 >= _MAX_ATTEMPTS or seconds > self._left:
            return False
        self._left -= seconds
        self._sleep(seconds)
        return True
