"""PersistentVolumeClaims: binding to volumes, what may change, and expansion as far as the class allows it."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conformance.client import STRATEGIC, TABLE, Client
from tests.conformance.manifests import condition, container, pod

Object = dict[str, Any]
_CLASSES, _VOLUMES = "/apis/storage.k8s.io/v1/storageclasses", "/api/v1/persistentvolumes"
_NOT_EXPANDABLE = (
    "only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize"
)


@pytest.fixture
def claims(namespace: str) -> str:
    """Where the namespace's claims are."""
    return f"/api/v1/namespaces/{namespace}/persistentvolumeclaims"


@pytest.fixture
async def hand_made(cluster: Client) -> AsyncIterator[str]:
    """The name of a class without a provisioner, which allows expansion, and of a volume of 2Gi in it."""
    name = f"conformance-{secrets.token_hex(4)}"
    body = {"metadata": {"name": name}, "provisioner": "kubernetes.io/no-provisioner", "allowVolumeExpansion": True}
    await cluster.made(_CLASSES, body)
    await cluster.made(_VOLUMES, volume(name, "2Gi"))
    yield name
    await cluster.patch(f"{_VOLUMES}/{name}", {"metadata": {"finalizers": None}})
    await cluster.delete(f"{_VOLUMES}/{name}")
    await cluster.delete(f"{_CLASSES}/{name}")


@pytest.fixture
async def provisioned(cluster: Client, request: pytest.FixtureRequest) -> str:
    """The default class, where it provisions volumes that can grow; skips elsewhere."""
    for item in (await cluster.get(_CLASSES)).body["items"]:
        default = (item["metadata"].get("annotations") or {}).get("storageclass.kubernetes.io/is-default-class")
        if default == "true" and item.get("allowVolumeExpansion") and item["volumeBindingMode"] == "Immediate":
            return str(item["metadata"]["name"])
    pytest.skip("nothing here provisions volumes that can grow")


def volume(name: str, size: str) -> Object:
    """A PersistentVolume in the class of the same name."""
    spec = {"capacity": {"storage": size}, "accessModes": ["ReadWriteOnce"], "storageClassName": name}
    return {"metadata": {"name": name}, "spec": {**spec, "hostPath": {"path": f"/tmp/{name}"}}}


def claim(name: str, size: str, storage_class: str | None = None, **spec: Any) -> Object:
    """A claim; without a class it gets the default one."""
    given: Object = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}, **spec}
    return {
        "metadata": {"name": name},
        "spec": given if storage_class is None else {**given, "storageClassName": storage_class},
    }


def bound(found: Object) -> bool:
    """Whether the claim or volume is bound."""
    return bool(found["status"].get("phase") == "Bound")


def growing(size: str) -> Object:
    """A patch that requests another size."""
    return {"spec": {"resources": {"requests": {"storage": size}}}}


async def test_a_claim_is_bound_to_a_volume_that_fits(cluster: Client, claims: str, hand_made: str, image: str) -> None:
    made = await cluster.made(claims, claim("data", "1Gi", hand_made))
    assert (made["status"]["phase"], made["spec"]["volumeMode"]) == ("Pending", "Filesystem")
    assert made["metadata"]["finalizers"] == ["kubernetes.io/pvc-protection"]
    found = await cluster.until(claims, "data", bound, seconds=60)
    assert found["spec"]["volumeName"] == hand_made
    assert found["metadata"]["annotations"]["pv.kubernetes.io/bind-completed"] == "yes"
    assert (found["status"]["capacity"], found["status"]["accessModes"]) == ({"storage": "2Gi"}, ["ReadWriteOnce"])
    taken = await cluster.until(_VOLUMES, hand_made, bound, seconds=60)
    assert taken["spec"]["claimRef"]["uid"] == made["metadata"]["uid"]
    assert taken["spec"]["persistentVolumeReclaimPolicy"] == "Retain"
    cells = (await cluster.get(claims, accept=TABLE)).body["rows"][0]["cells"]
    assert cells[:7] == ["data", "Bound", hand_made, "2Gi", "RWO", hand_made, "<unset>"]
    await cluster.delete(f"{claims}/data")
    await cluster.gone(f"{claims}/data", seconds=60)
    await cluster.until(_VOLUMES, hand_made, lambda found: found["status"]["phase"] == "Released", seconds=60)


async def test_a_claim_that_no_volume_fits_stays_pending(
    cluster: Client, claims: str, hand_made: str, image: str
) -> None:
    await cluster.made(claims, claim("large", "3Gi", hand_made))
    await cluster.made(claims, claim("other", "1Gi", hand_made, accessModes=["ReadWriteMany"]))
    await cluster.made(claims, claim("fits", "1Gi", hand_made))
    await cluster.until(claims, "fits", bound, seconds=60)
    for name in ("large", "other"):
        assert (await cluster.get(f"{claims}/{name}")).body["status"]["phase"] == "Pending"
    grown = await cluster.patch(f"{claims}/large", growing("4Gi"))
    words = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims"
    assert (grown.code, f"spec: Forbidden: {words}" in grown.message) == (422, True)


async def test_a_bound_claim_grows_only_where_its_class_allows_it(
    cluster: Client, claims: str, hand_made: str, image: str
) -> None:
    await cluster.made(claims, claim("data", "1Gi", hand_made))
    await cluster.until(claims, "data", bound, seconds=60)
    await cluster.patch(f"{_CLASSES}/{hand_made}", {"allowVolumeExpansion": False})
    for _ in range(50):
        refused = await cluster.patch(f"{claims}/data", growing("3Gi"), dryRun="All")
        if refused.code == 403:
            break
    assert (refused.code, refused.reason) == (403, "Forbidden")
    assert refused.message == f'persistentvolumeclaims "data" is forbidden: {_NOT_EXPANDABLE}'
    await cluster.patch(f"{_CLASSES}/{hand_made}", {"allowVolumeExpansion": True})
    for _ in range(50):
        allowed = await cluster.patch(f"{claims}/data", growing("3Gi"))
        if allowed.code == 200:
            break
    assert (allowed.code, allowed.body["spec"]["resources"]["requests"]) == (200, {"storage": "3Gi"})
    less = await cluster.patch(f"{claims}/data", growing("2Gi"))
    cause = "spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
    assert (less.code, cause in less.message) == (422, True)
    between = await cluster.patch(f"{claims}/data", growing("2500Mi"))
    assert between.code == 200
    for change in (
        {"storageClassName": "other"},
        {"accessModes": ["ReadOnlyMany"]},
        {"volumeName": "other"},
        {"volumeMode": "Block"},
    ):
        answer = await cluster.patch(f"{claims}/data", {"spec": change})
        assert (answer.code, "spec is immutable after creation" in answer.message) == (422, True), answer.message


@pytest.mark.parametrize(
    ("body", "messages"),
    [
        (claim("data", "0", ""), ["must be greater than zero"]),
        (
            {"metadata": {"name": "data"}, "spec": {}},
            ["spec.accessModes: Required value", "spec.resources[storage]: Required value"],
        ),
        (claim("data", "1Gi", "", accessModes=["Write"]), ['spec.accessModes: Unsupported value: "Write"']),
        (
            claim("data", "1Gi", "", accessModes=["ReadWriteOncePod", "ReadWriteOnce"]),
            ["spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes"],
        ),
    ],
    ids=["no size", "nothing", "an access mode", "two access modes"],
)
async def test_an_impossible_claim_is_invalid(cluster: Client, claims: str, body: Object, messages: list[str]) -> None:
    answer = await cluster.post(claims, body, dryRun="All")
    assert (answer.code, [message for message in messages if message not in answer.message]) == (422, []), (
        answer.message
    )


async def test_a_storage_class_changes_in_nothing_but_expansion(cluster: Client, hand_made: str) -> None:
    found = (await cluster.get(f"{_CLASSES}/{hand_made}")).body
    assert (found["reclaimPolicy"], found["volumeBindingMode"]) == ("Delete", "Immediate")
    for change in ({"provisioner": "example.com/a"}, {"reclaimPolicy": "Retain"}, {"parameters": {"a": "b"}}):
        answer = await cluster.patch(f"{_CLASSES}/{hand_made}", change)
        assert (answer.code, "immutable" in answer.message) == (422, True), answer.message


async def test_a_claim_of_the_default_class_gets_a_volume_that_grows(
    cluster: Client, claims: str, provisioned: str, image: str
) -> None:
    await cluster.made(claims, claim("data", "1Gi"))
    found = await cluster.until(claims, "data", bound, seconds=120)
    assert found["spec"]["storageClassName"] == provisioned
    mount = [{"name": "data", "mountPath": "/data"}]
    spec = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    root = "os.environ.get('SANDBOX_POD_ROOT', '') + '/data/note'"
    write = container(image, f"import os; open({root}, 'w').write('kept')", volumeMounts=mount)
    read = container(image, f"import os; assert open({root}).read() == 'kept'", volumeMounts=mount)
    pods = claims.replace("persistentvolumeclaims", "pods")
    for name, part in (("writer", write), ("reader", read)):
        await cluster.made(pods, pod(name, part, **spec))
        await cluster.until(pods, name, lambda found: found["status"]["phase"] == "Succeeded", seconds=120)
    assert (await cluster.patch(f"{claims}/data", growing("2Gi"))).code == 200
    await cluster.made(pods, pod("user", container(image, "import time; time.sleep(300)", volumeMounts=mount), **spec))
    await cluster.until(claims, "data", lambda found: found["status"]["capacity"] == {"storage": "2Gi"}, seconds=180)
    grown = (await cluster.get(f"{_VOLUMES}/{found['spec']['volumeName']}")).body
    assert grown["spec"]["capacity"] == {"storage": "2Gi"}
    await cluster.delete(f"{claims}/data")
    assert (await cluster.get(f"{claims}/data")).body["metadata"]["deletionTimestamp"]
    for name in ("writer", "reader", "user"):
        await cluster.delete(f"{pods}/{name}", {"gracePeriodSeconds": 0})
    await cluster.gone(f"{claims}/data", seconds=60)
    await cluster.gone(f"{_VOLUMES}/{found['spec']['volumeName']}", seconds=60)


async def test_an_expansion_that_needs_a_restart_waits_for_one(
    cluster: Client, claims: str, namespace: str, image: str, request: pytest.FixtureRequest
) -> None:
    if request.config.getoption("--cluster") != "sandbox":
        pytest.skip("which class needs a restart is known of the sandbox only")
    await cluster.made(claims, claim("data", "1Gi", "standard-on-restart"))
    await cluster.until(claims, "data", bound)
    spec = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    pods = f"/api/v1/namespaces/{namespace}/pods"
    idle = container(image, "import time; time.sleep(300)")
    await cluster.made(pods, pod("one", idle, **spec))
    await cluster.until(pods, "one", lambda found: found["status"]["phase"] == "Running")
    await cluster.patch(f"{claims}/data", growing("2Gi"))
    found = await cluster.until(claims, "data", lambda found: condition(found, "FileSystemResizePending"))
    assert found["status"]["capacity"] == {"storage": "1Gi"}
    waiting = condition(found, "FileSystemResizePending")["message"]
    assert waiting == "Waiting for user to (re-)start a pod to finish file system resize of volume on node."
    await cluster.patch(f"{pods}/one", {"metadata": {"labels": {"touched": "yes"}}}, STRATEGIC)
    assert condition((await cluster.get(f"{claims}/data")).body, "FileSystemResizePending")
    await cluster.delete(f"{pods}/one", {"gracePeriodSeconds": 0})
    await cluster.gone(f"{pods}/one")
    await cluster.made(pods, pod("two", idle, **spec))
    done = await cluster.until(claims, "data", lambda found: found["status"]["capacity"] == {"storage": "2Gi"})
    assert "conditions" not in done["status"]


async def test_a_pod_waits_for_its_claim(
    cluster: Client, claims: str, namespace: str, hand_made: str, image: str
) -> None:
    pods = f"/api/v1/namespaces/{namespace}/pods"
    spec = {"volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}
    await cluster.made(pods, pod("one", container("registry.invalid/a:1", "pass"), **spec))

    def problem(words: str) -> Any:
        def holds(found: Object) -> bool:
            messages = [item.get("message", "") for item in found["status"].get("conditions") or ()]
            return any(words in message for message in messages)

        return holds

    await cluster.until(pods, "one", problem('nodes are available: persistentvolumeclaim "data" not found.'))
    await cluster.made(claims, claim("data", "5Gi", hand_made))
    await cluster.until(pods, "one", problem("pod has unbound immediate PersistentVolumeClaims."), seconds=60)


async def test_an_empty_patch_of_a_claim_that_is_not_bound_changes_nothing(cluster: Client, claims: str) -> None:
    made = await cluster.made(claims, claim("data", "1Gi", "there-is-none"))
    answer = await cluster.patch(f"{claims}/data", {}, dryRun="All")
    assert (answer.code, answer.body["spec"]) == (200, made["spec"])
