"""Times as the API server writes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> datetime:
    """Return the current time in UTC, to the microsecond."""
    return datetime.now(UTC)


def micro_time(time: datetime) -> str:
    """Return the time as Kubernetes writes a MicroTime, such as `2026-05-01T12:00:00.000000Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def parse_time(text: str | None) -> datetime | None:
    """Return the time of an API server's timestamp, or None for an absent one. Raises ValueError for any other text."""
    return datetime.fromisoformat(text) if text else None


def from_epoch(seconds: float) -> datetime:
    """Return the time that is this many seconds after the epoch, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def refine_timestamp(time: datetime, first_seen: datetime | None) -> datetime:
    """Replace a whole-second timestamp by the moment of our own observation, if that falls within that second."""
    return first_seen if first_seen and timedelta() <= first_seen - time < timedelta(seconds=1) else time
