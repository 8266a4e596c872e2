"""Whatever is in a webhook: it is refused as a whole, or each alert is decided, and what is created stays within its bounds."""

import asyncio
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kubernaut.api.names import is_label
from kubernaut.errors import InputError
from kubernaut.kube.objects import EXECUTIONS, RUNBOOKS
from kubernaut.plugins.registry import Registry
from kubernaut.receiver.decisions import Decision, Reason, http_status
from kubernaut.receiver.delivery import Delivery
from kubernaut.receiver.firing import Sender
from kubernaut.receiver.rate_limits import RateLimits
from kubernaut.receiver.runbook_store import RunbookStore
from kubernaut.receiver.webhook import read_webhook
from tests.support.alertmanager import make_alert, make_webhook
from tests.support.fake_client import FakeClient
from tests.support.runbooks import make_runbook, make_step

REGISTRY = Registry.discover()
NOTE = make_runbook(
    make_step("note", action="patch-configmap", parameters={"name": "c", "set": {"saw": "'$(params.what)'"}}),
    name="note",
    parameters={"what": {}},
    alerts=[{"match": {"alertname": "A"}, "arguments": {"what": "$(labels.x)"}, "mode": "execute"}],
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
TIMES = st.datetimes().map(lambda time: f"{time.isoformat()}Z") | st.text(max_size=30)
ALERTS = st.builds(
    lambda x, namespace, extra, starts, ends, status, printed: {
        **make_alert(x=x, alertname="A", namespace=namespace, **extra),
        "startsAt": starts,
        "endsAt": ends,
        "status": status,
        "fingerprint": printed,
    },
    st.text(max_size=300) | st.from_regex(r"[a-z.$({})'\"-]{1,20}", fullmatch=True),
    st.just("production") | st.text(max_size=70),
    st.dictionaries(st.from_regex(r"[a-w]{1,8}", fullmatch=True), st.text(max_size=20), max_size=3),
    st.just(datetime.now(UTC).isoformat()) | TIMES,
    TIMES,
    st.sampled_from(["firing", "resolved", "pending"]),
    st.from_regex(r"[0-9a-f]{16}", fullmatch=True) | st.text(max_size=20),
)


async def decided(alerts):
    cluster = FakeClient()
    metadata = {"name": "note", "namespace": "production", "generation": 1}
    store = RunbookStore(cluster)
    store._informer.accept(cluster.put(RUNBOOKS, {**NOTE, "metadata": metadata}))
    limits = RateLimits(3, 3, lambda: 0.0)
    delivery = Delivery(store, limits, REGISTRY, lambda: datetime.now(UTC))
    deadline = asyncio.get_running_loop().time() + 60
    return [one async for one in delivery.decide(alerts, Sender(cluster, "anna"), deadline)], cluster


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_a_webhook_or_refused(body):
    with pytest.raises(InputError):
        read_webhook(body)


@settings(max_examples=200, deadline=None)
@given(st.lists(ALERTS | JSON, max_size=6))
def test_any_alert_is_decided_and_creates_nothing_beyond_its_bounds(alerts):
    webhook = read_webhook(json.dumps(make_webhook(*alerts)).encode())
    decisions, cluster = asyncio.run(decided(webhook))
    assert len(decisions) == len(alerts)
    assert all(isinstance(one, Decision) and one.reason is not Reason.INTERNAL_ERROR for one in decisions)
    assert http_status(decisions) in {200, 403, 503}
    created = cluster.all(EXECUTIONS)
    assert len(created) <= 3
    for execution in created:
        assert execution["metadata"]["namespace"] == "production"
        assert is_label(execution["metadata"]["name"])
        value = execution["spec"]["parameters"]["set"]["saw"]
        assert value[1:-1].isascii()
        assert not set(value[1:-1]) & set("'\"`\\(){}[]<>$;&| \n")
