"""Alerts begin runs with the token that Alertmanager sent: once, within its rights, and no longer than they fire."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from kubernaut.kube.objects import EXECUTIONS
from tests.support.alerting import GROW, RESTART, SENDER, bind, token_of
from tests.support.alertmanager import make_alert
from tests.support.runbooks import make_runbook, make_step

REHEARSALS = ["initContainer"]


async def test_a_group_of_alerts_begins_the_runbooks_that_match_as_alertmanager(alerting, caplog):
    caplog.set_level("INFO", logger="kubernaut.audit")
    alerts = [
        make_alert(alertname="NoAnswers", severity="critical", deployment="web"),
        make_alert(alertname="NoAnswers", severity="warning", deployment="web"),
        make_alert(deployment="web"),
        make_alert(deployment="web", namespace="empty"),
        make_alert(deployment='web"} or vector(1)'),
        make_alert(),
        make_alert(namespace=""),
        {"status": "firing"},
    ]
    async with alerting.receiver() as receiver:
        answer = await receiver.send(*alerts, token=alerting.token)
        assert (answer.code, answer.text) == (200, "2 created, 3 not-matched, 3 refused\n")
        found = await alerting.ended(3)
        again = await receiver.send(*alerts, token=alerting.token)
        assert again.text == "2 already-there, 3 not-matched, 3 refused\n"
        assert receiver.count("created_executions_total") == 3
    assert await alerting.has_restarted()
    by_runbook = {obj["metadata"]["labels"]["kubernaut.io/runbook"]: obj for obj in found}
    assert by_runbook["restart-stuck"]["status"]["phase"] == "Succeeded"
    dry = {name: obj["spec"].get("dryRun", False) for name, obj in by_runbook.items()}
    assert dry == {"restart-stuck": False, "grow": True}
    assert {obj["status"]["requestedBy"] for obj in found} == {SENDER}
    traces = {
        obj["metadata"]["labels"]["kubernaut.io/run"]: obj["status"]["traceparent"].split("-")[1] for obj in found
    }
    assert len(set(traces.values())) == 2
    lines = [record.audit for record in caplog.records if getattr(record, "audit", {}).get("event") == "alert"]
    assert [(line["outcome"], line["reason"]) for line in lines[:8]] == [
        ("created", None),
        ("not-matched", "NoRule"),
        ("created", None),
        ("not-matched", "NoRunbook"),
        ("refused", "UnusableLabel"),
        ("refused", "MissingLabel"),
        ("not-matched", "NoNamespace"),
        ("refused", "Unreadable"),
    ]
    ended = [record.audit for record in caplog.records if getattr(record, "audit", {}).get("event") == "ended"]
    assert {line["alert"] for line in ended} == {"NoAnswers", "Slow"}
    assert alerting.token not in caplog.text


async def test_a_resolved_alert_withdraws_what_waits_and_what_nobody_approved(alerting):
    started = datetime.now(UTC) - timedelta(minutes=5)
    ordered = {**GROW, "spec": {**GROW["spec"], "alerts": [{**GROW["spec"]["alerts"][0], "mode": "execute"}]}}
    slow = make_step(
        "wait", action="check-workload", parameters={"name": "web", "expression": "false", "settleSeconds": 60}
    )
    ordered["spec"] |= {"steps": [slow, {**GROW["spec"]["steps"][0], "after": [{"step": "wait"}]}]}
    ordered["metadata"] = {"name": "ordered", "namespace": "production"}
    await alerting.site.apply(ordered)
    for role in ("kubernaut-run-check-workload",):
        await alerting.site.apply(bind("production", role))
    fires = make_alert(started=started, deployment="web")
    async with alerting.receiver() as receiver:
        assert (await receiver.send(fires, token=alerting.token)).text == "2 created\n"
        found = await alerting.executions()
        assert len(found) == 4
        names = {obj["metadata"]["annotations"]["kubernaut.io/run-step"]: name for name, obj in found.items()}
        for step in ("again", "wait"):
            async with asyncio.timeout(20):
                wanted = "Running" if step == "wait" else "Succeeded"
                while (await alerting.executions())[names[step]].get("status", {}).get("phase") != wanted:
                    await asyncio.sleep(0.1)
        earlier = make_alert(started=started - timedelta(hours=2), ended=started - timedelta(hours=1), deployment="web")
        assert (await receiver.send(earlier, token=alerting.token)).text == "1 nothing-to-cancel\n"
        resolved = make_alert(started=started, ended=datetime.now(UTC), deployment="web")
        assert (await receiver.send(resolved, token=alerting.token)).text == "1 cancelled\n"
        assert receiver.count("cancelled_executions_total") == 3
        cancelled = {name: obj["spec"].get("cancel", False) for name, obj in (await alerting.executions()).items()}
        assert [name for name, is_cancelled in cancelled.items() if not is_cancelled] == [names["wait"]]
        assert (await receiver.send(fires, token=alerting.token)).text == "2 already-there\n"


async def test_peers_at_once_and_a_restart_in_the_middle_make_one_run(alerting):
    alert = make_alert(deployment="web")
    async with alerting.receiver() as one, alerting.receiver() as other:
        answers = await asyncio.gather(*(peer.send(alert, token=alerting.token) for peer in (one, other) * 3))
        assert {answer.code for answer in answers} == {200}
        assert one.count("created_executions_total") + other.count("created_executions_total") == 2
    found = await alerting.executions()
    assert len(found) == 2
    (last,) = (obj for name, obj in found.items() if name.endswith("-again"))
    await alerting.site.cluster.delete(EXECUTIONS, "production", last["metadata"]["name"], uid=last["metadata"]["uid"])
    await alerting.site.gone(EXECUTIONS, last["metadata"]["name"])
    async with alerting.receiver() as restarted_one:
        assert (await restarted_one.send(alert, token=alerting.token)).text == "1 created\n"
        assert restarted_one.count("created_executions_total") == 1
    completed = await alerting.executions()
    assert completed.keys() == found.keys()
    assert {obj["metadata"]["annotations"]["traceparent"] for obj in completed.values()} == {
        last["metadata"]["annotations"]["traceparent"]
    }


async def test_a_token_decides_what_is_done(alerting, monkeypatch):
    alert = make_alert(deployment="web")
    with monkeypatch.context() as past:
        past.setattr("kubernaut_sandbox.access.tokens.time", SimpleNamespace(time=lambda: time.time() - 9000))
        expired = await token_of(alerting.site.cluster, "monitoring", "alertmanager")
    elsewhere = await token_of(alerting.site.cluster, "monitoring", "elsewhere")
    async with alerting.receiver() as receiver:
        for token in ("", "wrong", expired):
            assert (await receiver.send(alert, token=token)).code == 401
        for token in (elsewhere, alerting.own_token):
            answer = await receiver.send(alert, token=token)
            assert (answer.code, answer.text.split(":")[:2]) == (403, ["1 denied", " Forbidden"])
            assert "grow" not in answer.text
        assert await alerting.executions() == {}
        allowed = await receiver.send(make_alert(deployment="web", namespace="empty"), token=alerting.token)
        assert (allowed.code, allowed.text) == (200, "1 not-matched\n")
        undone = {**RESTART, "metadata": {"name": "other", "namespace": "empty"}}
        await alerting.site.apply(undone)
        other = make_alert(alertname="NoAnswers", severity="critical", deployment="web", namespace="empty")
        async with asyncio.timeout(10):
            while (answer := await receiver.send(other, token=elsewhere)).code == 200:
                await asyncio.sleep(0.05)
        assert (answer.code, answer.text.split(":")[:2]) == (403, ["1 denied", " PolicyDenied"])
        assert "not allowed to run action restart-deployment in namespace empty" in answer.text
    assert await alerting.executions("empty") == {}


async def test_an_api_server_that_is_away_postpones_and_nothing_is_lost(alerting):
    alert = make_alert(deployment="web")
    async with alerting.receiver() as receiver:
        async with alerting.site.sandbox.outage():
            away = await receiver.send(alert, token=alerting.token)
        assert (away.code, int(away.headers["Retry-After"]) >= 1) == (503, True)
        assert (await receiver.send(alert, token=alerting.token)).text == "1 created\n"


async def test_more_alerts_than_the_rate_allows_are_all_begun_in_time(alerting):
    alerts = [make_alert(deployment="web", pod=f"web-{number}") for number in range(6)]
    async with alerting.receiver(namespace_rate=8, rate=100) as receiver:
        first = await receiver.send(*alerts, token=alerting.token)
        assert (first.code, first.text[:36]) == (503, "4 created, 2 postponed: RateLimited:")
        assert 1 <= int(first.headers["Retry-After"]) <= 15
        assert len(await alerting.executions()) == 8
    async with alerting.receiver() as later:
        assert (await later.send(*alerts, token=alerting.token)).text == "4 already-there, 2 created\n"
    assert len(await alerting.executions()) == 12


async def test_a_label_reaches_the_object_just_as_it_is(alerting):
    note = make_step(
        "note", action="patch-configmap", parameters={"name": "app-config", "set": {"SAW": "$(params.what)"}}
    )
    rule = {"match": {"alertname": "Note"}, "arguments": {"what": "$$(labels.x) $(labels.path)"}, "mode": "execute"}
    runbook = make_runbook(note, name="note", parameters={"what": {}}, alerts=[rule])
    await alerting.site.apply({**runbook, "metadata": {"name": "note", "namespace": "production"}})
    hostile = ["$(params.what)", "$(HOME)", "a\nb", "x" * 1_000, "\u202e", "a'b", "../../etc", "--all"]
    alerts = [make_alert(alertname="Note", path=value) for value in (*hostile, "/srv/data:1")]
    async with alerting.receiver() as receiver:
        async with asyncio.timeout(10):
            while "1 created, 8 refused" not in (answer := await receiver.send(*alerts, token=alerting.token)).text:
                assert "not-matched" in answer.text, answer
                await asyncio.sleep(0.05)
    (ended,) = await alerting.ended(1)
    assert ended["spec"]["parameters"]["set"] == {"SAW": "$(labels.x) /srv/data:1"}
    assert ended["status"]["result"]["changes"][0]["after"] == "$(labels.x) /srv/data:1"
