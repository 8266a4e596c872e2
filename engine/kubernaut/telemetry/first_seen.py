"""When the engine first saw something, by its own clock: Kubernetes tells most times in whole seconds.

The times travel with the cached object, which no write ever sends back, and so go when it goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

SIGHTINGS = "sightings"
"""The key below which a cached object carries them."""


def carry(old: Mapping[str, Any] | None, new: dict[str, Any], facts: Mapping[str, bool]) -> None:
    """Take over what was seen of the object before, and note which of these facts are seen now for the first time."""
    seen: dict[str, datetime] = dict((old or {}).get(SIGHTINGS, {}))
    for fact, holds in facts.items():
        if holds:
            seen.setdefault(fact, datetime.now(UTC))
    new[SIGHTINGS] = seen


def sharpened(told: str, sighted: datetime | None) -> datetime:
    """A time told in whole seconds, made exact by the moment when it was seen: if that was within the second."""
    time = datetime.fromisoformat(told)
    return sighted if sighted and timedelta() <= sighted - time < timedelta(seconds=1) else time
