"""Two engines on one cluster: one leads, the other takes over, and no execution is lost or carried out twice."""

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest
import yaml

from kubernaut.embedded.running_engine import ENGINE_USER
from kubernaut.errors import LeadershipLostError
from kubernaut.install.manifests import installation
from kubernaut.install.rbac import ENGINE_NAMESPACE, LEASE
from kubernaut.kube.client import Cluster
from kubernaut.kube.leader_election import LeaderElector
from kubernaut.kube.objects import JOBS, LEASES
from kubernaut.plugins.registry import Registry
from kubernaut.settings import LeaderElectionSettings
from kubernaut_sandbox import Sandbox
from tests.support.engine import Engine
from tests.support.site import Site, objects_in

SWIFT = {"leaseSeconds": 4, "renewSeconds": 3, "retrySeconds": 1}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(autouse=True)
def only_on_the_sandbox(request):
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("needs a cluster without an engine, and breaks its API server")


@pytest.fixture
async def site():
    async with Sandbox() as sandbox:
        await sandbox.apply([*objects_in("production"), *installation(Registry.discover(), ["production"])])
        async with await Cluster.connect(sandbox.kubeconfig()) as admin:
            yield Site(admin, "production", sandbox)


@asynccontextmanager
async def candidate(site, name):
    async with await Cluster.connect(site.sandbox.kubeconfig(user=ENGINE_USER)) as cluster:
        settings = LeaderElectionSettings.model_validate(SWIFT)
        elector = LeaderElector(cluster, settings, ENGINE_NAMESPACE, name)
        running = asyncio.create_task(elector.run())
        yield elector, running
        running.cancel()
        await asyncio.wait({running})


async def lease(site):
    return (await site.cluster.get(LEASES, ENGINE_NAMESPACE, LEASE))["spec"]


async def test_the_second_candidate_takes_over_as_soon_as_the_first_releases_the_lease(site):
    async with AsyncExitStack() as stack:
        first, running = await stack.enter_async_context(candidate(site, "first"))
        await first.leading.wait()
        second, _ = await stack.enter_async_context(candidate(site, "second"))
        await asyncio.sleep(2.5)
        assert not second.leading.is_set()
        assert (await lease(site))["holderIdentity"] == "first"
        running.cancel()
        await asyncio.wait({running})
        await first.release()
        async with asyncio.timeout(2):
            await second.leading.wait()
        assert (await lease(site))["leaseTransitions"] == 1


async def test_a_leader_whose_lease_is_taken_stops_at_the_next_renewal(site):
    async with candidate(site, "first") as (first, running):
        await first.leading.wait()
        await site.cluster.patch(LEASES, ENGINE_NAMESPACE, LEASE, {"spec": {"holderIdentity": "intruder"}})
        async with asyncio.timeout(2.5):
            await asyncio.wait({running})
        with pytest.raises(
            LeadershipLostError, match=f"Lease {ENGINE_NAMESPACE}/{LEASE} is lost: intruder holds it now"
        ):
            running.result()
        assert not first.leading.is_set()


async def test_a_leader_that_cannot_renew_stops_before_another_one_can_lead(site):
    async with candidate(site, "first") as (first, running):
        await first.leading.wait()
        async with site.sandbox.outage(), asyncio.timeout(SWIFT["leaseSeconds"]):
            await asyncio.wait({running})
        with pytest.raises(LeadershipLostError, match="it could not be renewed in time"):
            running.result()


async def test_a_lease_that_is_deleted_is_created_again_by_its_holder(site):
    async with candidate(site, "first") as (first, running):
        await first.leading.wait()
        found = await site.cluster.get(LEASES, ENGINE_NAMESPACE, LEASE)
        await site.cluster.delete(LEASES, ENGINE_NAMESPACE, LEASE, uid=found["metadata"]["uid"])
        await asyncio.sleep(2)
        assert (await lease(site))["holderIdentity"] == "first"
        assert not running.done()


def engine(site, folder, port):
    config = folder / f"engine-{port}.yaml"
    config.write_text(yaml.safe_dump({"leaderElection": SWIFT, "probePort": port}), "utf-8")
    kubeconfig = folder / "engine.kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(site.sandbox.kubeconfig(user=ENGINE_USER)), "utf-8")
    return Engine(kubeconfig, config)


async def answers(port, path):
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"http://127.0.0.1:{port}{path}") as response:
                return response.status
        except aiohttp.ClientError:
            return 0


async def until_answers(port, path, status):
    async with asyncio.timeout(20):
        while await answers(port, path) != status:
            await asyncio.sleep(0.1)


@pytest.mark.timeout(180)
async def test_a_replica_takes_over_from_one_that_is_killed_stopped_or_deposed(site, tmp_path):
    ports = [free_port(), free_port()]
    engines = [engine(site, tmp_path, port) for port in ports]
    try:
        for one, port in zip(engines, ports, strict=True):
            await one.start()
            await until_answers(port, "/readyz", 200)
        for path in ("/livez", "/startupz"):
            assert await answers(ports[0], path) == 200
        first, second = engines
        done = [await works(site, 1)]
        await first.kill()
        done.append(await works(site, 2))
        await first.start()
        assert await second.stop() == 0
        done.append(await works(site, 3))
        await site.cluster.patch(LEASES, ENGINE_NAMESPACE, LEASE, {"spec": {"holderIdentity": "intruder"}})
        assert await first.ended(5) == 1, "an engine that is no longer leader must not go on"
        await second.start()
        done.append(await works(site, 4))
        jobs = (await site.cluster.list(JOBS, "production")).items
        assert len(jobs) == len(done)
    finally:
        for one in engines:
            await one.kill()


async def works(site, value):
    key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": str(value)}})
    status = (await site.end(key, seconds=30))["status"]
    assert status["phase"] == "Succeeded", status
    return key
