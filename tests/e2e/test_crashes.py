"""The engine killed again and again under load: one Job and one true end per execution, none lost, none twice."""

import asyncio
import random
from collections import Counter, defaultdict
from contextlib import asynccontextmanager

import pytest
import yaml

from kubernaut.embedded.cluster import ENGINE_USER
from kubernaut.install.manifests import installation
from kubernaut.kube.client import Cluster
from kubernaut.kube.informer import Informer, Scope
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS
from kubernaut.kube.watch import has_ended
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut_sandbox import Sandbox
from tests.support.engine import Engine
from tests.support.site import CONFIG_MAPS, Site, at_work, objects_in

EXECUTIONS_IN_ALL, KILLS, MISSING = 50, 15, 5
"""Executions, how often the engine is killed meanwhile, and how many act on a ConfigMap that does not exist and so must be rejected."""


@asynccontextmanager
async def without_engine(tmp_path):
    """A sandbox that an engine could work on, and the kubeconfig for it."""
    async with Sandbox() as sandbox:
        await sandbox.apply(objects_in("production"))
        await sandbox.apply(installation(Registry.discover(), ["production"]))
        kubeconfig = tmp_path / "engine.kubeconfig"
        kubeconfig.write_text(yaml.safe_dump(sandbox.kubeconfig(user=ENGINE_USER)), "utf-8")
        config = tmp_path / "engine.yaml"
        config.write_text("leaderElection: {enabled: false}\nprobePort: 0\n", "utf-8")
        async with await Cluster.connect(sandbox.kubeconfig()) as admin:
            yield Site(admin, "production", sandbox), Engine(kubeconfig, config)


@asynccontextmanager
async def witness(site):
    """Sees every end that is ever told, by execution."""
    ends = defaultdict(set)

    def changed(_, new):
        if new is not None and has_ended(new.json):
            status = new.json["status"]
            ends[new.json["metadata"]["name"]].add((status["phase"], status.get("reason"), status["completionTime"]))

    informer = Informer(site.cluster, Scope(EXECUTIONS), changed)
    task = asyncio.create_task(informer.run())
    yield ends
    task.cancel()


@pytest.mark.timeout(240)
async def test_an_engine_killed_at_random_moments_loses_and_doubles_nothing(tmp_path, request):
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("counts every request, which a real cluster does not tell")
    chance = random.Random(seed := random.randrange(10**6))
    print(f"seed {seed}")  # shown when the test fails
    async with without_engine(tmp_path) as (site, engine), witness(site) as ends:
        for number in range(EXECUTIONS_IN_ALL - MISSING):
            await site.apply(
                {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"c{number}", "namespace": "production"}}
            )
        await engine.start()
        creating = asyncio.create_task(create_all(site))
        for _ in range(KILLS):
            await asyncio.sleep(chance.uniform(0.3, 1.6))
            await engine.kill()
            await engine.start()
        await creating
        async with asyncio.timeout(120):
            while len(ends) < EXECUTIONS_IN_ALL:
                await asyncio.sleep(0.2)
            while not all("ttlSecondsAfterFinished" in job["spec"] for job in await jobs(site)):
                await asyncio.sleep(0.2)
        await engine.kill()
        assert all(len(told) == 1 for told in ends.values()), "an end was told twice, and differently"
        told = Counter((phase, reason) for ((phase, reason, _),) in ends.values())
        assert told == {("Succeeded", None): EXECUTIONS_IN_ALL - MISSING, ("Failed", "DryRunRejected"): MISSING}
        made = await jobs(site)
        assert len(made) == EXECUTIONS_IN_ALL == created(site)
        assert (
            len({job["metadata"]["labels"]["kubernaut.io/kubernetes-execution"] for job in made}) == EXECUTIONS_IN_ALL
        )
        pods = (
            await site.cluster.list(PODS, "production", selector="app.kubernetes.io/name=kubernetes-executor")
        ).items
        assert len(pods) == EXECUTIONS_IN_ALL, "an action ran twice"
        assert all(
            [
                (await site.get(CONFIG_MAPS, f"c{n}"))["data"] == {"N": str(n)}
                for n in range(EXECUTIONS_IN_ALL - MISSING)
            ]
        )


async def create_all(site):
    for number in range(EXECUTIONS_IN_ALL):
        await site.create("patch-configmap", {"name": f"c{number}", "set": {"N": str(number)}}, name=f"e{number}")
        await asyncio.sleep(0.15)


async def jobs(site):
    return (await site.cluster.list(JOBS, "production")).items


def created(site):
    return sum(
        count
        for (_, verb, resource, code), count in site.sandbox.requests.items()
        if (verb, resource, code) == ("create", "jobs", 201)
    )


async def test_an_engine_that_comes_back_adopts_what_runs_and_removes_what_nobody_wants(tmp_path, request):
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("needs a cluster without an engine")
    async with without_engine(tmp_path) as (site, engine):
        await engine.start()
        kept = await site.create("scale", {"name": "web", "replicas": 4})
        await site.until(kept, phase="Running")
        await engine.kill()
        orphan = {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": "orphan",
                "labels": {
                    "kubernaut.io/action": "scale",
                    "kubernaut.io/kubernetes-execution": "gone",
                    "kubernaut.io/execution-uid": "gone",
                },
                "annotations": {"kubernaut.io/target": "Deployment/web", "kubernaut.io/reports": "true"},
            },
            "spec": {
                "template": {
                    "spec": {
                        "restartPolicy": "Never",
                        "containers": [{"name": "x", "image": "x", "command": ["sleep", "60"]}],
                    }
                }
            },
        }
        await site.cluster.create(JOBS, "production", orphan)
        await asyncio.sleep(1.5)  # long enough for the pod to end unseen
        await engine.start()
        assert (await site.end(kept))["status"]["phase"] == "Succeeded"
        await site.gone(JOBS, "orphan")
        assert await engine.stop() == 0


async def test_watches_that_are_cut_expired_or_silent_are_survived(site):
    if site.sandbox is None:
        pytest.skip("faults are injected in the sandbox")
    faults = site.sandbox.faults
    for name, fault in {"cut": faults.cut_watches, "expired": lambda: (faults.compact(), faults.cut_watches())}.items():
        key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": name}})
        fault()
        assert (await site.end(key))["status"]["phase"] == "Succeeded", name


async def test_a_connection_that_falls_silent_is_noticed(registry, request):
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("faults are injected in the sandbox")
    async with Sandbox() as sandbox:
        await sandbox.apply([*objects_in("production"), *installation(registry, ["production"])])
        engine = await Cluster.connect(sandbox.kubeconfig(user=ENGINE_USER), watch_seconds=1)
        async with await Cluster.connect(sandbox.kubeconfig()) as admin, engine, at_work(engine, registry, Settings()):
            site = Site(admin, "production", sandbox)
            sandbox.faults.silence_watches()
            key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": "1"}})
            assert (await site.end(key, seconds=15))["status"]["phase"] == "Succeeded"


async def test_storms_of_429_and_5xx_are_survived(site):
    if site.sandbox is None:
        pytest.skip("faults are injected in the sandbox")
    for status in (429, 500, 503):
        for verb, resource in (("create", "jobs"), ("patch", "kubernetesexecutions/status")):
            site.sandbox.faults.respond_with(status, times=3, verb=verb, resource=resource)
        key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": str(status)}})
        assert (await site.end(key))["status"]["phase"] == "Succeeded", status
        assert (
            len(
                [
                    job
                    for job in await jobs(site)
                    if job["metadata"]["labels"]["kubernaut.io/kubernetes-execution"] == key.name
                ]
            )
            == 1
        )
