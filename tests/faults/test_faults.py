"""Under load and with a fault all the time, every execution has one Job and one true end, and none is lost."""

import asyncio
import random
import re

import pytest

from kubernaut.errors import KubernautError
from kubernaut.install.rbac import ENGINE_NAMESPACE, LEASE
from kubernaut.kube.objects import LEASES
from tests.faults.load import Load, Witness
from tests.support.foreign import injected

# A server that is killed during a TLS handshake leaves the connection to the garbage collector, and Python warns about that.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

SPREAD_SECONDS = 8
SIDECAR = "; ".join(
    [
        "import random, signal, sys, time",
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))",
        "time.sleep(random.choice([0, 0, 1, 60]))",
        "sys.exit(random.choice([0, 3]))",
    ]
)
"""A container that ends before, while or long after the action's own do, and succeeds or fails."""


async def nothing(stage):
    """Do nothing: the yardstick."""


async def engine_killed(stage):
    await stage.engine.kill()
    await asyncio.sleep(random.uniform(3, 6))


async def engine_frozen(stage):
    """Freeze it for longer than its lease, like a machine that is paused; afterwards it must notice that it no longer leads."""
    stage.engine.freeze()
    await asyncio.sleep(5)
    stage.engine.thaw()
    await asyncio.sleep(4)


async def clock_jumps(stage):
    for seconds in (3600, -7200, 3600):
        stage.skew.write_text(str(seconds), "utf-8")
        stage.engine.jump()
        await asyncio.sleep(2.5)


async def lease_taken(stage):
    try:
        patch = {"spec": {"holderIdentity": "someone-else"}}
        await stage.site.cluster.patch(LEASES, ENGINE_NAMESPACE, LEASE, patch)
    except KubernautError:
        pass
    await asyncio.sleep(7)


async def api_server_killed(stage):
    async with stage.site.sandbox.outage():
        await asyncio.sleep(random.uniform(0.5, 1.5))
    await asyncio.sleep(random.uniform(1.5, 3))


async def controllers_killed(stage):
    async with stage.site.sandbox.controllers_stopped():
        await asyncio.sleep(2)
    await asyncio.sleep(1)


async def storm_of_429(stage):
    stage.site.sandbox.faults.respond_with(429, times=10, retry_after=1)
    await _passes(stage)


async def storm_of_5xx(stage):
    for status in (500, 503, 504):
        stage.site.sandbox.faults.respond_with(status, times=5)
    await _passes(stage)


async def answers_lost(stage):
    """Carry out requests and drop the answers, so that a client retries what was done already."""
    for verb, resource in (("create", "jobs"), ("patch", "kubernetesexecutions/status"), ("patch", "jobs")):
        stage.site.sandbox.faults.drop_responses(2, verb=verb, resource=resource)
    await _passes(stage)


async def _passes(stage):
    await asyncio.sleep(1)
    stage.site.sandbox.faults.clear()
    await asyncio.sleep(0.5)


async def watches_cut(stage):
    stage.site.sandbox.faults.cut_watches()
    await asyncio.sleep(0.5)


async def history_gone(stage):
    stage.site.sandbox.faults.compact()
    stage.site.sandbox.faults.cut_watches()
    await asyncio.sleep(0.5)


ANYWHERE = [nothing, engine_killed, engine_frozen, clock_jumps, lease_taken]
IN_THE_SANDBOX = [
    api_server_killed,
    controllers_killed,
    storm_of_429,
    storm_of_5xx,
    answers_lost,
    watches_cut,
    history_gone,
]


def named(faults):
    return [pytest.param(fault, id=fault.__name__.replace("_", " ")) for fault in faults]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("fault", named(ANYWHERE))
async def test_every_execution_has_one_job_and_one_end_despite_faults_of_the_engine(stage, request, fault):
    await survive(stage, request, fault)


@pytest.mark.timeout(900)
async def test_every_execution_has_one_job_and_one_end_despite_all_faults_in_turn(stage, request):
    chosen = ANYWHERE if stage.site.sandbox is None else [*ANYWHERE, *IN_THE_SANDBOX]

    async def any_of_them(stage):
        await random.choice(chosen)(stage)

    await survive(stage, request, any_of_them, times=5)


@pytest.mark.timeout(900)
async def test_every_execution_has_one_job_and_one_end_beside_a_container_that_somebody_else_put_into_its_pod(
    stage, request
):
    async with injected(stage.site, SIDECAR):
        await survive(stage, request, engine_killed, title="engine_killed beside a sidecar")


@pytest.mark.timeout(3000)
async def test_every_execution_has_one_job_and_one_end_although_parts_of_a_real_cluster_restart(stage, request):
    commands = dict(pair.split("=", 1) for pair in request.config.getoption("--restart"))
    if not commands:
        pytest.skip("name the commands that restart its parts: --restart=NAME=COMMAND")
    for name, shell in commands.items():

        async def restarted(_, shell=shell):
            process = await asyncio.create_subprocess_shell(shell)
            await process.wait()
            await asyncio.sleep(random.uniform(4, 7))

        await survive(stage, request, restarted, title=name)


async def survive(stage, request, fault, times=1, title=""):
    executions = request.config.getoption("--executions") * times
    spread = SPREAD_SECONDS * max(1.0, executions / 40) * (1 if times == 1 else 0.5)
    prefix = re.sub("[^a-z0-9]+", "-", title.lower())  # of the names of objects
    await endure(stage, fault, Load(stage.site, executions, spread, prefix), 180 + executions, title)


async def endure(stage, fault, load, seconds, title=""):
    """Create the load while the fault happens all the time, and check its account, which must balance within so many seconds."""
    witness = Witness(stage.site)
    await load.prepare()
    async with witness.watching():
        creating = asyncio.create_task(load.create())

        async def disturb():
            while not creating.done():
                await fault(stage)
                await asyncio.sleep(0)
                if fault is nothing:
                    return

        disturbing = asyncio.create_task(disturb())
        await asyncio.wait({creating, disturbing})
        creating.result()
        disturbing.result()
        account = await load.account(witness, seconds=seconds)
    print(account.line(title or fault.__name__))
    remarks = "\n".join(map(str, account.remarks))
    assert (account.duplicates, account.lost) == (0, 0), remarks
    assert account.jobs == account.ends == account.executions, remarks
