"""`freeze-windows`: times when nothing is to be changed, each beginning as a cron expression says, in a time zone of its own."""

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
    """One recurring window."""

    name: Annotated[str, Field(min_length=1, max_length=63)]
    starts: str
    """When it begins: five cron fields, such as `0 18 * * FRI`."""
    hours: Annotated[float, Field(gt=0, le=24 * 31)]
    """How long it lasts, in hours that really pass (a change of the clocks in between does not matter)."""
    time_zone: str = "UTC"
    """An IANA time zone, such as `Europe/Berlin`."""
    namespaces: tuple[str, ...] = ("*",)
    """Namespaces it holds in, as patterns."""
    actions: tuple[str, ...] = ("*",)
    """Actions it holds for, as patterns."""
    reason: str = ""

    @field_validator("time_zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("it is no IANA time zone, such as Europe/Berlin") from None
        return value

    @model_validator(mode="after")
    def _can_start(self) -> Self:
        try:
            CronSim(self.starts, datetime(2024, 1, 1, tzinfo=ZoneInfo(self.time_zone)))
        except CronSimError as error:
            raise ValueError(
                f"starts: {self.starts!r} is no cron expression of five fields, such as 0 18 * * FRI: {error}"
            ) from error
        return self

    def until(self, moment: datetime) -> datetime | None:
        """When the window that `moment` is in ends, in the window's own zone; None outside of any."""
        zone = ZoneInfo(self.time_zone)
        # The search backwards excludes the moment it begins with, so it begins a minute late.
        starts = CronSim(self.starts, moment.astimezone(zone) + timedelta(minutes=1), reverse=True)
        begun = next((start for start in starts if start <= moment), None)
        if begun is None:
            return None
        ends = datetime.fromtimestamp(begun.timestamp() + self.hours * 3600, zone)
        return ends if moment < ends else None

    def concerns(self, execution: Execution) -> bool:
        """Does it hold for this execution's namespace and action?"""
        return any(fnmatchcase(execution.namespace, pattern) for pattern in self.namespaces) and any(
            fnmatchcase(execution.action, pattern) for pattern in self.actions
        )


class FreezeWindows(Parameters):
    """The settings."""

    windows: tuple[FreezeWindow, ...] = ()
    dry_runs: bool = True
    """Whether executions that only rehearse are let through."""


@kubernaut.hookimpl
def describe() -> PolicySpec:
    return PolicySpec(summary="Deny executions while a freeze window is open.", settings=FreezeWindows)


@kubernaut.hookimpl
def validate(execution: Execution) -> list[Problem]:
    settings: FreezeWindows = execution.settings
    if execution.dry_run and settings.dry_runs:
        return []
    return [
        Problem(
            "",
            f"window {window.name} is open until {end:%Y-%m-%d %H:%M %Z}"
            + (f": {window.reason}" if window.reason else ""),
        )
        for window in settings.windows
        if window.concerns(execution) and (end := window.until(execution.checked_at))
    ]
