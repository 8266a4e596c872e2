"""The admission policies at work on a real cluster: who may do what, and that what Kubernetes itself does passes.

They are installed for the whole cluster while this module runs, and removed after it.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import yaml

from kubernaut.pace import ANNOTATION_RESUMED
from tests.conformance.client import Client, connected
from tests.conformance.conftest import image, kubeconfig, namespace  # noqa: F401 - fixtures
from tests.deploy.manifests import ROOT, built, of_kind

ENGINE = "system:serviceaccount:kubernaut-system:kubernetes-executor"
JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"
CONTROLLER_MANAGER = "system:kube-controller-manager"
MALLORY = "mallory"
"""May do in the namespace all that its admin may, and create executions, but run no action."""
ALICE = "alice"
"""Runs `scale`."""
LABELS = {"kubernaut.io/execution-uid": "u-1", "kubernaut.io/kubernetes-execution": "x", "kubernaut.io/action": "scale"}
OWNER = {
    "apiVersion": "kubernaut.io/v1alpha1",
    "kind": "KubernetesExecution",
    "name": "x",
    "uid": "u-1",
    "controller": True,
}
REQUESTED_BY = "kubernaut.io/requested-by"
DRY = {"dryRun": "All"}


def kubectl(*arguments: str, given: str | None = None) -> None:
    """Run it; fails the test with its words."""
    ran = subprocess.run(["kubectl", *arguments], input=given, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@pytest.fixture(scope="module", autouse=True)
def policies(request: pytest.FixtureRequest) -> Iterator[None]:
    """Installed on the cluster of $KUBECONFIG for the time of the module."""
    if request.config.getoption("--cluster") != "kubeconfig":
        pytest.skip("admission policies decide on a real cluster alone: --cluster=kubeconfig")
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed, and nothing else builds a kustomization as it does")
    wanted = of_kind(built("deploy"), "Namespace", "CustomResourceDefinition")
    kubectl("apply", "-f", "-", given=yaml.safe_dump_all(wanted))
    kubectl("wait", "--for=condition=Established", "crd/kubernetesexecutions.kubernaut.io")
    try:
        kubectl("apply", "-k", str(ROOT / "deploy" / "admission"))
        yield
    finally:
        kubectl("delete", "--ignore-not-found", "-k", str(ROOT / "deploy" / "admission"))


@pytest.fixture
async def cluster(policies: None) -> AsyncIterator[Client]:
    """A client with every right."""
    async with connected(kubeconfig()) as client:
        yield client


@pytest.fixture
async def place(cluster: Client, namespace: str) -> str:  # noqa: F811
    """A namespace where everybody here may do by RBAC what they try; the policies look at it already."""
    bindings = [(user, "admin") for user in (MALLORY, ENGINE)] + [(ALICE, "kubernaut-run-scale")]
    await cluster.made(
        f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/roles",
        {
            "metadata": {"name": "more"},
            "rules": [
                {"apiGroups": ["kubernaut.io"], "resources": ["kubernetesexecutions"], "verbs": ["*"]},
                {"apiGroups": [""], "resources": ["pods", "pods/ephemeralcontainers"], "verbs": ["*"]},
                {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["*"]},
            ],
        },
    )
    bindings += [(user, "more") for user in (MALLORY, JOB_CONTROLLER, CONTROLLER_MANAGER)]
    for user, role in bindings:
        await cluster.made(
            f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings",
            {
                "metadata": {"generateName": "b-"},
                "roleRef": {
                    "apiGroup": "rbac.authorization.k8s.io",
                    "kind": "Role" if role == "more" else "ClusterRole",
                    "name": role,
                },
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
            },
        )
    async with asyncio.timeout(30):
        for path, manifest in (
            (executions(namespace), execution()),
            (jobs(namespace), job(labels=LABELS)),
            (pods(namespace), pod(labels=LABELS)),
            (pods(namespace), pod(account="deployment-scaler")),
        ):
            while (await cluster.impersonating(MALLORY).post(path, manifest, **DRY)).code != 403:
                await asyncio.sleep(0.2)
        while (await cluster.impersonating(ENGINE).post(jobs(namespace), job(), **DRY)).code != 403:
            await asyncio.sleep(0.2)
        for account in ("configmap-patcher", "deployment-scaler"):
            await cluster.made(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": account}})
    return namespace


def executions(namespace: str) -> str:  # noqa: F811
    return f"/apis/kubernaut.io/v1alpha1/namespaces/{namespace}/kubernetesexecutions"


def jobs(namespace: str) -> str:  # noqa: F811
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def pods(namespace: str) -> str:  # noqa: F811
    return f"/api/v1/namespaces/{namespace}/pods"


def execution(action: str = "scale", requester: str | None = None, **spec: Any) -> dict[str, Any]:
    noted = {"annotations": {REQUESTED_BY: requester}} if requester is not None else {}
    return {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": f"x-{secrets.token_hex(3)}", **noted},
        "spec": {"action": action, "parameters": {"name": "web"}, **spec},
    }


def pod_spec(account: str, image: str = "none") -> dict[str, Any]:  # noqa: F811
    return {
        "serviceAccountName": account,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "containers": [{"name": "execute", "image": image, "imagePullPolicy": "IfNotPresent", "command": ["true"]}],
    }


def pod(labels: dict[str, str] | None = None, account: str = "default") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"p-{secrets.token_hex(3)}", "labels": labels or {}},
        "spec": {**pod_spec(account), "nodeSelector": {"no-such": "node"}},
    }


def job(
    labels: dict[str, str] | None = None,
    account: str = "default",
    owners: tuple[dict[str, Any], ...] = (),
    below: dict[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"j-{secrets.token_hex(3)}", "labels": labels or {}, "ownerReferences": list(owners)},
        "spec": {
            "template": {"metadata": {"labels": labels or {} if below is None else below}, "spec": pod_spec(account)},
            **spec,
        },
    }


def engine_job(**changed: Any) -> dict[str, Any]:
    return job(**{"labels": LABELS, "account": "deployment-scaler", "owners": (OWNER,), **changed})


async def owned(cluster: Client, place: str) -> dict[str, Any]:
    """A new execution, as the labels and owner of its Job: one without an owner that exists is soon collected."""
    metadata = (await cluster.made(executions(place), execution(suspend=True)))["metadata"]
    uid, name = metadata["uid"], metadata["name"]
    labels = {**LABELS, "kubernaut.io/execution-uid": uid, "kubernaut.io/kubernetes-execution": name}
    return {"labels": labels, "owners": ({**OWNER, "uid": uid, "name": name},)}


def told(answer: Any, code: int, words: str = "") -> None:
    """The answer has this code, and these words in its message."""
    assert answer.code == code, answer.body
    assert words in answer.message, answer.message


async def test_an_action_runs_for_whoever_may_execute_it_and_nobody_else(cluster: Client, place: str):
    alice, mallory = cluster.impersonating(ALICE), cluster.impersonating(MALLORY)
    told(await alice.post(executions(place), execution(), **DRY), 201)
    told(await alice.post(executions(place), execution("patch-configmap"), **DRY), 403, "kubernaut-run-patch-configmap")
    told(
        await mallory.post(executions(place), execution(), **DRY), 403, "mallory may not run action scale in namespace"
    )


async def test_resuming_is_running_and_cancelling_is_not(cluster: Client, place: str):
    waiting = (await cluster.made(executions(place), execution(suspend=True)))["metadata"]["name"]
    path = f"{executions(place)}/{waiting}"
    told(await cluster.impersonating(MALLORY).patch(path, {"spec": {"suspend": False}}, **DRY), 403, "may not run")
    told(await cluster.impersonating(ALICE).patch(path, {"spec": {"suspend": False}}, **DRY), 200)
    lifted = {"metadata": {"annotations": {ANNOTATION_RESUMED: "2026-01-01T00:00:00Z"}}}
    told(await cluster.impersonating(MALLORY).patch(path, lifted, **DRY), 403, "may not run")
    told(await cluster.impersonating(ALICE).patch(path, lifted, **DRY), 200)
    told(await cluster.impersonating(MALLORY).patch(path, {"spec": {"cancel": True}}, **DRY), 200)


async def test_the_requester_is_who_asks_or_nobody_and_stays_so(cluster: Client, place: str):
    alice = cluster.impersonating(ALICE)
    told(await alice.post(executions(place), execution(requester=ALICE), **DRY), 201)
    told(await alice.post(executions(place), execution(requester="root"), **DRY), 403, "must be alice")
    made = await alice.made(executions(place), execution(requester=ALICE, suspend=True))
    path = f"{executions(place)}/{made['metadata']['name']}"
    for other in ("root", None):
        told(
            await cluster.patch(path, {"metadata": {"annotations": {REQUESTED_BY: other}}}, **DRY), 403, "never changes"
        )
    told(
        await cluster.patch(path, {"metadata": {"finalizers": ["a.example/b"], "annotations": {"c": "d"}}}, **DRY), 200
    )
    told(await cluster.patch(f"{path}/status", {"status": {"phase": "Pending"}}, **DRY), 200)
    bare = await alice.made(executions(place), execution(suspend=True))
    path = f"{executions(place)}/{bare['metadata']['name']}"
    told(await cluster.patch(path, {"metadata": {"annotations": {REQUESTED_BY: ALICE}}}, **DRY), 403, "must be absent")


async def test_the_engine_creates_the_jobs_that_it_is_for(cluster: Client, place: str):
    told(await cluster.impersonating(ENGINE).post(jobs(place), engine_job(), **DRY), 201)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        pytest.param({"account": "configmap-patcher"}, "does not run as", id="another action's account"),
        pytest.param({"account": "default"}, "does not run as ServiceAccount default", id="no account of an action"),
        pytest.param(
            {"labels": {**LABELS, "kubernaut.io/action": "none"}}, "does not run as", id="an action not on the map"
        ),
        pytest.param({"owners": ()}, "one owner", id="no owner"),
        pytest.param(
            {"owners": ({**OWNER, "kind": "Job", "apiVersion": "batch/v1"},)}, "one owner", id="another owner"
        ),
        pytest.param({"owners": ({**OWNER, "controller": False},)}, "one owner", id="an owner that is no controller"),
        pytest.param({"owners": ({**OWNER, "uid": "u-2"},)}, "one owner", id="an owner that the labels do not name"),
        pytest.param({"owners": (OWNER, {**OWNER, "uid": "u-3", "controller": False})}, "one owner", id="two owners"),
        pytest.param({"labels": {}}, "bear the same labels", id="no labels"),
        pytest.param({"below": {}}, "bear the same labels", id="no labels on its pods"),
        pytest.param(
            {"below": {**LABELS, "kubernaut.io/action": "x"}}, "bear the same labels", id="other labels on its pods"
        ),
    ],
)
async def test_the_engine_creates_no_other_job(cluster: Client, place: str, changed: dict[str, Any], words: str):
    answer = await cluster.impersonating(ENGINE).post(jobs(place), engine_job(**changed), **DRY)
    told(answer, 403, words)


@pytest.mark.parametrize("where", ["kube-system", "kube-public"])
async def test_the_engine_creates_no_job_in_the_clusters_own_namespaces(cluster: Client, place: str, where: str):
    binding = {
        "metadata": {"generateName": "kubernaut-test-"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": ENGINE}],
    }
    bindings = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{where}/rolebindings"
    made = await cluster.made(bindings, binding)
    try:
        async with asyncio.timeout(10):
            while (
                "RBAC" in (answer := await cluster.impersonating(ENGINE).post(jobs(where), engine_job(), **DRY)).message
            ):
                await asyncio.sleep(0.1)
    finally:
        await cluster.delete(f"{bindings}/{made['metadata']['name']}")
    told(answer, 403, f"the engine creates no Job in namespace {where}")


@pytest.mark.parametrize("key", sorted(LABELS))
async def test_nobody_else_creates_a_job_with_a_reserved_label(cluster: Client, place: str, key: str):
    for user in (cluster, cluster.impersonating(MALLORY)):
        told(await user.post(jobs(place), job(labels={key: "x"}), **DRY), 403, "leave them out")
        told(await user.post(jobs(place), job(below={key: "x"}), **DRY), 403, "leave them out")
    told(await cluster.impersonating(MALLORY).post(jobs(place), job(labels={"app": "x"}), **DRY), 201)


async def test_only_the_job_controller_creates_a_pod_with_the_reserved_label(cluster: Client, place: str):
    for user in (cluster, cluster.impersonating(MALLORY)):
        told(await user.post(pods(place), pod(labels=LABELS), **DRY), 403, "leave it out")
    told(await cluster.impersonating(MALLORY).post(pods(place), pod(labels={"app": "x"}), **DRY), 201)
    for builtin in (JOB_CONTROLLER, CONTROLLER_MANAGER):
        told(await cluster.impersonating(builtin).post(pods(place), pod(labels=LABELS), **DRY), 201)


async def test_reserved_labels_never_change_and_all_else_may(cluster: Client, place: str):
    whose = await owned(cluster.impersonating(ALICE), place)
    made = await cluster.impersonating(ENGINE).made(jobs(place), engine_job(suspend=True, **whose))
    mine, other = f"{jobs(place)}/{made['metadata']['name']}", job(suspend=True)
    await cluster.made(jobs(place), other)
    foreign = f"{jobs(place)}/{other['metadata']['name']}"
    for user in (cluster, cluster.impersonating(MALLORY), cluster.impersonating(ENGINE)):
        for key in LABELS:
            for path, value in ((mine, None), (mine, "else"), (foreign, "new")):
                told(await user.patch(path, {"metadata": {"labels": {key: value}}}, **DRY), 403, "never change")
        told(
            await user.patch(
                mine, {"spec": {"ttlSecondsAfterFinished": 300}, "metadata": {"labels": {"a": "b"}}}, **DRY
            ),
            200,
        )
        told(await user.patch(mine, {"metadata": {"finalizers": ["a.example/b"]}}, **DRY), 200)
    told(
        await cluster.patch(f"{mine}/status", {"metadata": {"labels": {"kubernaut.io/execution-uid": "z"}}}, **DRY), 403
    )
    below = {"spec": {"template": {"metadata": {"labels": {"kubernaut.io/execution-uid": "new"}}}}}
    told(await cluster.patch(foreign, below, **DRY), 403, "never change")


async def test_an_actions_pod_keeps_labels_images_and_containers(cluster: Client, place: str):
    made = await cluster.impersonating(JOB_CONTROLLER).made(
        pods(place), pod(labels=LABELS, account="deployment-scaler")
    )
    plain = await cluster.made(pods(place), pod())
    path, other = (f"{pods(place)}/{m['metadata']['name']}" for m in (made, plain))
    mallory = cluster.impersonating(MALLORY)
    for key in LABELS:
        told(await mallory.patch(path, {"metadata": {"labels": {key: None}}}, **DRY), 403, "never change")
    told(
        await mallory.patch(other, {"metadata": {"labels": {"kubernaut.io/execution-uid": "u"}}}, **DRY),
        403,
        "never change",
    )
    changed = [{"op": "replace", "path": "/spec/containers/0/image", "value": "mine"}]
    told(await mallory.patch(path, changed, "application/json-patch+json", **DRY), 403, "images")
    told(await mallory.patch(other, changed, "application/json-patch+json", **DRY), 200)
    shell = {"spec": {"ephemeralContainers": [{"name": "shell", "image": "mine"}]}}
    strategic = "application/strategic-merge-patch+json"
    told(await mallory.patch(f"{path}/ephemeralcontainers", shell, strategic, **DRY), 403, "ephemeral")
    told(await mallory.patch(f"{other}/ephemeralcontainers", shell, strategic, **DRY), 200)
    told(
        await mallory.patch(path, {"metadata": {"annotations": {"a": "b"}, "finalizers": ["a.example/b"]}}, **DRY), 200
    )


async def test_nobody_borrows_an_actions_account(cluster: Client, place: str):
    mallory = cluster.impersonating(MALLORY)
    words = "ServiceAccount deployment-scaler belongs to an action"
    for user in (cluster, mallory):
        told(await user.post(pods(place), pod(account="deployment-scaler"), **DRY), 403, words)
        told(await user.post(jobs(place), job(account="deployment-scaler"), **DRY), 403, words)
        accounts = f"/api/v1/namespaces/{place}/serviceaccounts"
        token = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
        told(await user.post(f"{accounts}/deployment-scaler/token", token, **DRY), 403, words)
        told(await user.post(f"{accounts}/default/token", token, **DRY), 201)
        secret = {
            "metadata": {"name": "t", "annotations": {"kubernetes.io/service-account.name": "deployment-scaler"}},
            "type": "kubernetes.io/service-account-token",
        }
        told(await user.post(f"/api/v1/namespaces/{place}/secrets", secret, **DRY), 403, words)
    told(await mallory.post(f"/api/v1/namespaces/{place}/secrets", {"metadata": {"name": "t"}}, **DRY), 201)
    told(
        await cluster.impersonating(JOB_CONTROLLER).post(pods(place), pod(account="deployment-scaler"), **DRY),
        403,
        words,
    )
    made = pod(labels=LABELS, account="deployment-scaler")
    told(await cluster.impersonating(JOB_CONTROLLER).post(pods(place), made, **DRY), 201)


async def test_what_kubernetes_itself_does_passes(cluster: Client, place: str, image: str):  # noqa: F811
    whose = await owned(cluster.impersonating(ALICE), place)
    wanted = engine_job(**whose)
    wanted["spec"]["template"]["spec"] = pod_spec("deployment-scaler", image) | {"automountServiceAccountToken": True}
    made = await cluster.impersonating(ENGINE).made(jobs(place), wanted)
    await cluster.until(jobs(place), made["metadata"]["name"], lambda j: j.get("status", {}).get("succeeded") == 1, 60)
    await cluster.delete(f"{executions(place)}/{whose['owners'][0]['name']}")
    await cluster.gone(f"{jobs(place)}/{made['metadata']['name']}", 60)


async def test_the_stamp_is_who_asked_whatever_the_request_says(cluster: Client, place: str):
    stamp = ROOT / "deploy" / "admission" / "stamp"
    served = (await cluster.get("/apis/admissionregistration.k8s.io/v1")).body["resources"]
    if "mutatingadmissionpolicies" not in {r["name"] for r in served}:
        pytest.skip("MutatingAdmissionPolicy v1 came with Kubernetes 1.36, and this API server is older")
    alice = cluster.impersonating(ALICE)
    kubectl("apply", "-k", str(stamp))
    try:
        async with asyncio.timeout(20):
            while REQUESTED_BY not in (await alice.post(executions(place), execution(), **DRY)).body["metadata"].get(
                "annotations", {}
            ):
                await asyncio.sleep(0.2)
        for asked in (execution(), execution(requester="root")):
            made = await alice.post(executions(place), asked, **DRY)
            assert made.body["metadata"]["annotations"][REQUESTED_BY] == ALICE
    finally:
        kubectl("delete", "-k", str(stamp))
