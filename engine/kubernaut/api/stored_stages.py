"""The stages of an execution as the API server has them: few bytes, because its work for an execution grows with the object's size.

The first stage has the only absolute time, and the others begin so many microseconds after it. A number takes the place of each end. What a
reader can tell from the stages before is left out:

    - {name: wait, startTime: "2026-05-01T12:00:00.250000Z", took: 1200000, detail: TargetBusy}
    - {name: validate, at: 1200000, took: 48710}
    - {name: attempt, at: 1300000, took: 5697416, detail: more-web-1}
    - {name: execute, at: 2500000, took: 4400000, within: attempt}

Earlier engines gave each stage a `startTime` and an `endTime`. Both forms are read, in one list as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import Field, TypeAdapter, ValidationError

from kubernaut.api.stages import Stage, StageRequest, StageSubject

_MICROSECOND = timedelta(microseconds=1)
_NO_ATTEMPT = 0
_TIME: TypeAdapter[datetime] = TypeAdapter(datetime)


class StoredStage(StageSubject):
    """One stage of an execution, to the microsecond where the clock that measured it is that fine."""

    start_time: datetime | None = Field(
        default=None,
        description="When it began: of the first stage. The others have `at`; earlier engines wrote this in each stage.",
    )
    at: int | None = Field(
        default=None,
        description="When it began: microseconds after the first stage's startTime; negative if it began before that.",
    )
    took: int | None = Field(default=None, description="How long it took, in microseconds. Absent while it lasts.")
    end_time: datetime | None = Field(default=None, description="When it ended: earlier engines wrote this for `took`.")
    attempt: int | None = Field(
        default=None,
        description="The attempt that it belongs to, from 1. Absent where it is that of the stage that this one is within, "
        "and in the first `attempt`; 0 where there is none although the stage that this one is within has one.",
    )


def pack(stages: Iterable[Stage]) -> list[dict[str, Any]]:
    """Return the stages as they are stored."""
    stored: list[dict[str, Any]] = []
    first: datetime | None = None
    attempts = _Attempts()
    for stage in stages:
        entry: dict[str, Any] = {"name": stage.name}
        start = _aware(stage.start_time)
        if first is None:
            first = start
            entry["startTime"] = start.isoformat().replace("+00:00", "Z")
        else:
            entry["at"] = (start - first) // _MICROSECOND
        if stage.end_time is not None:
            entry["took"] = (_aware(stage.end_time) - start) // _MICROSECOND
        if stage.request is not None:
            entry["request"] = _packed_request(stage.request)
        implied = attempts.implied(stage.name, stage.within) if _is_compact(entry) else None
        if stage.attempt != implied:
            entry["attempt"] = _NO_ATTEMPT if stage.attempt is None else stage.attempt
        more = {"detail": stage.detail, "within": stage.within, "error": stage.error}
        stored.append({**entry, **{key: value for key, value in more.items() if value is not None}})
        attempts.add(stage.name, stage.attempt)
    return stored


def unpack(stored: object) -> object:
    """Return stored stages with the fields of `Stage`, for the model to validate; anything else as it is.

    Raises ValueError naming the stage whose time cannot be read.
    """
    if not isinstance(stored, list) or not all(isinstance(entry, Mapping) for entry in stored):
        return stored
    attempts = _Attempts()
    first = _time(stored[0].get("startTime"), 0) if any(map(_is_compact, stored)) else None
    return [_unpacked(dict(entry), number, first, attempts) for number, entry in enumerate(stored)]


def _unpacked(entry: dict[str, Any], number: int, first: datetime | None, attempts: _Attempts) -> dict[str, Any]:
    name, within = str(entry.get("name")), entry.get("within")
    if _is_compact(entry):
        attempt = entry.get("attempt", attempts.implied(name, None if within is None else str(within)))
        entry["attempt"] = None if attempt == _NO_ATTEMPT else attempt
    if number == 0 and first is not None:
        entry["startTime"] = first
    at, took = entry.pop("at", None), entry.pop("took", None)
    if at is not None and "startTime" not in entry and first is not None:
        entry["startTime"] = _after(first, at, "at", number)
    if took is not None and "endTime" not in entry:
        entry["endTime"] = _after(_time(entry.get("startTime"), number), took, "took", number)
    attempts.add(name, entry.get("attempt"))
    return entry


def _is_compact(entry: Mapping[str, Any]) -> bool:
    """Whether values were left out of it: not in the earlier form, nor in a first stage that lasts, which looks the same."""
    return "at" in entry or "took" in entry


@dataclass(slots=True)
class _Attempts:
    """The attempts of the stages so far: a stage belongs to the same one as the latest stage with the name that it is within."""

    latest: dict[str, int | None] = field(default_factory=dict)

    def implied(self, name: str, within: str | None) -> int | None:
        """Return the attempt of a stage that has none of its own."""
        if within is not None:
            return self.latest.get(within)
        return 1 if name == "attempt" else None

    def add(self, name: str, attempt: int | None) -> None:
        self.latest[name] = attempt


def _packed_request(request: StageRequest) -> dict[str, Any]:
    entry: dict[str, Any] = {"verb": request.verb, "resource": request.resource}
    if request.name is not None:
        entry["name"] = request.name
    if request.code:
        entry["code"] = request.code
    if request.count != 1:
        entry["count"] = request.count
    return entry


def _aware(time: datetime) -> datetime:
    """Return the time with a zone; one without is taken as UTC."""
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _time(value: object, number: int) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        return _TIME.validate_python(value)
    except ValidationError as error:
        raise ValueError(f"stage {number}: startTime must be a time, for at and took to count from") from error


def _after(start: datetime, microseconds: object, name: str, number: int) -> datetime:
    if not isinstance(microseconds, int) or isinstance(microseconds, bool):
        raise ValueError(f"stage {number}: {name} must be a whole number of microseconds")  # noqa: TRY004 - the model's error
    try:
        return start + timedelta(microseconds=microseconds)
    except OverflowError as error:
        raise ValueError(f"stage {number}: {name} leads to no time that there is") from error
