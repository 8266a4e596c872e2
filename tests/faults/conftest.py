"""A cluster, and an engine in a process of its own that is restarted whenever it ends, as the kubelet would do."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from kubernaut.embedded.running_engine import ENGINE_USER
from kubernaut.install.manifests import installation
from kubernaut.kube.client import Cluster
from kubernaut_sandbox import Sandbox, SandboxOptions
from tests.support.engine import Engine, supervised
from tests.support.site import NAMESPACES, Site, apply, engine_kubeconfig, objects_in

SWIFT = {"leaseSeconds": 4, "renewSeconds": 3, "retrySeconds": 1}
SKEW = "tests/faults/skew"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the size of the load, and the commands that restart parts of a real cluster."""
    parser.addoption(
        "--executions", type=int, default=8, help="executions per fault; the run of all faults has five times as many"
    )
    parser.addoption(
        "--restart",
        action="append",
        default=[],
        metavar="NAME=COMMAND",
        help="on a real cluster: a shell command that kills and restarts this part of it, such as etcd=…; may be repeated",
    )


@dataclass(frozen=True)
class Stage:
    """What a fault can act on."""

    site: Site
    engine: Engine
    skew: Any
    """The file with the number of seconds by which the engine's clock jumps."""


@pytest.fixture
async def stage(request, registry, tmp_path, rehearsal):
    """Return a namespace and a supervised engine."""
    async with _cluster(request, registry) as (site, kubeconfig):
        (tmp_path / "engine.kubeconfig").write_text(yaml.safe_dump(kubeconfig), "utf-8")
        config = {
            "leaderElection": SWIFT,
            "probePort": 0,
            "image": site.image,
            "namespaces": [site.namespace],
            "rehearsal": rehearsal,
        }
        (tmp_path / "engine.yaml").write_text(yaml.safe_dump(config), "utf-8")
        skew = tmp_path / "skew"
        environment = {"PYTHONPATH": str(request.config.rootpath / SKEW), "CLOCK_SKEW": str(skew)}
        engine = Engine(tmp_path / "engine.kubeconfig", tmp_path / "engine.yaml", environment=environment)
        async with supervised(engine):
            yield Stage(site, engine, skew)
    gc.collect()  # warnings about half-open connections belong to this test


@asynccontextmanager
async def _cluster(request, registry):
    if request.config.getoption("--cluster") == "sandbox":
        async with Sandbox(options=SandboxOptions(backoff_base_seconds=0.2)) as sandbox:
            await sandbox.apply([*objects_in("production"), *installation(registry, ["production"])])
            async with await Cluster.connect(sandbox.kubeconfig()) as admin:
                yield Site(admin, "production", sandbox), sandbox.kubeconfig(user=ENGINE_USER)
        return
    image = request.config.getoption("--image")
    namespace = f"kex-{id(request) % 0xFFFFFF:06x}"
    async with await Cluster.connect() as admin:
        for manifest in [*objects_in(namespace, image), *installation(registry, [namespace])]:
            await apply(admin, manifest)
        yield Site(admin, namespace, image=image), await engine_kubeconfig(admin)
        uid = (await admin.get(NAMESPACES, None, namespace))["metadata"]["uid"]
        await admin.delete(NAMESPACES, "", namespace, uid=uid)
        await asyncio.sleep(1)
