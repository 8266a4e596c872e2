"""Hostile pods on the sandbox, whose containers are processes: what the kubelet does for them stays below the directory of the pod."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kubernaut_sandbox import Sandbox, SandboxOptions
from tests.conformance.client import Client, connected
from tests.conformance.manifests import configmap, container, pod
from tests.conformance.test_pods import end, over

PODS = "/api/v1/namespaces/default/pods"
SHARED = {"volumes": [{"name": "shared", "emptyDir": {}}]}
ROOT = "import os; root = os.environ['SANDBOX_POD_ROOT']; "


@pytest.fixture
async def admin() -> AsyncIterator[Client]:
    """The admin of a sandbox."""
    async with (
        Sandbox(options=SandboxOptions(restart_base_seconds=0.1)) as running,
        connected(running.kubeconfig()) as client,
    ):
        yield client


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """A directory of the host, with a file and a directory, that no pod has a right to."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "kept").write_text("mine")
    (tmp_path / "file").write_text("mine")
    return tmp_path


def untouched(host: Path) -> bool:
    """Whether the host's directory is as it was."""
    found = {str(path.relative_to(host)): path.read_text() for path in host.rglob("*") if path.is_file()}
    return found == {"data/kept": "mine", "file": "mine"} and len(list(host.rglob("*"))) == 3


def up(path: Path) -> str:
    """The path from any root of a container, which is less than 20 directories deep."""
    return "/.." * 20 + str(path)


def mounts(path: str, **more: Any) -> dict[str, Any]:
    """A container's mount of the shared volume."""
    return {"volumeMounts": [{"name": "shared", "mountPath": path, **more}]}


async def test_a_mount_path_that_leads_up_is_resolved_in_the_root_of_the_container(admin: Client, host: Path) -> None:
    code = f"{ROOT}open(root + '{host}/data/x', 'w').write('y'); print('done')"
    await admin.made(PODS, pod("up", container("a", code, **mounts(up(host / "data"))), **SHARED))
    assert end(await admin.until(PODS, "up", over))["exitCode"] == 0
    assert untouched(host)


async def test_a_termination_message_path_that_leads_up_is_resolved_in_the_root_of_the_container(
    admin: Client, host: Path
) -> None:
    code = f"{ROOT}open(root + '{host}/file', 'w').write('hello')"
    await admin.made(PODS, pod("up", container("a", code, terminationMessagePath=up(host / "file"))))
    assert end(await admin.until(PODS, "up", over))["message"] == "hello"
    assert untouched(host)


LEAVES = {
    "a mount path below a link": (
        mounts("/out"),
        {"volumeMounts": [{"name": "shared", "mountPath": path} for path in ("/out", "/out/evil/data")]},
    ),
    "a sub-path that is a link": (mounts("/out"), mounts("/data", subPath="evil/data")),
    "a termination message below a link": (
        mounts("/out"),
        {**mounts("/out"), "terminationMessagePath": "/out/evil/file"},
    ),
}


@pytest.mark.parametrize(("first", "second"), LEAVES.values(), ids=LEAVES.keys())
async def test_a_link_that_an_earlier_container_left_in_a_volume_is_not_followed_out(
    admin: Client, host: Path, first: dict[str, Any], second: dict[str, Any]
) -> None:
    leaves = container("a", f"{ROOT}os.symlink('{host}', root + '/out/evil')", "first", **first)
    await admin.made(PODS, pod("links", container("a", "pass", **second), initContainers=[leaves], **SHARED))

    def refused(found: dict[str, Any]) -> Any:
        state = (found["status"].get("containerStatuses") or [{"state": {}}])[0]["state"]
        return state.get("terminated") or state.get("waiting", {}).get("reason") == "CreateContainerConfigError"

    found = await admin.until(PODS, "links", refused)
    state = found["status"]["containerStatuses"][0]["state"]
    if "waiting" in state:
        assert state["waiting"]["message"] == 'failed to prepare subPath for volumeMount "shared" of container "main"'
    else:
        assert state["terminated"]["reason"] == "StartError"
        assert "leads out of the files of the pod" in state["terminated"]["message"]
    assert untouched(host)


@pytest.mark.parametrize("link", ["symlink", "link"])
async def test_a_termination_message_that_stands_for_a_file_of_the_host_is_neither_read_nor_written(
    admin: Client, host: Path, link: str
) -> None:
    """The second container's own log is the first one's link: the file that the kubelet makes takes its place."""
    leaves = container("a", f"{ROOT}os.{link}('{host}/file', root + '/out/log')", "first", **mounts("/out"))
    swaps = f"{ROOT}log = root + '/out/log'; os.unlink(log); os.{link}('{host}/file', log)"
    last = container("a", swaps, **mounts("/out"), terminationMessagePath="/out/log")
    await admin.made(PODS, pod("reads", last, initContainers=[leaves], **SHARED))
    done = end(await admin.until(PODS, "reads", over))
    assert (done["exitCode"], done.get("message")) == (0, None)
    assert untouched(host)


async def test_a_restart_deletes_nothing_behind_a_link_that_took_the_place_of_the_roots(
    admin: Client, host: Path
) -> None:
    (host / "main").mkdir()
    (host / "main" / "kept").write_text("mine")
    swap = f"{ROOT}roots = os.path.dirname(root); os.rename(roots, roots + '.old'); os.symlink('{host}', roots); "
    swaps = container("a", f"{swap}raise SystemExit(1)")
    await admin.made(PODS, pod("swaps", swaps, restartPolicy="OnFailure"))

    def restarted(found: dict[str, Any]) -> bool:
        statuses = found["status"].get("containerStatuses") or [{"restartCount": 0}]
        return bool(statuses[0]["restartCount"] and statuses[0]["state"].get("waiting", {}).get("message"))

    found = await admin.until(PODS, "swaps", restarted)
    assert "leads out of the files of the pod" in str(found["status"]["containerStatuses"][0]["lastState"])
    assert (host / "main" / "kept").read_text() == "mine"


async def test_the_log_of_a_container_that_replaced_it_by_a_link_is_not_read(admin: Client, host: Path) -> None:
    logs = "logs = os.path.dirname(os.path.dirname(root)) + '/logs/main.0.log'; "
    code = f"{ROOT}{logs}os.unlink(logs); os.symlink('{host}/file', logs)"
    await admin.made(PODS, pod("reads", container("a", code)))
    await admin.until(PODS, "reads", over)
    answer = await admin.get(f"{PODS}/reads/log")
    assert (answer.code, "mine" in str(answer.body)) == (400, False)


@pytest.mark.parametrize(
    ("container_", "spec", "words"),
    [
        ({**mounts("/")}, SHARED, "the root of a container cannot be a mount"),
        ({**mounts("/a\0b")}, SHARED, "not the path of a file"),
        ({"terminationMessagePath": "/tmp"}, {}, "directory"),
        ({"command": ["sh", "-c", "a\0b"]}, {}, "null byte"),
        ({"env": [{"name": "A", "value": "b\0c"}]}, {}, "null byte"),
    ],
    ids=["a mount of the root", "a mount path with a NUL", "a message that is a directory", "a command", "a variable"],
)
async def test_a_container_that_cannot_be_set_up_ends_with_the_reason(
    admin: Client, container_: dict[str, Any], spec: dict[str, Any], words: str
) -> None:
    await admin.made(PODS, pod("odd", container("a", "pass") | container_, **spec))
    done = end(await admin.until(PODS, "odd", over))
    assert done["reason"] == "StartError"
    assert words in done["message"].lower()


@pytest.mark.parametrize("paths", [("a", "a/b"), ("x" * 300, "y")], ids=["a file as a directory", "a long name"])
async def test_a_volume_that_cannot_be_written_is_reported_and_not_forgotten(
    admin: Client, paths: tuple[str, str]
) -> None:
    await admin.made("/api/v1/namespaces/default/configmaps", configmap("c", {"k": "v"}))
    items = [{"key": "k", "path": path} for path in paths]
    volume = {"name": "it", "configMap": {"name": "c", "items": items}}
    await admin.made(PODS, pod("odd", container("a", "pass"), volumes=[volume]))
    events = "/api/v1/namespaces/default/events"
    found = await admin.events(events, 1, 10, fieldSelector="involvedObject.name=odd,reason=FailedMount")
    assert found
    assert 'MountVolume.SetUp failed for volume "it"' in found[0]["object"]["message"]


async def test_a_claim_that_says_that_a_path_is_its_volume_is_not_mounted(host: Path) -> None:
    claims = PODS.replace("pods", "persistentvolumeclaims")
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}, "storageClassName": ""}
    away = f"../../../../../../../..{host}/data/new"
    volumes = [{"name": "data", "persistentVolumeClaim": {"claimName": "away"}}]
    mount = [{"name": "data", "mountPath": "/data"}]
    body = pod("away", container("a", "print('done')", volumeMounts=mount), nodeName="sandbox", volumes=volumes)
    async with Sandbox() as sandbox, connected(sandbox.kubeconfig()) as admin:
        await admin.until(PODS.replace("pods", "serviceaccounts"), "default", bool)
        async with sandbox.controllers_stopped():  # they would see that the claim has no volume
            await admin.made(claims, {"metadata": {"name": "away"}, "spec": {**spec, "volumeName": away}})
            assert (await admin.patch(f"{claims}/away/status", {"status": {"phase": "Bound"}})).code == 200
            await admin.made(PODS, body)
            await admin.until(PODS, "away", lambda found: found["status"].get("containerStatuses"))
            events = (await admin.get(PODS.replace("pods", "events"), fieldSelector="reason=FailedMount")).body["items"]
            assert "is not bound to a volume" in events[0]["message"]
    assert untouched(host)
