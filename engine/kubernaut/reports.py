"""What one container said in its termination message. It comes from a pod, so nothing in it is believed unchecked."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from kubernaut.types import Change


class Report(BaseModel):
    """The report of one step, as `kubernaut.runner` writes it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kubernaut: Literal[1]
    step: Literal["dry-run", "execute"]
    state: Literal["done", "rejected", "error"]
    message: Annotated[str, Field(max_length=4096)] = ""
    reason: Literal["", "Forbidden", "PluginError"] = ""
    verified: bool = False
    started: float = 0.0
    finished: float = 0.0
    changes: tuple[Change, ...] = ()
    changes_left_out: Annotated[int, Field(alias="changesLeftOut", ge=0)] = 0
    outputs: dict[str, JsonValue] = Field(default_factory=dict)
    truncated: bool = False

    @property
    def final(self) -> bool:
        """Did the step live to say how it ended? One that was killed leaves the report of its last change."""
        return self.state != "error" or bool(self.message)


def parse_report(message: str, step: str) -> Report | None:
    """The report in a termination message, or None if it is none of this step's."""
    try:
        report = Report.model_validate_json(message)
    except ValidationError:
        return None
    return report if report.step == step else None


def parse_time(text: str | None) -> datetime | None:
    """A timestamp as Kubernetes writes them."""
    return datetime.fromisoformat(text) if text else None


def at(seconds: float) -> datetime:
    """Seconds since the epoch as a time."""
    return datetime.fromtimestamp(seconds, UTC)


def bounded(text: str, most: int = 600) -> str:
    """The text's end, within bounds: what a failing program says last is what counts."""
    text = text.strip()
    return text if len(text) <= most else "…" + text[-most:]


def as_json(value: Any) -> Any:
    """A model as the API server stores it: nulls left out."""
    return value.model_dump(mode="json", by_alias=True, exclude_none=True)
