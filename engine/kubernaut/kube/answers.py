"""What the API server answers with, other than a single object: one page of a list, and one line of a watch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Literal

from kubernaut.kube.api_errors import error_of
from kubernaut.kube.decoding import decode


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list."""

    items: list[dict[str, Any]]
    resource_version: str
    more: str


@dataclass(frozen=True, slots=True)
class WatchEvent:
    """One line of a watch."""

    type: Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]
    object: dict[str, Any]


def read_event(line: bytes) -> WatchEvent:
    """Return the event in a line. Raises the error that an ERROR event stands for, and ValueError for what is not JSON."""
    event = decode(line)
    if event["type"] == "ERROR":
        status = event["object"]
        raise error_of(int(status.get("code", 500)), json.dumps(status).encode(), "watch", {})
    return WatchEvent(event["type"], event["object"])
