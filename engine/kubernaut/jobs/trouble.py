"""What an execution's own status told of trouble while its Job ran: the cause, when the pods that showed it are gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

TROUBLE_WORDS = "Its pod does not get on: "
"""How the message begins that tells of trouble while it lasts."""


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the execution's status told of trouble while its Job ran."""

    reason: str = ""
    trouble: str = ""

    @classmethod
    def read(cls, status: Mapping[str, Any]) -> Self:
        """From the recorded status."""
        message = str(status.get("message") or "")
        trouble = message.removeprefix(TROUBLE_WORDS) if message.startswith(TROUBLE_WORDS) else ""
        return cls(str(status.get("reason") or ""), trouble.rstrip("."))


NOTHING = Noticed()
"""Nothing was told of trouble."""
