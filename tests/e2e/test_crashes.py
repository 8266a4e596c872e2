"""The engine is killed repeatedly under load: each execution has one Job and one true end; none is lost, none runs twice."""

import asyncio
import random
from collections import Counter, defaultdict
from contextlib import asynccontextmanager

import pytest
import yaml

from kubernaut.embedded.running_engine import ENGINE_USER
from kubernaut.install.manifests import installation
from kubernaut.kube.client import Cluster
from kubernaut.kube.follow import has_ended
from kubernaut.kube.informer import Informer, Scope
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from kubernaut_sandbox import Sandbox
from tests.support.engine import Engine
from tests.support.site import CONFIG_MAPS, Site, at_work, objects_in

EXECUTIONS_IN_ALL, KILLS, MISSING = 50, 15, 5
"""How many executions run, how often the engine is killed, and how many executions name a missing ConfigMap and must be rejected."""


@asynccontextmanager
async def without_engine(tmp_path):
    """Yield a sandbox with everything that an engine needs, and the engine, which is not started."""
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
    """Yield every end that is ever recorded, by execution."""
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
async def test_an_engine_killed_at_random_moments_loses_no_execution_and_runs_none_twice(tmp_path, request):
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("counts every request, which a real cluster does not report")
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
        await engine.kill()
        assert all(len(found) == 1 for found in ends.values()), "two different ends of one execution"
        outcomes = Counter((phase, reason) for ((phase, reason, _),) in ends.values())
        assert outcomes == {("Succeeded", None): EXECUTIONS_IN_ALL - MISSING, ("Failed", "DryRunRejected"): MISSING}
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


async def test_a_restarted_engine_adopts_running_jobs_and_deletes_orphaned_ones(tmp_path, request):
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


async def test_executions_end_although_watches_are_cut_or_expired(site):
    if site.sandbox is None:
        pytest.skip("faults are injected in the sandbox")
    faults = site.sandbox.faults
    for name, fault in {"cut": faults.cut_watches, "expired": lambda: (faults.compact(), faults.cut_watches())}.items():
        key = await site.create("patch-configmap", {"name": "app-config", "set": {"A": name}})
        fault()
        assert (await site.end(key))["status"]["phase"] == "Succeeded", name


async def test_an_execution_ends_although_watches_fall_silent(registry, request):
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


async def test_executions_end_once_despite_responses_of_429_and_5xx(site):
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
