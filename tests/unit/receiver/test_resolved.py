"""A resolved alert withdraws what has not started, and nothing that runs, that somebody else began, or that began later."""

import weakref
from datetime import timedelta

import pytest

from kubernaut.errors import ConflictError, DeniedError
from kubernaut.kube.answers import Page
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.receiver.decisions import Outcome, Reason, http_status
from tests.support.fake_client import FakeClient
from tests.unit.receiver.conftest import GROW, NOW, RULE, slow


def resolved(seconds=60, **changes):
    ended = (NOW + timedelta(seconds=seconds)).isoformat()
    return {**slow(), "status": "resolved", "endsAt": ended, **changes}


def set_status(cluster, step, **status):
    (obj,) = (one for one in cluster.all(EXECUTIONS) if one["metadata"]["name"].endswith(f"-{step}"))
    cluster.put(EXECUTIONS, {**obj, "status": status})


def cancelled(cluster):
    return {obj["metadata"]["name"].rpartition("-")[2] for obj in cluster.all(EXECUTIONS) if obj["spec"].get("cancel")}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({}, {"grow", "shrink"}),
        ({"phase": "Pending", "reason": "Queued"}, {"grow", "shrink"}),
        ({"phase": "Pending", "jobName": "j"}, {"shrink"}),
        ({"phase": "Running", "jobName": "j"}, {"shrink"}),
        ({"phase": "Succeeded", "jobName": "j"}, {"shrink"}),
    ],
    ids=["nobody saw it", "it waits", "its Job exists", "it runs", "it ended"],
)
async def test_what_waits_is_cancelled_and_what_runs_goes_on_and_is_named(bench, status, expected):
    site = bench()
    await site.decide(slow())
    set_status(site.cluster, "grow", **status)
    (decision,) = await site.decide(resolved())
    assert (decision.outcome, decision.cancelled) == (Outcome.CANCELLED, len(expected))
    assert cancelled(site.cluster) == expected
    assert ("goes on" in decision.message) == (status.get("jobName") is not None and status["phase"] != "Succeeded")
    (again,) = await site.decide(resolved())
    assert (again.outcome, again.cancelled) == (Outcome.NOTHING_TO_CANCEL, 0)


@pytest.mark.parametrize(
    ("status", "is_withdrawn"),
    [
        ({"phase": "Running", "jobName": "j"}, True),
        ({"phase": "Succeeded", "planDigest": "sha256:1"}, True),
        ({"phase": "Succeeded", "planDigest": "sha256:1", "approval": {"execution": "x"}}, False),
        ({"phase": "Failed"}, False),
    ],
    ids=["a rehearsal that runs", "an open proposal", "an approved one", "one that failed"],
)
async def test_proposals_are_rejected_unless_somebody_approved_them(bench, status, is_withdrawn):
    site = bench({**GROW, "spec": {**GROW["spec"], "alerts": [{**RULE, "mode": "propose"}]}})
    await site.decide(slow())
    set_status(site.cluster, "grow", **status)
    (decision,) = await site.decide(resolved())
    assert cancelled(site.cluster) == ({"grow"} if is_withdrawn else set())
    assert decision.outcome is (Outcome.CANCELLED if is_withdrawn else Outcome.NOTHING_TO_CANCEL)


async def test_a_run_that_began_after_it_was_resolved_is_left_alone(bench):
    site = bench()
    await site.decide(slow())
    (decision,) = await site.decide(resolved(-1, startsAt=(NOW - timedelta(hours=1)).isoformat()))
    assert (decision.outcome, cancelled(site.cluster)) == (Outcome.NOTHING_TO_CANCEL, set())


async def test_the_run_of_another_alert_is_left_alone(bench):
    site = bench()
    await site.decide(slow())
    (decision,) = await site.decide({**resolved(), "fingerprint": "0" * 16})
    assert (decision.outcome, cancelled(site.cluster)) == (Outcome.NOTHING_TO_CANCEL, set())


async def test_what_another_user_began_for_the_same_alert_is_left_alone_and_not_named(bench):
    site = bench()
    await site.decide(slow())
    site.cluster.user = "system:serviceaccount:monitoring:another"
    (decision,) = await site.decide(resolved())
    assert (decision.outcome, decision.run, decision.message) == (Outcome.NOTHING_TO_CANCEL, "", "")
    assert cancelled(site.cluster) == set()


class Paged(FakeClient):
    """Lists page by page, and knows how much of a list is still held."""

    held = most = 0

    async def list(self, resource, namespace=None, *, limit=500, more="", **options):
        whole = (await super().list(resource, namespace, **options)).items
        begin = int(more or 0)
        page = [Counted(self, obj) for obj in whole[begin : begin + limit]]
        return Page(page, "1", str(begin + limit) if begin + limit < len(whole) else "")


class Counted(dict):
    """An object that counts itself as long as it lives."""

    def __init__(self, cluster, obj):
        super().__init__(obj)
        cluster.held += 1
        cluster.most = max(cluster.most, cluster.held)
        weakref.finalize(self, self.forget, cluster)

    @staticmethod
    def forget(cluster):
        cluster.held -= 1


@pytest.mark.parametrize("label", ["kubernaut.io/alert", "kubernaut.io/run"])
async def test_executions_that_claim_to_be_of_an_alert_or_its_run_are_not_all_held_in_memory(bench, label):
    site = bench(cluster=Paged())
    (first,) = await site.decide(slow())
    claimed = {"kubernaut.io/alert": slow()["fingerprint"], "kubernaut.io/run": first.run}
    (last,) = (obj for obj in site.cluster.all(EXECUTIONS) if obj["metadata"]["name"].endswith("-shrink"))
    await site.cluster.delete(EXECUTIONS, "production", last["metadata"]["name"], uid=last["metadata"]["uid"])
    for number in range(60):
        metadata = {"name": f"a-{number}", "namespace": "production", "labels": {label: claimed[label]}}
        site.cluster.put(EXECUTIONS, {"metadata": metadata, "spec": {"action": "scale"}})
    await site.decide(slow(), resolved())
    assert cancelled(site.cluster) == {"grow", *({"shrink"} if label == "kubernaut.io/alert" else ())}
    assert 0 < site.cluster.most < 10


class Racing(FakeClient):
    """Starts an execution while somebody cancels it."""

    async def patch(self, resource, namespace, name, patch, *, subresource=None):
        if name.endswith("grow") and "cancel" in patch.get("spec", {}):
            obj = self._find(resource, namespace, name)
            if not obj.get("status"):
                self.put(resource, {**obj, "status": {"phase": "Running", "jobName": "j"}})
        return await super().patch(resource, namespace, name, patch, subresource=subresource)


async def test_what_starts_at_that_moment_is_not_cancelled(bench):
    site = bench(cluster=Racing())
    await site.decide(slow())
    (decision,) = await site.decide(resolved())
    assert cancelled(site.cluster) == {"shrink"}
    assert decision.cancelled == 1


async def test_a_change_that_starts_nothing_delays_it_only(bench):
    site = bench()
    await site.decide(slow())
    site.cluster.failures["patch", "kubernetesexecutions"] = [ConflictError("changed")]
    await site.decide(resolved())
    assert cancelled(site.cluster) == {"grow", "shrink"}


async def test_a_token_that_may_not_withdraw_is_told_and_not_asked_to_try_again(bench):
    site = bench()
    await site.decide(slow())
    site.cluster.failures["patch", "kubernetesexecutions"] = [DeniedError("no patch")]
    decisions = await site.decide(resolved())
    assert [(one.outcome, one.reason) for one in decisions] == [(Outcome.DENIED, Reason.FORBIDDEN)]
    assert http_status(decisions) == 200


async def test_an_alert_that_no_runbook_asks_for_costs_no_request(bench):
    site = bench()
    (decision,) = await site.decide({**resolved(), "labels": {"alertname": "Other", "namespace": "production"}})
    assert (decision.outcome, site.cluster.requests) == (Outcome.NOT_MATCHED, [])
