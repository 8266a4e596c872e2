"""A webhook is read field by field: another version is refused, an alert that cannot be read is one alert less."""

import json

import pytest

from kubernaut.errors import InputError
from kubernaut.receiver.webhook import Alert, TooManyAlertsError, Unreadable, parse_started, read_webhook
from tests.support.alertmanager import LINK, make_alert, make_webhook

REAL = """{"receiver":"kubernaut","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Slow","namespace":"production"},
"annotations":{},"startsAt":"2026-05-01T12:00:00.123456789+02:00","endsAt":"0001-01-01T00:00:00Z","generatorURL":"","fingerprint":"9e1f2a3b4c5d6e7f"}],
"groupLabels":{"alertname":"Slow"},"commonLabels":{},"commonAnnotations":{},"externalURL":"http://a:9093","version":"4",
"groupKey":"{}:{}","truncatedAlerts":3}"""


def read(*alerts, **fields):
    return read_webhook(json.dumps(make_webhook(*alerts, **fields)).encode())


def test_a_webhook_as_alertmanager_writes_it_is_read():
    webhook = read_webhook(REAL.encode())
    (alert,) = webhook.alerts
    assert isinstance(alert, Alert)
    assert (alert.name, alert.namespace, alert.is_firing, webhook.truncated) == ("Slow", "production", True, 3)
    assert alert.started == "2026-05-01T10:00:00.123Z"


@pytest.mark.parametrize("version", ["3", "5", "", None, 4, "4.0"])
def test_another_version_is_refused_with_its_number(version):
    with pytest.raises(InputError, match=r"version: .* is not supported: this receiver takes .* version \"4\""):
        read(make_alert(), version=version)


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'{"version": "4"}', b'{"version": "4", "alerts": {}}', b"\xff", b"[" * 100_000],
)
def test_what_is_no_webhook_is_refused(body):
    with pytest.raises(InputError):
        read_webhook(body)


def test_more_alerts_than_allowed_are_refused():
    assert len(read(*[make_alert()] * 1000).alerts) == 1000
    with pytest.raises(TooManyAlertsError, match="1001 alerts"):
        read(*[make_alert()] * 1001)


@pytest.mark.parametrize(
    "number", [-1, 10**9 + 1, 10**308, 10**400], ids=["less than none", "large", "infinite", "overflow"]
)
def test_a_count_that_no_metric_survives_is_refused(number):
    with pytest.raises(InputError, match="truncatedAlerts"):
        read(make_alert(), truncatedAlerts=number)


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "../../x"},
        {"fingerprint": "A" * 16},
        {"status": "unknown"},
        {"startsAt": "yesterday"},
        {"startsAt": "2026-05-01T12:00:00"},
        {"startsAt": "0001-01-01T00:00:00+14:00"},
        {"startsAt": "9999-12-31T23:59:59-14:00"},
        {"labels": {"a": 1}},
        {"labels": {f"l{n}": "x" for n in range(129)}},
        {"labels": {"l" * 257: "x"}},
        {"labels": None},
    ],
    ids=str,
)
def test_an_alert_that_cannot_be_read_is_one_alert_less(change):
    bad, good = read({**make_alert(), **change}, make_alert()).alerts
    assert isinstance(bad, Unreadable)
    assert bad.message
    assert len(bad.message) <= 500
    assert isinstance(good, Alert)


def test_its_name_is_harmless_and_bounded():
    (alert,) = read(make_alert(alertname="a\x1b[31m\n\u202eb" + "x" * 500)).alerts
    assert alert.name.isprintable()
    assert len(alert.name) == 200


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        (LINK, True),
        ("javascript:alert(1)", False),
        ("https://a/\u202eb", False),
        ("https://a/ b", False),
        ("https://a/" + "x" * 1000, False),
        ("", False),
    ],
)
def test_its_link_is_the_url_of_a_page_or_nothing(url, kept):
    (alert,) = read({**make_alert(), "generatorURL": url}).alerts
    assert alert.link == (url if kept else "")


def test_the_same_moment_is_always_written_the_same_way():
    texts = ("2026-05-01T10:00:00.123Z", "2026-05-01T12:00:00.123+02:00", "2026-05-01T10:00:00.123456789Z")
    alerts = [read({**make_alert(), "startsAt": text}).alerts[0] for text in texts]
    assert {alert.started for alert in alerts} == {texts[0]}
    assert parse_started(texts[0]) == parse_started(texts[1])
    assert parse_started("2026-05-01T10:00:00") is parse_started("x") is parse_started(None) is None
