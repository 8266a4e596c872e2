"""How long a step waits for a forge that is busy: one budget for all its requests, so that retries never eat the deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

_ATTEMPTS = 4


class Patience:
    """Seconds left to wait; shared by git and the API."""

    def __init__(self, seconds: float, sleep: Callable[[float], None] = time.sleep) -> None:
        self._left, self._sleep = float(seconds), sleep

    def wait(self, attempt: int, asked: float | None = None) -> bool:
        """Wait before attempt `attempt` + 1, as long as the forge asked or a little longer each time; False if that is too much."""
        seconds = float(2**attempt) / 2 if asked is None else asked
        if attempt + 1 >= _ATTEMPTS or seconds > self._left:
            return False
        self._left -= seconds
        self._sleep(seconds)
        return True
