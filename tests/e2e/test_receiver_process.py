"""The receiver as it is run: a process that is killed and stopped, and a real Alertmanager over TLS with the guide's configuration."""

import asyncio
import json
import shutil
import socket
import sys
from collections import Counter
from contextlib import asynccontextmanager

import aiohttp
import pytest
import yaml

from kubernaut.receiver.serving_certificate import ServingCertificate
from tests.support.alerting import CONFIGURATION
from tests.support.alertmanager import RunningReceiver, make_alert, running_alertmanager, running_receiver
from tests.support.certificates import Authority
from tests.support.shell import command
from tests.support.site import kubeconfig_with

REHEARSALS = ["initContainer"]


@asynccontextmanager
async def receiver_process(kubeconfig):
    """Run `kubernaut receiver` as a process during the block, and yield it and how to send to it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ("--insecure-http", "--address", "127.0.0.1", "--port", str(port), "--probe-port", "0")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kubernaut.cli",
        "receiver",
        *words,
        "--kubeconfig",
        str(kubeconfig),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(30):
            while b"receiver ready" not in await process.stderr.readline():
                assert process.returncode is None
        yield process, RunningReceiver(port, None)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_a_receiver_that_is_killed_while_it_creates_leaves_runs_that_the_next_one_completes(
    alerting, place, tmp_path
):
    (tmp_path / "own.kubeconfig").write_text(yaml.safe_dump(kubeconfig_with(alerting.site.cluster, alerting.own_token)))
    alerts = [make_alert(deployment="web", pod=f"web-{number}") for number in range(12)]
    async with receiver_process(tmp_path / "own.kubeconfig") as (first, receiver):
        delivery = asyncio.create_task(receiver.send(*alerts, token=alerting.token))
        async with asyncio.timeout(20):
            while len(await alerting.executions()) < 5:
                await asyncio.sleep(0.005)
        first.kill()
        with pytest.raises(aiohttp.ClientError):
            await delivery
    begun = await alerting.executions()
    assert len(begun) < 24
    async with receiver_process(tmp_path / "own.kubeconfig") as (second, receiver):
        assert (await receiver.send(*alerts, token=alerting.token)).code == 200
        second.terminate()
        assert await asyncio.wait_for(second.wait(), 10) == 0
        log = (await second.stderr.read()).decode()
    whole = await alerting.executions()
    assert {name: obj["metadata"]["uid"] for name, obj in begun.items()}.items() <= {
        name: obj["metadata"]["uid"] for name, obj in whole.items()
    }.items()
    runs = Counter(obj["metadata"]["labels"]["kubernaut.io/run"] for obj in whole.values())
    assert (len(runs), set(runs.values())) == (12, {2})
    assert [json.loads(line)["audit"]["event"] for line in log.splitlines() if '"audit"' in line] == ["alert"] * 12
    assert alerting.token not in log
    await alerting.ended(24)
    code, _, err = await command("approve", "--run", next(iter(runs)), *place, "--yes", "--no-wait")
    assert code == 0, err
    approved = (await alerting.executions()).keys() - whole.keys()
    assert {len(name.split("-")[1]) for name in approved} == {10}


@asynccontextmanager
async def served_over_tls(alerting, folder):
    """Run a receiver with a certificate of its own authority."""
    authority = Authority()
    for name, content in zip(("tls.crt", "tls.key"), authority.pair("receiver", "127.0.0.1"), strict=True):
        (folder / name).write_bytes(content)
    (folder / "ca.crt").write_bytes(authority.pem)
    certificate = ServingCertificate(folder / "tls.crt", folder / "tls.key")
    async with running_receiver(alerting.own, context=certificate.context) as receiver:
        yield receiver


@pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None and shutil.which("alertmanager") is None,
    reason="Alertmanager is not installed (Debian: prometheus-alertmanager), so nothing sends its real webhooks",
)
async def test_the_configuration_of_the_guide_makes_a_real_alertmanager_begin_and_withdraw_a_run(alerting, tmp_path):
    async with served_over_tls(alerting, tmp_path) as receiver:
        (tmp_path / "token").write_text(alerting.token, "utf-8")
        text = yaml.safe_dump(CONFIGURATION)
        for old, new in (
            ("https://kubernaut-receiver.kubernaut-system.svc/", f"https://127.0.0.1:{receiver.port}/"),
            ("server_name: kubernaut-receiver.kubernaut-system.svc", "server_name: 127.0.0.1"),
            ("/var/run/secrets/kubernetes.io/serviceaccount/token", str(tmp_path / "token")),
            ("/etc/alertmanager/kubernaut/ca.crt", str(tmp_path / "ca.crt")),
            ("group_wait: 10s", "group_wait: 0s"),
            ("group_interval: 1m", "group_interval: 1s"),
        ):
            assert old in text
            text = text.replace(old, new)
        async with running_alertmanager(tmp_path, text) as alertmanager:
            labels = {"namespace": "production", "deployment": "web"}
            await alertmanager.post({"alertname": "Slow", **labels})
            await alertmanager.post({"alertname": "NoAnswers", "severity": "critical", **labels})
            found = await alerting.ended(3)
            assert await alerting.has_restarted()
            assert {obj["metadata"]["annotations"]["kubernaut.io/alert-link"] for obj in found} == {alertmanager.link}
            await alertmanager.post({"alertname": "Slow", **labels}, resolved=True)
            async with asyncio.timeout(10):
                while receiver.count("cancelled_executions_total") < 2:
                    await asyncio.sleep(0.1)
    withdrawn = [
        obj["spec"].get("dryRun") for obj in (await alerting.executions()).values() if obj["spec"].get("cancel")
    ]
    assert withdrawn == [True, True]
