"""kubectl, whichever version is installed, on the sandbox with a running engine."""

import asyncio
import shutil

import pytest
import yaml

REHEARSALS = ["initContainer"]

KUBECTL = shutil.which("kubectl")

pytestmark = pytest.mark.skipif(KUBECTL is None, reason="no kubectl is installed")

MORE_WEB = """
apiVersion: kubernaut.io/v1alpha1
kind: KubernetesExecution
metadata: {name: more-web, namespace: production}
spec:
  action: scale
  parameters: {name: web, replicas: 3}
"""


@pytest.fixture
async def kubectl(site, tmp_path):
    """Return a function that runs kubectl as the cluster's admin, asserts its exit code and returns its output."""
    if site.sandbox is None:
        pytest.skip("kubectl needs no test on a real cluster")
    config = tmp_path / "kubeconfig"
    config.write_text(yaml.safe_dump(site.sandbox.kubeconfig()), "utf-8")

    async def run(*words, stdin="", code=0):
        process = await asyncio.create_subprocess_exec(
            KUBECTL,
            *words,
            env={"KUBECONFIG": str(config), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(stdin.encode()), 40)
        assert process.returncode == code, err.decode()
        return out.decode() + err.decode() if code else out.decode()

    run.start = lambda *words: asyncio.create_subprocess_exec(
        KUBECTL,
        *words,
        env={"KUBECONFIG": str(config), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        stdout=asyncio.subprocess.PIPE,
    )
    return run


async def test_get_with_watch_shows_an_execution_from_pending_to_succeeded(kubectl):
    """The watch must be seen at work first, by another execution that waits: else kubectl may list when the new one is running already."""
    waiting = MORE_WEB.replace("more-web", "waiting").replace("spec:\n", "spec:\n  suspend: true\n")
    await kubectl("apply", "-f", "-", stdin=waiting)
    watching = await kubectl.start("get", "kex", "-A", "-w")
    async with asyncio.timeout(30):
        header, first = [(await watching.stdout.readline()).decode() for _ in range(2)]
        await kubectl("apply", "-f", "-", stdin=MORE_WEB)
        lines = [first]
        while "Succeeded" not in lines[-1]:
            lines.append((await watching.stdout.readline()).decode())
    watching.kill()
    await watching.wait()
    assert header.split() == ["NAMESPACE", "NAME", "ACTION", "TARGET", "PHASE", "REASON", "AGE"]
    seen = [line for line in lines if "more-web" in line]
    phases = [phase for line in seen for phase in ("Pending", "Running", "Succeeded") if phase in line]
    assert list(dict.fromkeys(phases)) == ["Pending", "Running", "Succeeded"]


async def test_kubectl_applies_gets_describes_patches_and_deletes_an_execution(kubectl):
    assert "created" in await kubectl("apply", "-f", "-", stdin=MORE_WEB)
    assert "unchanged" in await kubectl("apply", "-f", "-", stdin=MORE_WEB)
    await kubectl(
        "wait", "kex/more-web", "-n", "production", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s"
    )
    assert "Deployment/web" in await kubectl("get", "kex", "-n", "production")
    described = await kubectl("describe", "kex", "more-web", "-n", "production")
    assert "Spec.Replicas" in described or "spec.replicas" in described
    assert "2 → 3. The execution was requested by" in described, "its Events are found"
    await kubectl(
        "patch", "kex", "more-web", "-n", "production", "--type=merge", "-p", '{"spec":{"ttlSecondsAfterFinished":60}}'
    )
    refused = await kubectl(
        "patch", "kex", "more-web", "-n", "production", "--type=merge", "-p", '{"spec":{"action":"x"}}', code=1
    )
    assert "action is immutable: create another execution" in refused
    await kubectl("delete", "kex", "more-web", "-n", "production")
    assert "not found" in await kubectl("get", "kex", "more-web", "-n", "production", code=1)


async def test_logs_of_an_actions_pod_show_what_it_changed(kubectl, rehearsal):
    await kubectl("apply", "-f", "-", stdin=MORE_WEB)
    await kubectl(
        "wait", "kex/more-web", "-n", "production", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s"
    )
    job = (await kubectl("get", "kex", "more-web", "-n", "production", "-o", "jsonpath={.status.jobName}")).strip()
    assert "changed Deployment/web spec.replicas: 2 -> 3" in await kubectl(
        "logs", f"job/{job}", "-n", "production", "-c", "execute"
    )
    first = "execute" if rehearsal == "inline" else "dry-run"
    assert "would change Deployment/web" in await kubectl("logs", f"job/{job}", "-n", "production", "-c", first)


async def test_kubectl_finds_the_resources_that_exist_and_no_others(kubectl):
    resources = await kubectl("api-resources")
    for name in ("kubernetesexecutions", "jobs", "deployments", "configmaps", "rolebindings"):
        assert name in resources
    assert "the server doesn't have a resource type" in await kubectl("get", "ingresses", code=1)


async def test_kubectl_auth_can_i_agrees_with_rbac(kubectl):
    account = "system:serviceaccount:production:configmap-patcher"
    assert (await kubectl("auth", "can-i", "patch", "configmaps", "-n", "production", "--as", account)).strip() == "yes"
    assert "no" in await kubectl("auth", "can-i", "get", "secrets", "-n", "production", "--as", account, code=1)
