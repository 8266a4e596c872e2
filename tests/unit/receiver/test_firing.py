"""A firing alert begins a run once: the same names from every peer and after every restart, and nothing that cannot be whole."""

from datetime import timedelta

import pytest

from kubernaut.api.names import is_label
from kubernaut.errors import DeniedError, QuotaError, RejectedError, UnauthenticatedError, UnavailableError
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.receiver.decisions import Outcome, Reason
from tests.support.alertmanager import LINK
from tests.support.fake_client import FakeClient
from tests.support.runbooks import make_runbook, make_step
from tests.unit.receiver.conftest import GROW, NOW, RULE, slow


def told(decisions):
    return [(one.outcome, one.reason) for one in decisions]


async def test_the_executions_say_which_alert_began_them_and_are_in_one_trace(bench):
    site = bench()
    (decision,) = await site.decide(slow())
    assert (decision.outcome, decision.created) == (Outcome.CREATED, 2)
    found = site.cluster.all(EXECUTIONS)
    assert [obj["metadata"]["name"] for obj in found] == [f"{decision.run}-grow", f"{decision.run}-shrink"]
    assert all(is_label(obj["metadata"]["name"]) for obj in found)
    for obj in found:
        annotations, labels = obj["metadata"]["annotations"], obj["metadata"]["labels"]
        assert labels["kubernaut.io/alert"] == annotations["kubernaut.io/alert-fingerprint"] == slow()["fingerprint"]
        assert annotations["kubernaut.io/alert-name"] == "Slow"
        assert annotations["kubernaut.io/alert-started"] == "2026-05-01T12:00:00.000Z"
        assert annotations["kubernaut.io/alert-link"] == LINK
        assert annotations["kubernaut.io/requested-by"] == "anna"
    (trace,) = {obj["metadata"]["annotations"]["traceparent"] for obj in found}
    assert [len(part) for part in trace.split("-")] == [2, 32, 16, 2]


async def test_a_repeat_finds_it_with_one_request(bench):
    site = bench()
    (first,) = await site.decide(slow())
    site.cluster.requests.clear()
    (again,) = await site.decide(slow())
    assert (again.outcome, again.run, again.created) == (Outcome.ALREADY_THERE, first.run, 0)
    assert site.cluster.requests == [("get", "kubernetesexecutions")]


async def test_beyond_the_rate_a_new_run_costs_one_request_and_one_that_is_there_is_found(bench):
    site = bench()
    site.limit(2, 2)
    assert told(await site.decide(slow())) == [(Outcome.CREATED, Reason.NONE)]
    site.cluster.requests.clear()
    there, new = await site.decide(slow(), slow(pod="b"))
    assert told([there, new]) == [(Outcome.ALREADY_THERE, Reason.NONE), (Outcome.POSTPONED, Reason.RATE_LIMITED)]
    assert new.retry_after > 0
    assert site.cluster.requests == [("get", "kubernetesexecutions")] * 2


async def test_another_alert_time_or_runbook_is_another_run(bench):
    other = {**GROW, "metadata": {"name": "other"}}
    site = bench(GROW, other)
    later = {**slow(), "startsAt": "2026-05-01T11:59:00Z"}
    decisions = await site.decide(slow(), slow(pod="a"), later)
    assert told(decisions) == [(Outcome.CREATED, Reason.NONE)] * 6
    suffixes = {one.run.rpartition("-")[2] for one in decisions}
    assert len(suffixes) == 6
    assert all(len(suffix) == 10 for suffix in suffixes)


async def test_a_run_that_was_created_in_part_is_completed(bench):
    site = bench()
    site.cluster.failures["create", "kubernetesexecutions"] = []
    (first,) = await site.decide(slow())
    last = next(obj for obj in site.cluster.all(EXECUTIONS) if obj["metadata"]["name"].endswith("shrink"))
    site.cluster.remove(EXECUTIONS, last)
    (again,) = await site.decide(slow())
    assert (again.outcome, again.run, again.created) == (Outcome.CREATED, first.run, 1)
    assert len(site.cluster.all(EXECUTIONS)) == 2


class Breaking(FakeClient):
    """Fails from the given create on that is no dry run."""

    def __init__(self, error, after):
        super().__init__()
        self.error, self.after = error, after

    async def create(self, resource, namespace, manifest, *, dry_run=False):
        if resource is EXECUTIONS and not dry_run:
            self.after -= 1
            if self.after < 0 and self.error:
                raise self.error
        return await super().create(resource, namespace, manifest, dry_run=dry_run)


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (UnavailableError("gone"), Reason.CLUSTER_UNAVAILABLE),
        (QuotaError("full"), Reason.QUOTA_EXCEEDED),
        (UnauthenticatedError("expired"), Reason.UNAUTHENTICATED),
    ],
)
async def test_what_fails_half_way_and_can_pass_leaves_its_part_for_the_next_delivery(bench, error, reason):
    site = bench(cluster=Breaking(error, 1))
    assert told(await site.decide(slow())) == [(Outcome.POSTPONED, reason)]
    assert [obj["spec"].get("cancel") for obj in site.cluster.all(EXECUTIONS)] == [None]
    site.cluster.error = None
    assert told(await site.decide(slow())) == [(Outcome.CREATED, Reason.NONE)]
    assert len(site.cluster.all(EXECUTIONS)) == 2


async def test_what_is_refused_for_good_half_way_is_cancelled_and_not_completed_later(bench):
    site = bench(cluster=Breaking(RejectedError("no"), 1))
    assert told(await site.decide(slow())) == [(Outcome.REFUSED, Reason.REJECTED)]
    assert [obj["spec"].get("cancel") for obj in site.cluster.all(EXECUTIONS)] == [True]
    site.cluster.error = None
    assert told(await site.decide(slow())) == [(Outcome.ALREADY_THERE, Reason.NONE)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (DeniedError("no"), (Outcome.DENIED, Reason.FORBIDDEN)),
        (DeniedError("no", by_policy=True), (Outcome.DENIED, Reason.POLICY_DENIED)),
        (RejectedError("no"), (Outcome.REFUSED, Reason.REJECTED)),
    ],
)
async def test_what_a_dry_run_refuses_creates_nothing_and_costs_nothing_of_the_rate(bench, error, expected):
    site = bench()
    site.limit(2, 2)
    site.cluster.failures["create", "kubernetesexecutions"] = [error]
    assert told(await site.decide(slow())) == [expected]
    assert site.cluster.all(EXECUTIONS) == []
    assert told(await site.decide(slow())) == [(Outcome.CREATED, Reason.NONE)]


@pytest.mark.parametrize("made_by", ["mallory", "anna"])
async def test_an_execution_of_somebody_else_under_its_name_is_told(bench, made_by):
    site = bench()
    (decision,) = await site.decide(slow())
    for obj in site.cluster.all(EXECUTIONS):
        if made_by == "mallory":
            obj["metadata"]["annotations"]["kubernaut.io/requested-by"] = made_by
        else:
            obj["metadata"]["annotations"]["traceparent"] = f"00-{'1' * 32}-{'1' * 16}-01"
        site.cluster.put(EXECUTIONS, obj)
    (again,) = await site.decide(slow())
    assert (again.outcome, again.reason) == (Outcome.REFUSED, Reason.NAME_TAKEN)
    assert f"{decision.run}-shrink is taken" in again.message


async def test_a_runbook_that_changed_since_is_not_begun_a_second_time(bench):
    site = bench()
    (first,) = await site.decide(slow())
    renamed = {**GROW, "spec": {**GROW["spec"], "steps": [{**GROW["spec"]["steps"][0], "name": "other"}]}}
    changed = bench({**renamed, "metadata": {"name": "grow", "generation": 2}}, cluster=site.cluster)
    (again,) = await changed.decide(slow())
    assert (again.outcome, again.run) == (Outcome.ALREADY_THERE, first.run)
    assert len(site.cluster.all(EXECUTIONS)) == 2


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"deployment": ""}, Reason.MISSING_LABEL, id="no label"),
        pytest.param({"deployment": "$(params.app)"}, Reason.UNUSABLE_LABEL, id="a reference in a label"),
        pytest.param({"deployment": "x" * 2**20}, Reason.UNUSABLE_LABEL, id="a MiB in a label"),
        pytest.param({"deployment": "Not.A:Name"}, Reason.INVALID_ARGUMENTS, id="what the action refuses"),
    ],
)
async def test_an_alert_that_gives_no_valid_parameters_is_refused_without_a_request(bench, change, reason):
    site = bench()
    (decision,) = await site.decide(slow(**change))
    assert (decision.outcome, decision.reason) == (Outcome.REFUSED, reason)
    assert decision.message
    assert len(decision.message) < 1000
    assert site.cluster.requests == []


async def test_an_old_alert_begins_nothing(bench):
    site = bench()
    old = {**slow(), "startsAt": (NOW - timedelta(days=7)).isoformat()}
    younger = {**slow(), "startsAt": (NOW - timedelta(days=6, hours=22)).isoformat()}
    assert told(await site.decide(old, younger)) == [(Outcome.REFUSED, Reason.TOO_OLD), (Outcome.CREATED, Reason.NONE)]


async def test_an_alert_of_the_future_begins_nothing_that_it_would_outlive(bench):
    site = bench()
    early = {**slow(), "startsAt": (NOW + timedelta(minutes=59)).isoformat()}
    later = {**slow(), "startsAt": (NOW + timedelta(minutes=61)).isoformat()}
    assert told(await site.decide(early, later)) == [(Outcome.CREATED, Reason.NONE), (Outcome.REFUSED, Reason.TOO_NEW)]


@pytest.mark.parametrize(
    "runbook",
    [
        make_runbook(make_step("s" * 26), name="r" * 26, alerts=[{"match": {"alertname": "Slow"}}]),
        make_runbook(make_step("a", "b"), make_step("b", "a"), name="cycle", alerts=[{"match": {"alertname": "Slow"}}]),
        make_runbook(name="broken", parameters={"x": {}}, alerts=[{**RULE, "arguments": {"x": "$(labels.)"}}]),
    ],
    ids=["names too long for the suffix", "a cycle", "a broken reference"],
)
async def test_a_runbook_that_no_alert_can_begin_is_refused(bench, runbook):
    assert told(await bench(runbook).decide(slow())) == [(Outcome.REFUSED, Reason.INVALID_RUNBOOK)]


async def test_the_longest_names_that_are_allowed_fit(bench):
    runbook = make_runbook(make_step("s" * 26), name="r" * 25, alerts=[{"match": {"alertname": "Slow"}}])
    site = bench(runbook)
    assert told(await site.decide(slow())) == [(Outcome.CREATED, Reason.NONE)]
    (created,) = site.cluster.all(EXECUTIONS)
    assert len(created["metadata"]["name"]) == 63


async def test_mode_propose_rehearses_and_can_be_approved(bench):
    proposing = {**GROW, "spec": {**GROW["spec"], "alerts": [{**RULE, "mode": "propose"}]}}
    site = bench(proposing)
    (decision,) = await site.decide(slow())
    (rehearsal,) = site.cluster.all(EXECUTIONS)
    assert rehearsal["metadata"]["name"] == f"{decision.run}-grow"
    assert rehearsal["spec"]["dryRun"] is True
    assert rehearsal["metadata"]["annotations"]["kubernaut.io/run-arguments"] == '{"app": "web"}'
