"""What Alertmanager sends: its webhook of version 4, read field by field.

An alert that cannot be read is one alert less, and no reason to refuse those beside it.
Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import from_json

from kubernaut.errors import InputError
from kubernaut.printable import is_printable, replace_harmful
from kubernaut.validation_errors import brief, format_validation_error

VERSION = "4"
MAX_ALERTS = 1000
_MAX_LABELS, _MAX_LABEL_NAME = 128, 256
_MAX_NAME, _MAX_LINK = 200, 1000
_LINK = re.compile(r"https?://[^\s<>\"'`]+")
_MAX_TRUNCATED = 1_000_000_000
"""Of a count: more would make a metric infinite, for good."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class _Read(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="ignore")


def _in_this_era(time: datetime) -> datetime:
    if not 1970 < time.year < 9000:
        raise ValueError("it must be a time of an alert, after 1970")
    return time


LabelName = Annotated[str, Field(min_length=1, max_length=_MAX_LABEL_NAME)]


class Alert(_Read):
    """One alert. All that it says is the claim of whoever sent it."""

    status: Literal["firing", "resolved"]
    labels: Annotated[dict[LabelName, str], Field(max_length=_MAX_LABELS)]
    starts_at: Annotated[AwareDatetime, AfterValidator(_in_this_era)]
    ends_at: AwareDatetime | None = None
    fingerprint: Annotated[str, Field(pattern=r"^[0-9a-f]{8,63}$")]
    generator_url: Annotated[str, Field(alias="generatorURL")] = ""

    @property
    def is_firing(self) -> bool:
        return self.status == "firing"

    @property
    def name(self) -> str:
        """The label `alertname`, harmless and bounded."""
        return replace_harmful(self.labels.get("alertname", ""))[:_MAX_NAME].replace("\n", " ").replace("\t", " ")

    @property
    def namespace(self) -> str:
        return self.labels.get("namespace", "")

    @property
    def started(self) -> str:
        """When it began to fire, in UTC and milliseconds: peers and versions of Alertmanager write the same time differently."""
        return _in_milliseconds(self.starts_at)

    @property
    def link(self) -> str:
        """Where its expression can be seen, or "" for what is not the URL of a page, or too long."""
        url = self.generator_url
        return url if len(url) <= _MAX_LINK and _LINK.fullmatch(url) and is_printable(url) else ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An alert that is not one, and why."""

    message: str


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook."""

    alerts: tuple[Alert | Unreadable, ...]
    truncated: int
    """How many alerts of the group Alertmanager left out (`max_alerts`)."""


class _Envelope(_Read):
    version: str
    alerts: list[Any]
    truncated_alerts: Annotated[int, Field(ge=0, le=_MAX_TRUNCATED)] = 0


class TooManyAlertsError(InputError):
    """There are more alerts in one webhook than are taken."""


def read_webhook(body: bytes) -> Webhook:
    """Return the webhook in a request's body.

    Raises InputError naming the field for what is none, or of another version, and TooManyAlertsError.
    """
    try:
        document = from_json(body)
    except ValueError as error:
        raise InputError(f"the body is not JSON: {str(error)[:200]}") from error
    if not isinstance(document, dict):
        raise InputError("the body is not Alertmanager's webhook, which is a JSON object")
    if document.get("version") != VERSION:
        raise InputError(
            f"version: {brief(document.get('version'))} is not supported: this receiver takes Alertmanager's webhook of version "
            f'"{VERSION}"'
        )
    try:
        envelope = _Envelope.model_validate(document)
    except ValidationError as error:
        raise InputError(f"the body is not Alertmanager's webhook: {format_validation_error(error)}") from error
    if len(envelope.alerts) > MAX_ALERTS:
        raise TooManyAlertsError(
            f"{len(envelope.alerts)} alerts are more than the {MAX_ALERTS} of one webhook: make the groups smaller (group_by)"
        )
    return Webhook(tuple(map(_alert, envelope.alerts)), envelope.truncated_alerts)


def _alert(document: Any) -> Alert | Unreadable:
    try:
        return Alert.model_validate(document)
    except ValidationError as error:
        return Unreadable(replace_harmful(format_validation_error(error, "alert"))[:500])


def parse_started(text: object) -> datetime | None:
    """Return the time that `Alert.started` wrote, or None for anything else."""
    try:
        time = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else None


def _in_milliseconds(time: datetime) -> str:
    whole = _EPOCH + timedelta(milliseconds=(time - _EPOCH) // timedelta(milliseconds=1))
    return whole.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def label_summary(labels: Mapping[str, str], limit: int = 20) -> str:
    """Return labels in one bounded line."""
    shown = [f"{name}={brief(value, quoted=False)}" for name, value in list(labels.items())[:limit]]
    return replace_harmful(" ".join(shown))
