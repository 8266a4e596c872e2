"""The line of audit about each decision. It names the alert as its sender claims it to be, and never a token."""

from __future__ import annotations

import logging

from kubernaut.receiver.decisions import Decision
from kubernaut.telemetry.logs import AUDIT_LOGGER

_MAX_MESSAGE, _MAX_NAMESPACE = 1000, 253

audit = logging.getLogger(AUDIT_LOGGER)


def record(decision: Decision, user: str) -> None:
    """Write the line: what was decided about which alert, why, for whom, and as which run."""
    alert = decision.alert
    about = (
        {
            "alert": alert.name,
            "fingerprint": alert.fingerprint,
            "namespace": alert.namespace[:_MAX_NAMESPACE],
            "status": alert.status,
            "started": alert.started,
        }
        if alert
        else {}
    )
    entry = {
        "event": "alert",
        **about,
        "outcome": decision.outcome,
        "reason": decision.reason or None,
        "runbook": decision.runbook or None,
        "run": decision.run or None,
        "created": decision.created,
        "cancelled": decision.cancelled,
        "requestedBy": user,
        "message": decision.message[:_MAX_MESSAGE] or None,
    }
    named = about.get("alert") or "an alert"
    reason = f" ({decision.reason})" if decision.reason else ""
    audit.info("%s: %s%s", named, decision.outcome, reason, extra={"audit": entry})
