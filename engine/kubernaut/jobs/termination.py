"""What one container said in its termination message. It comes from a pod, so nothing in it is believed unchecked."""

from __future__ import annotations

import json
import math
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from kubernaut.api.plugin import Change

_LATEST = 4e9
"""Seconds since the epoch, in the year 2096: what is later is no time that a pod has seen."""
_INT64 = 2**63


class Call(BaseModel):
    """One request of a step to the API server, or the same several times in a row."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    call: Annotated[str, Field(max_length=200)]
    at: Annotated[int, Field(ge=0, le=86_400_000)]
    """Milliseconds since the step's start."""
    ms: Annotated[int, Field(ge=0, le=86_400_000)]
    code: Annotated[int, Field(ge=0, le=999)]
    """The HTTP code; 0 had no answer."""
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class Report(BaseModel):
    """The report of one step, as `kubernaut.runner` writes it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kubernaut: Literal[1]
    step: Literal["dry-run", "execute"]
    state: Literal["done", "rejected", "error"]
    message: Annotated[str, Field(max_length=4096)] = ""
    reason: Literal["", "Forbidden", "PluginError"] = ""
    log: Annotated[str, Field(max_length=4096)] = ""
    """The last lines of its log, of a step that did not end well."""
    verified: bool = False
    started: Annotated[float, Field(ge=0, le=_LATEST, allow_inf_nan=False)] = 0.0
    finished: Annotated[float, Field(ge=0, le=_LATEST, allow_inf_nan=False)] = 0.0
    changes: tuple[Change, ...] = ()
    changes_left_out: Annotated[int, Field(alias="changesLeftOut", ge=0)] = 0
    outputs: dict[str, JsonValue] = Field(default_factory=dict)
    truncated: bool = False
    calls: Annotated[tuple[Call, ...], Field(max_length=16)] = ()
    unsure: bool = False
    """Was a change asked for that never was answered, so that it may have been made?"""

    @property
    def final(self) -> bool:
        """Did the step live to say how it ended? One that was killed leaves the report of its last change."""
        return self.state != "error" or bool(self.message)


def parse_report(message: str, step: str) -> Report | None:
    """The report in a termination message, or None if it is none of this step's."""
    try:
        content = json.loads(message, parse_constant=_refused, parse_int=_int64, parse_float=_finite)
        report = Report.model_validate(content)
    except (ValueError, RecursionError):
        return None
    return report if report.step == step else None


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON")


def _int64(text: str) -> int:
    number = int(text) if len(text) < 20 else _INT64
    if abs(number) >= _INT64:
        raise ValueError("an integer that no API server keeps")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number that no API server keeps")
    return number


def bounded(text: str, most: int = 600) -> str:
    """The text's end, within bounds: what a failing program says last is what counts."""
    text = text.strip()
    return text if len(text) <= most else "…" + text[-most:]
