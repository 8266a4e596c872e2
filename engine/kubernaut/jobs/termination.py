"""The report in a container's termination message. It comes from a pod, so everything in it is checked."""

from __future__ import annotations

import base64
import json
import math
import zlib
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from kubernaut.api.plugin import Change
from kubernaut.api.steps import DRY_RUN, EXECUTE

_MAX_EPOCH_SECONDS = 4e9
"""The year 2096: no pod has seen a later time."""
_INT64 = 2**63
_MAX_UNPACKED_BYTES = 128 * 1024
"""No more than the runner compresses: a pod decides what it reports, and the API server stores it."""


class Call(BaseModel):
    """One request of a step to the API server, or the same several times in a row."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    verb: Annotated[str, Field(max_length=20)] = ""
    resource: Annotated[str, Field(max_length=200)] = ""
    name: Annotated[str, Field(max_length=300)] = ""
    at: Annotated[int, Field(ge=0, le=86_400_000)]
    """Milliseconds since the step's start."""
    ms: Annotated[int, Field(ge=0, le=86_400_000)]
    code: Annotated[int, Field(ge=0, le=999)]
    """The HTTP status code; 0 where no answer came."""
    times: Annotated[int, Field(ge=1, le=1_000_000)] = 1


class Report(BaseModel):
    """The report of one step, as `kubernaut.runner` writes it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kubernaut: Literal[1]
    step: Literal["dry-run", "execute"]
    state: Literal["done", "rejected", "error"]
    message: Annotated[str, Field(max_length=4096)] = ""
    reason: Literal["", "Forbidden", "PluginError", "PlanChanged", "Diverged"] = ""
    log: Annotated[str, Field(max_length=4096)] = ""
    """The last lines of its log, if the step failed."""
    verified: bool = False
    started: Annotated[float, Field(ge=0, le=_MAX_EPOCH_SECONDS, allow_inf_nan=False)] = 0.0
    finished: Annotated[float, Field(ge=0, le=_MAX_EPOCH_SECONDS, allow_inf_nan=False)] = 0.0
    changes: tuple[Change, ...] = ()
    changes_left_out: Annotated[int, Field(alias="changesLeftOut", ge=0)] = 0
    outputs: dict[str, JsonValue] = Field(default_factory=dict)
    truncated: bool = False
    calls: Annotated[tuple[Call, ...], Field(max_length=16)] = ()
    unsure: bool = False
    """Whether a change was requested and never answered, so that it may have been made."""

    @property
    def final(self) -> bool:
        """Whether the step lived to report how it ended. A step that was killed leaves the report of its last change."""
        return self.state != "error" or bool(self.message)


def parse_report(message: str, step: str) -> Report | None:
    """Return the report in a termination message, or None if there is none of this step."""
    report = _validated(_content(message))
    return report if report and report.step == step else None


def parse_both_reports(message: str) -> tuple[Report | None, Report | None]:
    """Return the reports of dry run and execute in the message of a container that ran one after the other.

    There is one of execute if, and only if, it began: the runner writes it before.
    """
    content = _content(message)
    if content is None or content.get("step") != EXECUTE:
        return parse_report(message, DRY_RUN), None
    execute, rehearsal = _validated(content), content.get("rehearsal")
    if execute is None or not isinstance(rehearsal, dict):
        return None, execute
    planned = {"changes": content.get("changes", [])} if rehearsal.get("asExecuted") is True else {}
    return _validated({**rehearsal, **planned, "kubernaut": 1, "step": DRY_RUN}), execute


def _content(message: str) -> dict[str, Any] | None:
    """Return the JSON object in a termination message, unpacked if need be, or None."""
    try:
        content = _load(message)
        if isinstance(content, dict) and isinstance(packed := content.get("packed"), str):
            content = _load(_unpack(packed))
        json.dumps(content, ensure_ascii=False).encode()  # raises for half a surrogate pair, which no API server stores
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _validated(content: dict[str, Any] | None) -> Report | None:
    try:
        return Report.model_validate(content)
    except (ValueError, RecursionError):
        return None


def _load(text: str) -> Any:
    return json.loads(text, parse_constant=_reject_constant, parse_int=_int64, parse_float=_finite)


def _unpack(packed: str) -> str:
    """Return the text that was compressed. Raises ValueError for anything else, and for more than the runner compresses."""
    decompressor = zlib.decompressobj()
    try:
        text = decompressor.decompress(base64.b85decode(packed), _MAX_UNPACKED_BYTES)
    except zlib.error as error:
        raise ValueError("not compressed by zlib") from error
    if not decompressor.eof:
        raise ValueError("too large, or incomplete")
    return text.decode()


def _reject_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _int64(text: str) -> int:
    number = int(text) if len(text) < 20 else _INT64
    if abs(number) >= _INT64:
        raise ValueError("an integer that no API server stores")
    return number


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number that no API server stores")
    return number


def shorten(text: str, max_length: int = 600) -> str:
    """Return the text, or the end of a long one: what a failing program wrote last matters most."""
    text = text.strip()
    return text if len(text) <= max_length else "…" + text[-max_length:]
