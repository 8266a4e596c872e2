"""The demo and the sandbox command, as a newcomer runs them."""

import asyncio
import json
import signal
import sys

import yaml

from kubernaut.embedded.cluster import seed
from kubernaut.install.manifests import installation
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import EXECUTIONS
from kubernaut.plugins.registry import Registry
from kubernaut_sandbox import Sandbox
from tests.support.shell import command


async def test_the_demo_runs_every_action_a_dry_run_two_rejections_a_runbook_and_an_approval_and_succeeds():
    code, out, _ = await command("demo", "-o", "json")
    result = json.loads(out)
    assert (code, result["good"]) == (0, True)
    assert result["seconds"] < 20
    executions = result["executions"]
    assert {e["action"] for e in executions if e["phase"] == "Succeeded"} == set(Registry.discover().actions)
    assert any("dry run passed" in e["message"] for e in executions)
    failed = {e["reason"] for e in executions if e["phase"] == "Failed"}
    assert failed == {"Forbidden", "InvalidParameters", "ActionFailed"}
    steps = {e["title"]: e["phase"] for e in executions if e["title"].startswith("runbook more-db: ")}
    assert list(steps.values()) == ["Succeeded", "Failed", "Succeeded"]
    assert any(e["title"] == "restart-deployment approved by on-call" and e["asExpected"] for e in executions)
    assert all(e["serviceAccount"] and e["asExpected"] for e in executions)


async def test_the_demo_shows_people_what_changed_and_how_long_it_took():
    code, out, _ = await command("demo")
    assert code == 0
    for part in (
        "Deployment/web spec.replicas: 2 → 3",
        "undo: kubernaut rollback",
        "as deployment-scaler",
        "dry-run",
        "each ended as expected",
    ):
        assert part in out


async def test_the_sandbox_serves_until_it_is_stopped(tmp_path):
    config = tmp_path / "sandbox.kubeconfig"
    serving = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kubernaut.cli", "sandbox", "--kubeconfig", str(config), stdout=asyncio.subprocess.PIPE
    )
    first = await asyncio.wait_for(serving.stdout.readline(), 30)
    assert b"serving https://127.0.0.1:" in first
    assert config.stat().st_mode & 0o777 == 0o600
    assert yaml.safe_load(config.read_text("utf-8"))["kind"] == "Config"
    words = ("execute", "scale", "-n", "production", "-p", "name=web", "-p", "replicas=3", "--kubeconfig", str(config))
    code, out, _ = await command(*words)
    assert code == 0
    assert "Deployment/web spec.replicas: 2 → 3" in out
    code, out, _ = await command(
        *words[:4], "-p", "name=nope", "-p", "replicas=3", "--kubeconfig", str(config), "-o", "json"
    )
    assert code == 1
    assert json.loads(out)["status"]["reason"] == "DryRunRejected"
    code, _, err = await command(
        "execute", "scale", "-n", "nowhere", "-p", "name=web", "-p", "replicas=3", "--kubeconfig", str(config)
    )
    assert code == 2
    assert "namespace nowhere does not exist: name another with -n" in err
    code, out, _ = await command("execute", "drop-database", "-n", "production", "--kubeconfig", str(config))
    assert code == 2
    assert "action 'drop-database' is not installed" in out
    code, out, _ = await command(*words, "--no-wait")
    assert code == 0
    assert "created in production" in out
    for words, message in {
        ("cancel", "nothing"): "there is no execution nothing in production",
        ("suspend", "nothing"): "there is no execution nothing in production",
    }.items():
        code, _, err = await command(*words, "-n", "production", "--kubeconfig", str(config))
        assert code == 2
        assert message in err
    serving.send_signal(signal.SIGINT)
    assert await asyncio.wait_for(serving.wait(), 10) == 0


async def test_the_sandbox_starts_with_given_manifests(tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text(
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: mine}\n---\n"
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: mine}\n"
    )
    config = tmp_path / "k"
    serving = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kubernaut.cli",
        "sandbox",
        "--kubeconfig",
        str(config),
        "--load",
        str(mine),
        stdout=asyncio.subprocess.PIPE,
    )
    await asyncio.wait_for(serving.stdout.readline(), 30)
    code, out, _ = await command(
        "execute", "patch-configmap", "-n", "mine", "-p", "name=c", "-p", "set.A=1", "--kubeconfig", str(config)
    )
    assert code == 0, out
    serving.terminate()
    assert await asyncio.wait_for(serving.wait(), 10) == 0


async def test_executions_are_resumed_and_cancelled_from_the_command_line(tmp_path):
    config = tmp_path / "k"
    serving = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kubernaut.cli", "sandbox", "--kubeconfig", str(config), stdout=asyncio.subprocess.PIPE
    )
    await asyncio.wait_for(serving.stdout.readline(), 30)
    place = ("-n", "production", "--kubeconfig", str(config))
    for name in ("one", "two"):
        await kex(config, name, suspend=True)
    assert (await command("resume", "one", *place))[0] == 0
    code, out, _ = await command("cancel", "two", *place)
    assert code == 0
    assert "It was cancelled before it started. Nothing was changed." in out
    code, _, err = await command("suspend", "two", *place)
    assert code == 2
    assert "two has ended already: Cancelled" in err
    serving.terminate()
    await serving.wait()


async def kex(config, name, **spec):
    async with await Cluster.connect(config) as cluster:
        manifest = {
            "apiVersion": "kubernaut.io/v1alpha1",
            "kind": "KubernetesExecution",
            "metadata": {"name": name, "namespace": "production"},
            "spec": {"action": "patch-configmap", "parameters": {"name": "app-config", "set": {"A": "1"}}, **spec},
        }
        await cluster.create(EXECUTIONS, "production", manifest)


async def test_a_missing_engine_is_reported_and_a_missing_server_is_exit_code_3(tmp_path):
    async with Sandbox() as sandbox:
        await sandbox.apply([*seed(), *installation(Registry.discover(), ["production"])])
        config = tmp_path / "k"
        config.write_text(yaml.safe_dump(sandbox.kubeconfig()))
        words = (
            "execute",
            "scale",
            "-n",
            "production",
            "-p",
            "name=web",
            "-p",
            "replicas=3",
            "--kubeconfig",
            str(config),
            "-o",
            "json",
        )
        asking = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "kubernaut.cli",
            *words,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        message = await asyncio.wait_for(asking.stderr.readline(), 30)
        assert b"has not been picked up for 10 s" in message
    _, err = await asyncio.wait_for(asking.communicate(), 60)
    assert asking.returncode == 3
    assert b"continues: see it with kubectl get kex" in err
