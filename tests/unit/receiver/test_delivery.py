"""Each alert is decided by itself; what stops one for all is not tried again and again; a storm is held at the rate and loses nothing."""

import asyncio
import collections

import pytest

from kubernaut.errors import UnauthenticatedError, UnavailableError
from kubernaut.kube.answers import Page
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.receiver.decisions import Outcome, Reason
from kubernaut.receiver.firing import Sender
from kubernaut.receiver.webhook import Alert, Unreadable, Webhook
from tests.support.fake_client import FakeClient
from tests.support.runbooks import make_runbook, make_step
from tests.unit.receiver.conftest import GROW, RULE, slow


async def test_each_alert_is_decided_by_itself(bench):
    alerts = [
        slow(),
        Unreadable("no"),
        slow(alertname="Other"),
        slow(namespace=""),
        slow(namespace="empty"),
        slow(pod="b"),
    ]
    decisions = await bench().decide(*alerts)
    assert [(one.outcome, one.reason) for one in decisions] == [
        (Outcome.CREATED, Reason.NONE),
        (Outcome.REFUSED, Reason.UNREADABLE),
        (Outcome.NOT_MATCHED, Reason.NO_RULE),
        (Outcome.NOT_MATCHED, Reason.NO_NAMESPACE),
        (Outcome.NOT_MATCHED, Reason.NO_RUNBOOK),
        (Outcome.CREATED, Reason.NONE),
    ]


@pytest.mark.parametrize("namespace", ["../kube-system", "a/b", "production?x", "Production", "a" * 64])
async def test_a_namespace_that_is_no_name_reaches_no_request(bench, namespace):
    site = bench()
    (decision,) = await site.decide(slow(namespace=namespace))
    assert (decision.outcome, decision.reason) == (Outcome.NOT_MATCHED, Reason.NO_NAMESPACE)
    assert site.cluster.requests == []


async def test_a_runbook_of_another_namespace_is_not_begun(bench):
    elsewhere = {**GROW, "metadata": {"name": "grow", "namespace": "elsewhere"}}
    (decision,) = await bench(elsewhere).decide(slow())
    assert decision.reason is Reason.NO_RUNBOOK


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UnavailableError("gone"), Reason.CLUSTER_UNAVAILABLE),
        (UnauthenticatedError("expired"), Reason.UNAUTHENTICATED),
    ],
)
async def test_what_meets_every_alert_is_met_once(bench, error, reason):
    site = bench(GROW, make_runbook(name="second", alerts=[{"match": {"alertname": "Slow"}}]))
    site.cluster.failures["get", "kubernetesexecutions"] = [error]
    resolved = {**slow(), "status": "resolved"}
    decisions = await site.decide(slow(), slow(pod="b"), resolved, slow(alertname="Other"))
    assert [(one.outcome, one.reason) for one in decisions[:5]] == [(Outcome.POSTPONED, reason)] * 5
    assert decisions[5].outcome is Outcome.NOT_MATCHED
    assert len(site.cluster.requests) == 1


async def test_a_defect_of_the_receiver_costs_one_alert(bench, caplog):
    site = bench()
    site.cluster.failures["get", "kubernetesexecutions"] = [ZeroDivisionError("a defect")]
    decisions = await site.decide(slow(), slow(pod="b"))
    assert [(one.outcome, one.reason) for one in decisions] == [
        (Outcome.REFUSED, Reason.INTERNAL_ERROR),
        (Outcome.CREATED, Reason.NONE),
    ]
    assert "ZeroDivisionError: a defect" in caplog.text


async def test_after_its_time_nothing_more_is_begun(bench):
    site = bench()
    decisions = await site.decide(slow(), slow(pod="b"), seconds=0)
    assert {(one.outcome, one.reason) for one in decisions} == {(Outcome.POSTPONED, Reason.OUT_OF_TIME)}
    assert site.cluster.requests == []


class Quick(FakeClient):
    """Finds a run without copying all others."""

    def __init__(self):
        super().__init__()
        self.by_run = collections.defaultdict(list)

    async def create(self, resource, namespace, manifest, *, dry_run=False):
        made = await super().create(resource, namespace, manifest, dry_run=dry_run)
        if resource is EXECUTIONS and not dry_run:
            self.by_run[made["metadata"]["labels"]["kubernaut.io/run"]].append(made)
        return made

    async def list(self, resource, namespace=None, *, selector="", **_):
        return Page(list(self.by_run[selector.partition("=")[2]]), "1", "")


async def test_of_a_storm_of_5000_alerts_each_is_begun_once_and_no_faster_than_the_rate(bench):
    single = {**GROW, "spec": {**GROW["spec"], "steps": GROW["spec"]["steps"][:1]}}
    site = bench(single, cluster=Quick())
    site.limit(2000, 2000)
    storm = [slow(pod=f"web-{number}") for number in range(5000)]
    webhooks = [storm[at : at + 1000] for at in range(0, 5000, 1000)]
    created, postponed = [], True
    while postponed:
        counts = collections.Counter()
        for alerts in webhooks:
            decisions = await site.decide(*alerts)
            assert len(decisions) == 1000
            counts.update(one.outcome for one in decisions)
        created.append(counts[Outcome.CREATED])
        postponed = counts[Outcome.POSTPONED]
        assert counts[Outcome.CREATED] + counts[Outcome.ALREADY_THERE] + postponed == 5000
        site.clock[0] += 60
    assert created == [2000, 2000, 1000]
    assert sum(map(len, site.cluster.by_run.values())) == 5000
    assert {len(run) for run in site.cluster.by_run.values()} == {1}


async def test_a_namespace_in_a_storm_takes_nothing_from_another(bench):
    site = bench(GROW, {**GROW, "metadata": {"name": "grow", "namespace": "quiet"}})
    site.limit(10, 100)
    storm = [slow(pod=f"web-{number}") for number in range(50)]
    decisions = await site.decide(*storm, slow(namespace="quiet"))
    assert sum(one.created for one in decisions[:-1]) == 10
    assert decisions[-1].outcome is Outcome.CREATED


async def test_a_rule_fits_as_a_whole_and_the_first_counts(bench):
    rules = [
        {"match": {"alertname": "Slow", "tier": "db"}, "mode": "execute"},
        {"match": {"alertname": "Slow", "tier": ""}, "mode": "propose"},
        {"match": {"alertname": "Slow"}, "mode": "execute"},
    ]
    site = bench(make_runbook(name="r", alerts=rules))
    alerts = [slow(tier="db"), slow(), slow(tier="d")]
    assert [one.outcome for one in await site.decide(*alerts)] == [Outcome.CREATED] * 3
    modes = [obj["spec"].get("dryRun", False) for obj in site.cluster.all(EXECUTIONS)]
    assert modes == [False, True, False]
    assert RULE["match"].items() <= slow()["labels"].items()


def many(arguments):
    rule = {"match": {"alertname": "Slow"}, "arguments": arguments, "mode": "execute"}
    return [
        make_runbook(make_step("a"), name=f"r{number}", parameters={"app": {"default": "web"}}, alerts=[rule])
        for number in range(4)
    ]


class Slow(FakeClient):
    """Takes its time."""

    async def get(self, resource, namespace, name):
        await asyncio.sleep(0.1)
        return await super().get(resource, namespace, name)


async def test_the_time_of_a_webhook_ends_also_between_the_runbooks_of_one_alert(bench):
    decisions = await bench(*many({}), cluster=Slow()).decide(slow(), seconds=0.05)
    assert [one.reason for one in decisions] == [Reason.NONE, *[Reason.OUT_OF_TIME] * 3]


async def test_others_have_their_turn_between_the_runbooks_of_one_alert(bench):
    site, turns = bench(*many({"app": "$(labels.missing)"})), [0]

    async def take_turns():
        while True:
            turns[0] += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(take_turns())
    sender = Sender(site.cluster, site.cluster.user)
    alerts = Webhook((Alert.model_validate(slow()),), 0)
    deadline = asyncio.get_running_loop().time() + 60
    seen = [(one.reason, turns[0]) async for one in site.delivery.decide(alerts, sender, deadline)]
    other.cancel()
    assert {reason for reason, _ in seen} == {Reason.MISSING_LABEL}
    assert len({turn for _, turn in seen}) == 4
