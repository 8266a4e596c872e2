"""metav1.Condition: read one, and build one."""

from __future__ import annotations

from typing import Any

from kubernaut.api.timestamps import now, timestamp


def condition(kind: str, holds: bool, reason: str, message: str = "") -> dict[str, Any]:
    """A metav1.Condition of now."""
    return {
        "type": kind,
        "status": str(holds),
        "reason": reason,
        "message": message,
        "lastTransitionTime": timestamp(now())[:19] + "Z",
    }
