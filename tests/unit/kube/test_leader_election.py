"""Leader election with a clock that the test moves, and a Lease in an in-memory cluster."""

import asyncio
import contextlib

import pytest

from kubernaut.errors import DeniedError, LeadershipLostError, UnauthenticatedError, UnavailableError
from kubernaut.kube.leader_election import LeaderElector
from kubernaut.kube.objects import LEASES
from kubernaut.settings import LeaderElectionSettings
from tests.support.fake_cluster import FakeCluster

SETTINGS = LeaderElectionSettings(lease_seconds=15, renew_seconds=10, retry_seconds=2)


class Time:
    """The event loop's clock, and sleeping on it: a sleep moves the clock and lets others run."""

    def __init__(self, monkeypatch):
        self.now = 1000.0
        loop = asyncio.get_running_loop()
        self._sleep = asyncio.sleep
        monkeypatch.setattr(loop, "time", lambda: self.now)
        monkeypatch.setattr("kubernaut.kube.leader_election.asyncio.sleep", self.sleep)
        monkeypatch.setattr("kubernaut.kube.leader_election.asyncio.timeout_at", self.timeout_at)
        monkeypatch.setattr("kubernaut.kube.leader_election.asyncio.timeout", lambda _: contextlib.nullcontext())

    async def sleep(self, seconds):
        self.now += seconds
        await self._sleep(0)

    @contextlib.asynccontextmanager
    async def timeout_at(self, when):
        yield
        if self.now >= when:
            raise TimeoutError


@pytest.fixture
async def time(monkeypatch):
    return Time(monkeypatch)


@pytest.fixture
def cluster():
    return FakeCluster()


def elector(cluster, identity="first"):
    return LeaderElector(cluster, SETTINGS, "system", identity)


def lease(cluster):
    (found,) = cluster.all(LEASES)
    return found["spec"]


def take(cluster, holder):
    (found,) = cluster.all(LEASES)
    cluster.put(LEASES, {**found, "spec": {**found["spec"], "holderIdentity": holder, "renewTime": "other"}})


async def test_a_candidate_creates_the_lease_and_leads(cluster, time):
    first = elector(cluster)
    assert await first._try_acquire_or_renew()
    assert (lease(cluster)["holderIdentity"], lease(cluster)["leaseTransitions"]) == ("first", 0)


async def test_a_lease_that_is_renewed_is_not_taken(cluster, time):
    first, second = elector(cluster), elector(cluster, "second")
    await first._try_acquire_or_renew()
    for _ in range(20):
        assert not await second._try_acquire_or_renew()
        await time.sleep(2)
        assert await first._try_acquire_or_renew()


async def test_a_lease_that_stays_unchanged_for_its_duration_is_taken(cluster, time):
    first, second = elector(cluster), elector(cluster, "second")
    await first._try_acquire_or_renew()
    assert not await second._try_acquire_or_renew()
    time.now += 14.9
    assert not await second._try_acquire_or_renew()
    time.now += 0.2
    assert await second._try_acquire_or_renew()
    assert (lease(cluster)["holderIdentity"], lease(cluster)["leaseTransitions"]) == ("second", 1)


async def test_a_released_lease_is_taken_at_once(cluster, time):
    first, second = elector(cluster), elector(cluster, "second")
    await first._try_acquire_or_renew()
    assert not await second._try_acquire_or_renew()
    await first.release()
    assert lease(cluster)["holderIdentity"] == ""
    assert await second._try_acquire_or_renew()


async def test_an_engine_that_does_not_hold_the_lease_releases_nothing(cluster, time):
    first, second = elector(cluster), elector(cluster, "second")
    await first._try_acquire_or_renew()
    await second._try_acquire_or_renew()
    await second.release()
    assert lease(cluster)["holderIdentity"] == "first"


async def test_renewal_keeps_the_time_of_acquisition(cluster, time):
    first = elector(cluster)
    await first._try_acquire_or_renew()
    acquired = lease(cluster)["acquireTime"]
    await first._try_acquire_or_renew()
    assert lease(cluster)["acquireTime"] == acquired < lease(cluster)["renewTime"]


async def until_lost(first, disturb):
    """Lead, then disturb it; return the error that ends the leadership."""
    running = asyncio.create_task(first.run())
    await first.leading.wait()
    disturb()
    with pytest.raises(LeadershipLostError) as lost:
        await running
    assert not first.leading.is_set()
    return str(lost.value)


async def test_a_leader_that_sees_another_holder_stops_at_once(cluster, time):
    first = elector(cluster)
    message = await until_lost(first, lambda: take(cluster, "intruder"))
    assert message == "Lease system/kubernaut-engine is lost: intruder holds it now; this engine stops now"
    assert lease(cluster)["holderIdentity"] == "intruder"


async def test_a_leader_that_cannot_renew_stops_before_another_one_can_lead(cluster, time):
    first = elector(cluster)

    def cut():
        cluster.failures["get", LEASES.plural] = [UnavailableError("down")] * 100

    started = time.now
    assert "it could not be renewed in time" in await until_lost(first, cut)
    assert time.now - started <= SETTINGS.lease_seconds


async def test_a_lease_that_is_deleted_is_created_again_by_its_holder(cluster, time):
    first = elector(cluster)
    running = asyncio.create_task(first.run())
    await first.leading.wait()
    cluster.remove(LEASES, cluster.all(LEASES)[0])
    for _ in range(5):
        await asyncio.sleep(0)
    assert lease(cluster)["holderIdentity"] == "first"
    assert not running.done()
    running.cancel()


async def test_missing_permissions_are_logged_once_with_the_command_that_grants_them(cluster, time, caplog):
    first = elector(cluster)
    cluster.failures["get", LEASES.plural] = [DeniedError("leases is forbidden")] * 3
    for _ in range(3):
        assert not await first._try_acquire_or_renew()
    assert caplog.text.count("kubernaut rbac render --engine | kubectl apply -f -") == 1


async def test_credentials_that_are_not_accepted_are_not_logged_as_missing_permissions(cluster, time, caplog):
    first = elector(cluster)
    cluster.failures["get", LEASES.plural] = [UnauthenticatedError("does not accept the credentials")]
    assert not await first._try_acquire_or_renew()
    assert "could not be acquired or renewed: does not accept the credentials" in caplog.text
    assert "is not allowed" not in caplog.text


async def test_without_leader_election_the_engine_leads_at_once(cluster):
    alone = LeaderElector(cluster, LeaderElectionSettings(enabled=False), "system", "me")
    assert alone.leading.is_set()
    await alone.run()
    assert cluster.requests == []
