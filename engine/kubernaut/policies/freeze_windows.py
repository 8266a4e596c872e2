"""`freeze-windows`: times when nothing must be changed. Each starts by a cron expression, in a time zone of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from pydantic import Field, field_validator, model_validator

import kubernaut
from kubernaut.api.plugin import Execution, Parameters, PolicySpec, Problem

HOOK_VERSION = 1


class FreezeWindow(Parameters):
    """A recurring window."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    starts: str
    """When it starts: five cron fields, such as `0 18 * * FRI`."""
    hours: Annotated[float, Field(gt=0, le=24 * 31)]
    """How long it lasts, in elapsed hours: a change to or from summer time does not matter."""
    time_zone: str = "UTC"
    """An IANA time zone, such as `Europe/Berlin`."""
    namespaces: tuple[str, ...] = ("*",)
    """Patterns of the namespaces that it applies to."""
    actions: tuple[str, ...] = ("*",)
    """Patterns of the actions that it applies to."""
    reason: str = ""

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f"{value!r} is not a valid IANA time zone, such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _can_start(self) -> Self:
        try:
            CronSim(self.starts, datetime(2024, 1, 1, tzinfo=ZoneInfo(self.time_zone)))
        except CronSimError as error:
            raise ValueError(
                f"starts: {self.starts!r} is not a cron expression of five fields, such as 0 18 * * FRI: {error}"
            ) from error
        return self

    def end_at(self, time: datetime) -> datetime | None:
        """Return when the window that is open at this time ends, in the window's own zone; None if none is open."""
        zone = ZoneInfo(self.time_zone)
        # A search backwards excludes the time that it starts from, so it starts a minute later.
        starts = CronSim(self.starts, time.astimezone(zone) + timedelta(minutes=1), reverse=True)
        latest = next((start for start in starts if start <= time), None)
        if latest is None:
            return None
        end = datetime.fromtimestamp(latest.timestamp() + self.hours * 3600, zone)
        return end if time < end else None

    def applies_to(self, execution: Execution) -> bool:
        """Whether it applies to this execution's namespace and action."""
        return any(fnmatchcase(execution.namespace, pattern) for pattern in self.namespaces) and any(
            fnmatchcase(execution.action, pattern) for pattern in self.actions
        )


class FreezeWindows(Parameters):
    """The settings of the policy."""

    windows: tuple[FreezeWindow, ...] = ()
    dry_runs: bool = True
    """Whether what changes nothing is allowed while a window is open: executions with `dryRun: true`, and actions that only read."""


@kubernaut.hookimpl
def describe() -> PolicySpec:
    return PolicySpec(summary="Deny executions while a freeze window is open.", settings=FreezeWindows)


@kubernaut.hookimpl
def validate(execution: Execution) -> list[Problem]:
    settings: FreezeWindows = execution.settings
    if (execution.dry_run or execution.read_only) and settings.dry_runs:
        return []
    return [
        Problem(
            "",
            f"window {window.name} is open until {end:%Y-%m-%d %H:%M %Z}"
            + (f": {window.reason}" if window.reason else ""),
        )
        for window in settings.windows
        if window.applies_to(execution) and (end := window.end_at(execution.checked_at))
    ]
