"""One line for each decision: bounded, harmless, and without a token."""

import json
import logging

from kubernaut.receiver import audit
from kubernaut.receiver.decisions import Decision, Outcome, Reason
from kubernaut.receiver.webhook import Alert
from kubernaut.telemetry.logs import JsonLines
from tests.unit.receiver.conftest import slow


def written(caplog, decision):
    caplog.set_level("INFO", logger="kubernaut.audit")
    audit.record(decision, "system:serviceaccount:monitoring:alertmanager")
    return JsonLines().format(caplog.records[-1])


def test_the_line_says_what_was_decided_about_which_alert_and_for_whom(caplog):
    alert = Alert.model_validate(slow())
    line = json.loads(written(caplog, Decision(alert, Outcome.CREATED, runbook="grow", run="grow-x", created=2)))
    assert line["logger"] == "kubernaut.audit"
    assert line["audit"] == {
        "event": "alert",
        "alert": "Slow",
        "fingerprint": alert.fingerprint,
        "namespace": "production",
        "status": "firing",
        "started": "2026-05-01T12:00:00.000Z",
        "outcome": "created",
        "reason": None,
        "runbook": "grow",
        "run": "grow-x",
        "created": 2,
        "cancelled": 0,
        "requestedBy": "system:serviceaccount:monitoring:alertmanager",
        "message": None,
    }


def test_a_hostile_alert_makes_one_short_harmless_line(caplog):
    hostile = "a\x1b[2J\n\u202e" + "x" * 2**20
    alert = Alert.model_validate(slow(alertname=hostile, namespace=hostile))
    line = written(caplog, Decision(alert, Outcome.REFUSED, Reason.UNUSABLE_LABEL, hostile))
    assert line.isprintable()
    assert len(line) < 3000


def test_an_alert_that_cannot_be_read_has_a_line_too(caplog):
    line = json.loads(written(caplog, Decision(None, Outcome.REFUSED, Reason.UNREADABLE, "why")))
    assert (line["audit"]["outcome"], line["audit"]["message"]) == ("refused", "why")
    assert logging.getLogger("kubernaut.audit").name == line["logger"]
