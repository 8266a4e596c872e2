"""Times and models as the API server writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def parse_time(text: str | None) -> datetime | None:
    """A timestamp as Kubernetes writes them."""
    return datetime.fromisoformat(text) if text else None


def at(seconds: float) -> datetime:
    """Seconds since the epoch as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def as_json(value: Any) -> Any:
    """A model as the API server stores it: nulls left out."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)


def now() -> datetime:
    """The current time, to the microsecond."""
    return datetime.now(UTC)


def timestamp(time: datetime) -> str:
    """As Kubernetes writes a MicroTime."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
