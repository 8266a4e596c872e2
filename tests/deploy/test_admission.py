"""The admission policies at work on a real cluster: who may do what, and that what Kubernetes itself does passes.

They are installed while this module runs, bound to its own namespaces by a label, and removed after it.
"""

from __future__ import annotations

import asyncio
import copy
import secrets
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import yaml

from kubernaut import ActionSpec, Parameters, Target, command_job
from kubernaut.api.labels import ANNOTATION_RESUMED, APP_NAME, LABEL_APP
from kubernaut.api.plugin import Execution
from kubernaut.install.preflight import POLICIES
from kubernaut.jobs.hardening import Hardening
from kubernaut.kube.objects import EXECUTIONS, JOBS, PODS
from kubernaut.plugins.registry import Registry
from kubernaut.settings import Settings
from tests.conformance.client import JSON_PATCH, MERGE, STRATEGIC, Client, connected
from tests.conformance.conftest import image, kubeconfig, namespace  # noqa: F401 - fixtures
from tests.deploy.manifests import Object, built, named, of_kind
from tests.support.rendering import CONFIGURATION, rendered
from tests.support.site import DEPLOYMENTS, NAMESPACES, Site, site_on

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
POLICED = {"metadata": {"labels": {"kubernaut.io/admission-test": "true"}}}
"""Of a namespace where the policies are bound: the others of the cluster are left in peace."""
SHIPPED = Registry.discover()


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
    shipped = yaml.safe_dump_all(bound_to(built("deploy/admission"), POLICED["metadata"]["labels"]))
    try:
        kubectl("apply", "-f", "-", given=shipped)
        yield
    finally:
        kubectl("delete", "--ignore-not-found", "-f", "-", given=shipped)


def bound_to(objects: list[Object], labels: dict[str, str]) -> list[Object]:
    """The same policies, whose bindings look beside their own selectors at namespaces with these labels alone."""
    chosen = copy.deepcopy(objects)
    for binding in chosen:
        if binding["kind"].endswith("PolicyBinding"):
            resources = binding["spec"].setdefault("matchResources", {})
            resources.setdefault("namespaceSelector", {})["matchLabels"] = labels
    return chosen


@pytest.fixture
async def cluster(policies: None) -> AsyncIterator[Client]:
    """A client with every right."""
    async with connected(kubeconfig()) as client:
        yield client


@pytest.fixture
async def place(cluster: Client, namespace: str) -> str:  # noqa: F811
    """A namespace where everybody here may do by RBAC what they try; the policies look at it already."""
    assert (await cluster.patch(f"/api/v1/namespaces/{namespace}", POLICED)).code == 200
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


def pod_spec(account: str) -> dict[str, Any]:
    return {
        "serviceAccountName": account,
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "containers": [{"name": "execute", "image": "none", "command": ["true"]}],
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


def engine_job(
    labels: dict[str, str] = LABELS,
    account: str = "deployment-scaler",
    owners: tuple[dict[str, Any], ...] = (OWNER,),
    below: dict[str, str] | None = None,
    image: str = "none",  # noqa: F811
    **spec: Any,
) -> dict[str, Any]:
    """A Job as the engine makes it, but for what is given."""
    made = hardened(account=account, image=image)
    made["metadata"] |= {"labels": labels, "ownerReferences": list(owners)}
    made["spec"]["template"]["metadata"]["labels"] = {LABEL_APP: APP_NAME, **(labels if below is None else below)}
    made["spec"] |= spec
    return made


def hardened(
    pod: dict[str, Any] | None = None,
    container: dict[str, Any] | None = None,
    *,
    dry_run: bool = False,
    account: str = "deployment-scaler",
    image: str = "none",  # noqa: F811
) -> dict[str, Any]:
    """What the engine makes of a plugin's Job that has these fields too."""
    wanted = Execution(
        name="x",
        namespace="any",
        uid="u-1",
        action="scale",
        parameters=Parameters(),
        settings=Parameters(),
        image=image,
        dry_run=dry_run,
        target=Target("Deployment", "web"),
    )
    spec = ActionSpec(summary="s", parameters=Parameters, target=lambda _: None, service_account=account)
    written = command_job(wanted, image, dry_run=["true"], execute=["true"])
    below = written["spec"]["template"]["spec"]
    for written_step in (*below.get("initContainers", ()), *below["containers"]):
        written_step.update(copy.deepcopy(container or {}))
    below.update(copy.deepcopy(pod or {}))
    made = Hardening(wanted, spec).apply(written)
    made["metadata"] |= {"name": f"j-{secrets.token_hex(3)}"}
    del made["metadata"]["namespace"]
    return made


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


LABELLED = "spec.template.metadata.labels"
HERE, BELOW, STEP = "spec", "spec.template.spec", "spec.template.spec.containers.0"
INIT = STEP.replace("containers", "initContainers")
BARE = {"name": "more", "image": "none", "command": ["true"]}
HOST = {"name": "host", "hostPath": {"path": "/"}}
TOKEN = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "other"}}]}}
REMOVED = object()


def changed_at(manifest: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The manifest with another value at this path ("~" is a dot of a name), or none; a list gets one more."""
    holder: Any = manifest
    *way, last = [int(part) if part.isdigit() else part.replace("~", ".") for part in path.split(".")]
    for part in way:
        holder = holder[part] if isinstance(part, int) else holder.setdefault(part, {})
    if value is REMOVED:
        del holder[last]
    elif isinstance(holder.get(last), list) and isinstance(value, dict):
        holder[last].append(value)
    else:
        holder[last] = value
    return manifest


@pytest.mark.parametrize("options", [(), ("--dry-run",)], ids=["for real", "rehearsed"])
@pytest.mark.parametrize("action", sorted(SHIPPED.actions))
async def test_the_engine_creates_the_job_of_every_action_that_ships(cluster, place, tmp_path, action, options):
    made = rendered(tmp_path, action, "-n", place, *options)
    told(await cluster.impersonating(ENGINE).post(jobs(place), made, **DRY), 201)


@pytest.mark.parametrize("dry_run", [False, True], ids=["for real", "rehearsed"])
async def test_the_engine_creates_whatever_it_lets_a_plugin_set(cluster: Client, place: str, dry_run: bool):
    security = {"runAsGroup": 7, "runAsNonRoot": True, "runAsUser": 7, "seccompProfile": {"type": "RuntimeDefault"}}
    of_step = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "privileged": False}
    secret = {"secretKeyRef": {"name": "s", "key": "k"}}
    step = {
        "args": ["a"],
        "env": [{"name": "A", "valueFrom": secret}, {"name": "B", "value": "b"}],
        "imagePullPolicy": "Always",
        "resources": {"limits": {"cpu": "8"}},
        "securityContext": {**security, **of_step, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "c", "mountPath": "/c", "readOnly": True}, {"name": "tmp", "mountPath": "/tmp"}],
        "workingDir": "/tmp",
    }
    preferred = {"weight": 1, "preference": {"matchExpressions": [{"key": "a", "operator": "Exists"}]}}
    labels = {"fieldRef": {"fieldPath": "metadata.labels"}}
    pod = {
        "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [preferred]}},
        "automountServiceAccountToken": False,
        "imagePullSecrets": [{"name": "pull"}],
        "nodeSelector": {"a": "b"},
        "priorityClassName": "low",
        "restartPolicy": "Never",
        "securityContext": {**security, "fsGroup": 7},
        "serviceAccountName": "deployment-scaler",
        "terminationGracePeriodSeconds": 5,
        "tolerations": [{"operator": "Exists"}],
        "volumes": [
            {"name": "c", "configMap": {"name": "c"}},
            {"name": "d", "downwardAPI": {"items": [{"path": "l", **labels}]}},
            {"name": "e", "emptyDir": {"medium": "Memory"}},
            {"name": "f", "secret": {"secretName": "s"}},
        ],
    }
    told(await cluster.impersonating(ENGINE).post(jobs(place), hardened(pod, step, dry_run=dry_run), **DRY), 201)


LOOSE_PODS = [
    (f"{HERE}.activeDeadlineSeconds", REMOVED, "set spec.activeDeadlineSeconds"),
    (f"{HERE}.activeDeadlineSeconds", 86_401, "86400 at most"),
    (f"{HERE}.parallelism", 2, "leave spec.parallelism"),
    (f"{HERE}.completions", 2, "leave spec.parallelism and spec.completions out"),
    (f"{LABELLED}.app", "web", "no label that a Service"),
    (f"{LABELLED}.app~kubernetes~io/name", "web", "app.kubernetes.io/name: kubernetes-executor"),
    (f"{BELOW}.hostNetwork", True, "spec.template.spec.hostNetwork"),
    (f"{BELOW}.hostPID", True, "spec.template.spec.hostPID"),
    (f"{BELOW}.hostIPC", True, "spec.template.spec.hostIPC"),
    (f"{BELOW}.nodeName", "node", "spec.template.spec.nodeName"),
    (f"{BELOW}.shareProcessNamespace", True, "spec.template.spec.shareProcessNamespace"),
    (f"{BELOW}.runtimeClassName", "other", "spec.template.spec.runtimeClassName"),
    (f"{BELOW}.volumes", HOST, "hostPath of volume host"),
    (f"{BELOW}.volumes", TOKEN, "projected of volume token"),
    (f"{BELOW}.volumes", {"name": "i", "image": {"reference": "i"}}, "image of volume i"),
    (f"{BELOW}.securityContext", REMOVED, "securityContext.runAsNonRoot: true"),
    (f"{BELOW}.securityContext.runAsNonRoot", REMOVED, "securityContext.runAsNonRoot: true"),
    (f"{BELOW}.securityContext.runAsNonRoot", False, "securityContext.runAsNonRoot: true"),
    (f"{BELOW}.securityContext.runAsUser", 0, "set no securityContext.runAsUser: 0"),
    (f"{BELOW}.securityContext.seccompProfile", REMOVED, "seccompProfile.type: RuntimeDefault"),
    (f"{BELOW}.securityContext.seccompProfile.type", "Unconfined", "seccompProfile.type: RuntimeDefault"),
    (f"{BELOW}.securityContext.sysctls", [{"name": "a.b", "value": "c"}], "spec.securityContext.sysctls"),
    (f"{BELOW}.securityContext.supplementalGroups", [7], "spec.securityContext.supplementalGroups"),
    (f"{BELOW}.securityContext.appArmorProfile", {"type": "Unconfined"}, "spec.securityContext.appArmorProfile"),
    (f"{BELOW}.containers", BARE, "securityContext.allowPrivilegeEscalation: false"),
    (f"{BELOW}.initContainers", BARE, "securityContext.allowPrivilegeEscalation: false"),
]
LOOSE_STEPS = [
    ("securityContext", REMOVED, "securityContext.allowPrivilegeEscalation: false"),
    ("securityContext.allowPrivilegeEscalation", True, "securityContext.allowPrivilegeEscalation: false"),
    ("securityContext.allowPrivilegeEscalation", REMOVED, "securityContext.allowPrivilegeEscalation: false"),
    ("securityContext.readOnlyRootFilesystem", False, "securityContext.readOnlyRootFilesystem: true"),
    ("securityContext.readOnlyRootFilesystem", REMOVED, "securityContext.readOnlyRootFilesystem: true"),
    ("securityContext.capabilities.drop", ["NET_RAW"], "securityContext.capabilities.drop: [ALL]"),
    ("securityContext.capabilities", REMOVED, "securityContext.capabilities.drop: [ALL]"),
    ("securityContext.capabilities.add", ["SYS_ADMIN"], "add none"),
    ("securityContext.runAsNonRoot", False, "securityContext.runAsNonRoot: true"),
    ("securityContext.runAsUser", 0, "set no securityContext.runAsUser: 0"),
    ("securityContext.seccompProfile", {"type": "Unconfined"}, "let no container set another"),
    ("securityContext.appArmorProfile", {"type": "Unconfined"}, "securityContext.appArmorProfile of container"),
    ("securityContext.seLinuxOptions", {"type": "spc_t"}, "securityContext.seLinuxOptions of container"),
    ("resources", REMOVED, "set resources.limits.cpu and resources.limits.memory"),
    ("resources.limits.cpu", REMOVED, "set resources.limits.cpu and resources.limits.memory"),
    ("resources.limits.memory", REMOVED, "set resources.limits.cpu and resources.limits.memory"),
    ("resources.limits.example~com/device", "1", "leave devices and huge pages out of resources.limits"),
    ("ports", [{"containerPort": 80, "hostPort": 80}], "ports of container"),
    ("envFrom", [{"secretRef": {"name": "s"}}], "envFrom of container"),
    ("stdin", True, "stdin of container"),
]


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(LOOSE_PODS, id="the Job and its pod"),
        pytest.param([(f"{STEP}.{field}", *more) for field, *more in LOOSE_STEPS], id="its container"),
        pytest.param([(f"{INIT}.{field}", *more) for field, *more in LOOSE_STEPS], id="its initContainer"),
        pytest.param(
            [
                (f"{STEP}.lifecycle", {"preStop": {"sleep": {"seconds": 1}}}, "lifecycle of container execute"),
                (f"{INIT}.restartPolicy", "Always", "restartPolicy of container dry-run"),
            ],
            id="what only one of them may have",
        ),
    ],
)
async def test_the_engine_creates_no_pod_that_is_less_than_hardened(cluster: Client, place: str, cases: list[Any]):
    engine, passed = cluster.impersonating(ENGINE), []
    for path, value, words in cases:
        answer = await engine.post(jobs(place), changed_at(engine_job(), path, value), **DRY)
        if answer.code != 403 or words not in answer.message:
            passed.append((path, value, answer.code, answer.message))
    assert passed == []


async def test_the_engine_creates_no_job_that_starts_over_adopts_pods_or_frees_them_of_apparmor(
    cluster: Client, place: str
):
    engine = cluster.impersonating(ENGINE)
    again = changed_at(engine_job(), f"{BELOW}.restartPolicy", "OnFailure")
    del again["spec"]["podFailurePolicy"]  # goes with Never alone
    told(await engine.post(jobs(place), again, **DRY), 403, "spec.template.spec.restartPolicy: Never")
    greedy = engine_job(manualSelector=True, selector={"matchLabels": {LABEL_APP: APP_NAME}})
    told(await engine.post(jobs(place), greedy, **DRY), 403, "leave spec.manualSelector out")
    free = engine_job()
    key = "container.apparmor.security.beta.kubernetes.io/execute"
    free["spec"]["template"]["metadata"]["annotations"] = {"a": "b", key: "unconfined"}
    told(await engine.post(jobs(place), free, **DRY), 403, "AppArmor")


async def test_the_engine_lets_its_own_jobs_go_and_does_nothing_else_to_any(cluster: Client, place: str):
    engine, other = cluster.impersonating(ENGINE), job(suspend=True)
    made = await engine.made(jobs(place), engine_job(suspend=True, **await owned(cluster.impersonating(ALICE), place)))
    await cluster.made(jobs(place), other)
    mine, foreign = (f"{jobs(place)}/{m['metadata']['name']}" for m in (made, other))
    going = {"spec": {"ttlSecondsAfterFinished": 300}}
    told(await engine.patch(mine, going, **DRY), 200)
    told(await engine.patch(foreign, going, **DRY), 403, "which is not its own")
    told(await engine.delete(foreign, **DRY), 403, "which is not its own")
    below = {"metadata": {"annotations": {"a": "b"}}, "spec": {"nodeSelector": {"a": "b"}}}
    for field, value in (("suspend", False), ("activeDeadlineSeconds", 1), ("backoffLimit", 99), ("template", below)):
        told(await engine.patch(mine, {"spec": {field: value}}, **DRY), 403, f"leaves alone: spec.{field}")
    told(await cluster.impersonating(MALLORY).patch(foreign, {"spec": {"suspend": False}}, **DRY), 200)
    told(await engine.delete(mine, {"propagationPolicy": "Foreground"}, **DRY), 200)
    told(await engine.delete(mine), 200)


@pytest.mark.parametrize("where", ["kube-system", "kube-public"])
async def test_the_engine_creates_no_job_in_the_clusters_own_namespaces(cluster: Client, place: str, where: str):
    binding = {
        "metadata": {"generateName": "kubernaut-test-"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": ENGINE}],
    }
    bindings = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{where}/rolebindings"
    shipped = named(built("deploy/admission"), "ValidatingAdmissionPolicyBinding", "kubernaut-engine-jobs")
    policing = bound_to([shipped], {"kubernetes.io/metadata.name": where})
    policing[0]["metadata"]["name"] += f"-test-{where}"
    made = await cluster.made(bindings, binding)
    try:
        kubectl("apply", "-f", "-", given=yaml.safe_dump_all(policing))
        async with asyncio.timeout(10):
            while (
                "RBAC" in (answer := await cluster.impersonating(ENGINE).post(jobs(where), engine_job(), **DRY)).message
                or answer.code == 201
            ):
                await asyncio.sleep(0.1)
    finally:
        kubectl("delete", "--ignore-not-found", "-f", "-", given=yaml.safe_dump_all(policing))
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
    foreign, engine = f"{jobs(place)}/{other['metadata']['name']}", cluster.impersonating(ENGINE)
    for user in (cluster, cluster.impersonating(MALLORY), engine):
        for key in LABELS:
            for path, value in ((mine, None), (mine, "else"), (foreign, "new")):
                words = "" if (user, path) == (engine, foreign) else "never change"  # "" as two policies refuse it
                told(await user.patch(path, {"metadata": {"labels": {key: value}}}, **DRY), 403, words)
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
    wanted = engine_job(image=image, **whose)
    wanted["spec"]["template"]["spec"]["automountServiceAccountToken"] = True
    made = await cluster.impersonating(ENGINE).made(jobs(place), wanted)
    await cluster.until(jobs(place), made["metadata"]["name"], lambda j: j.get("status", {}).get("succeeded") == 1, 60)
    await cluster.delete(f"{executions(place)}/{whose['owners'][0]['name']}")
    await cluster.gone(f"{jobs(place)}/{made['metadata']['name']}", 60)


async def test_the_stamp_is_who_asked_whatever_the_request_says(cluster: Client, place: str):
    stamp = yaml.safe_dump_all(bound_to(built("deploy/admission/stamp"), POLICED["metadata"]["labels"]))
    served = (await cluster.get("/apis/admissionregistration.k8s.io/v1")).body["resources"]
    if "mutatingadmissionpolicies" not in {r["name"] for r in served}:
        pytest.skip("MutatingAdmissionPolicy v1 came with Kubernetes 1.36, and this API server is older")
    alice = cluster.impersonating(ALICE)
    kubectl("apply", "-f", "-", given=stamp)
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
        kubectl("delete", "-f", "-", given=stamp)


RESTARTER = "deployment-restarter"
STAMPS = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z", "kubernaut.io/restarted-by": "u-1"}


@pytest.fixture
async def restarter(cluster: Client, place: str) -> Client:
    """Who may by RBAC do anything to the Deployment `web`, and is the account of restart-deployment."""
    user = f"system:serviceaccount:{place}:{RESTARTER}"
    for path, manifest in (
        (
            f"/apis/rbac.authorization.k8s.io/v1/namespaces/{place}/rolebindings",
            {
                "metadata": {"name": RESTARTER},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
                "subjects": [{"kind": "ServiceAccount", "name": RESTARTER, "namespace": place}],
            },
        ),
        (deployments(place), deployment()),
    ):
        await cluster.made(path, manifest)
    client, web = cluster.impersonating(user), f"{deployments(place)}/web"
    async with asyncio.timeout(30):
        while (await client.patch(web, {"spec": {"replicas": 1}}, **DRY)).code != 403:
            await asyncio.sleep(0.2)
        while (await client.patch(web, {}, **DRY)).code != 200:  # RBAC knows of the binding
            await asyncio.sleep(0.2)
    return client


def deployments(namespace: str) -> str:  # noqa: F811
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


def deployment() -> dict[str, Any]:
    return {
        "metadata": {"name": "web", "labels": {"app": "web"}, "annotations": {"a": "b"}},
        "spec": {
            "replicas": 0,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}, "annotations": {"a": "b"}},
                "spec": {"containers": [{"name": "c", "image": "none", "env": [{"name": "A", "value": "b"}]}]},
            },
        },
    }


async def test_the_account_of_restart_deployment_restarts(cluster: Client, place: str, restarter: Client):
    web = f"{deployments(place)}/web"
    stamped = {"spec": {"template": {"metadata": {"annotations": STAMPS}}}}
    again = {"spec": {"template": {"metadata": {"annotations": {**STAMPS, "kubernaut.io/restarted-by": "u-2"}}}}}
    for patch in ({}, stamped, again):
        told(await restarter.patch(web, patch, **DRY), 200)
        told(await restarter.patch(web, patch), 200)
    applied = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, **stamped}
    query = {"fieldManager": "k", "force": "true"}
    told(await restarter.patch(web, applied, "application/apply-patch+yaml", **query), 200)
    now = (await cluster.get(web)).body
    assert now["spec"]["template"]["metadata"]["annotations"] == {"a": "b", **STAMPS}
    bare = {"spec": {"template": {"metadata": {"annotations": None}}}}
    told(await cluster.patch(web, bare), 200)
    told(await restarter.patch(web, stamped), 200)


@pytest.mark.parametrize(
    ("patch", "kind", "field"),
    [
        ({"metadata": {"labels": {"x": "y"}}}, MERGE, "metadata.labels"),
        ({"metadata": {"annotations": {"x": "y"}}}, MERGE, "metadata.annotations"),
        ({"metadata": {"annotations": None}}, MERGE, "metadata.annotations"),
        ({"metadata": {"finalizers": ["a.example/b"]}}, MERGE, "metadata.finalizers"),
        ({"metadata": {"ownerReferences": [{**OWNER, "controller": False}]}}, MERGE, "metadata.ownerReferences"),
        ({"spec": {"replicas": 1}}, MERGE, "spec.replicas"),
        ({"spec": {"paused": True}}, MERGE, "spec.paused"),
        ({"spec": {"minReadySeconds": 5}}, MERGE, "spec.minReadySeconds"),
        ({"spec": {"revisionHistoryLimit": 0}}, MERGE, "spec.revisionHistoryLimit"),
        ({"spec": {"progressDeadlineSeconds": 9}}, MERGE, "spec.progressDeadlineSeconds"),
        ({"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}, MERGE, "spec.strategy"),
        (
            {"spec": {"template": {"metadata": {"annotations": {"x": "y"}}}}},
            MERGE,
            "spec.template.metadata.annotations[x]",
        ),
        (
            {"spec": {"template": {"metadata": {"annotations": {"a": "c"}}}}},
            MERGE,
            "spec.template.metadata.annotations[a]",
        ),
        (
            {"spec": {"template": {"metadata": {"annotations": {"a": None}}}}},
            MERGE,
            "spec.template.metadata.annotations[a]",
        ),
        ({"spec": {"template": {"metadata": {"annotations": None}}}}, MERGE, "spec.template.metadata.annotations[a]"),
        ({"spec": {"template": {"metadata": {"labels": {"x": "y"}}}}}, MERGE, "spec.template.metadata.labels"),
        ({"spec": {"template": {"metadata": {"finalizers": ["a.b/c"]}}}}, MERGE, "spec.template.metadata.finalizers"),
        ({"spec": {"template": {"spec": {"serviceAccountName": "x"}}}}, MERGE, "spec.template.spec"),
        ({"spec": {"template": {"spec": {"hostNetwork": True}}}}, MERGE, "spec.template.spec"),
        ({"spec": {"template": {"spec": {"volumes": [{"name": "v"}]}}}}, MERGE, "spec.template.spec"),
        (
            {"spec": {"template": {"spec": {"containers": [{"name": "c", "image": "mine"}]}}}},
            STRATEGIC,
            "spec.template.spec",
        ),
        (
            [{"op": "replace", "path": "/spec/template/spec/containers/0/env/0/value", "value": "c"}],
            JSON_PATCH,
            "spec.template.spec",
        ),
        ([{"op": "remove", "path": "/spec/template/spec/containers/0/env"}], JSON_PATCH, "spec.template.spec"),
    ],
    ids=lambda value: value if isinstance(value, str) and not value.startswith("application") else "",
)
async def test_the_account_of_restart_deployment_changes_nothing_else(
    cluster: Client, place: str, restarter: Client, patch: Any, kind: str, field: str
):
    web = f"{deployments(place)}/web"
    told(await restarter.patch(web, patch, kind, **DRY), 403, f"not {field}: change that under an account of your own")
    told(await cluster.patch(web, patch, kind, **DRY), 200)


async def test_the_account_of_restart_deployment_hides_no_change_behind_a_restart(place: str, restarter: Client):
    template = {"metadata": {"annotations": {**STAMPS, "x": "y"}}, "spec": {"nodeSelector": {"a": "b"}}}
    both = {"spec": {"replicas": 2, "template": template}}
    words = "not spec.replicas, spec.template.spec, spec.template.metadata.annotations[x]:"
    told(await restarter.patch(f"{deployments(place)}/web", both, **DRY), 403, words)


async def test_the_scale_subresource_carries_nothing_but_replicas(cluster: Client, place: str, restarter: Client):
    web = f"{deployments(place)}/web"
    before = (await cluster.get(web)).body
    more = {"spec": {"replicas": 3, "selector": {"matchLabels": {"x": "y"}}}, "metadata": {"labels": {"x": "y"}}}
    told(await cluster.patch(f"{web}/scale", more), 200)
    after = (await cluster.get(web)).body
    assert after["spec"] == {**before["spec"], "replicas": 3}
    assert after["metadata"]["labels"] == before["metadata"]["labels"]


@pytest.fixture
async def site(request: pytest.FixtureRequest, policies: None) -> AsyncIterator[Site]:
    """Where the engine is at work under all policies."""
    configured = Settings.model_validate(CONFIGURATION)
    async with site_on("kubeconfig", request.config.getoption("--image"), SHIPPED, configured) as made:
        await made.cluster.patch(NAMESPACES, "", made.namespace, POLICED)
        yield made


@pytest.mark.parametrize("dry_run", [True, False], ids=["rehearsed", "for real"])
async def test_every_action_works_with_all_policies_installed(site: Site, dry_run: bool):
    before = (await site.get(DEPLOYMENTS, "web"))["spec"]["template"]
    for action, parameters in (
        ("patch-configmap", {"name": "app-config", "set": {"A": "1"}}),
        ("scale", {"name": "web", "replicas": 1}),
        ("restart-deployment", {"name": "web"}),
    ):
        status = await site.run(action, parameters, dryRun=dry_run)
        assert status["phase"] == "Succeeded", status
        async with asyncio.timeout(20):
            while "ttlSecondsAfterFinished" not in (await site.get(JOBS, status["jobName"]))["spec"]:
                await asyncio.sleep(0.2)
    after = (await site.get(DEPLOYMENTS, "web"))["spec"]["template"]
    noted = after["metadata"].pop("annotations", {}).keys() - before["metadata"].pop("annotations", {}).keys()
    assert (after, noted) == (before, set() if dry_run else {*STAMPS})


@pytest.mark.parametrize("dry_run", [True, False], ids=["rehearsed", "for real"])
async def test_the_pod_of_gitops_pr_starts_with_all_policies_installed(site: Site, dry_run: bool):
    """No forge is there to be asked: what the pod makes of that is not the point."""
    secret = {
        "metadata": {"name": "forge", "namespace": site.namespace},
        "kind": "Secret",
        "stringData": {"token": "t"},
    }
    await site.apply(secret)
    key = await site.create("gitops-pr", SHIPPED.actions["gitops-pr"].spec.examples[0], dryRun=dry_run)
    async with asyncio.timeout(60):
        while not (pods := (await site.cluster.list(PODS, site.namespace)).items) or not any(
            (s.get("state", {}).keys() - {"waiting"})
            for pod in pods
            if pod["metadata"]["labels"].get("kubernaut.io/kubernetes-execution") == key.name
            for status in ("initContainerStatuses", "containerStatuses")
            for s in pod["status"].get(status, ())
        ):
            await asyncio.sleep(0.3)


async def test_a_cancelled_execution_takes_its_job_with_it_with_all_policies_installed(site: Site):
    key = await site.create("scale", {"name": "web", "replicas": 1})
    job = (await site.until(key, phase="Running"))["jobName"]
    await site.patch(EXECUTIONS, key.name, {"spec": {"cancel": True}})
    assert (await site.end(key))["status"]["phase"] == "Cancelled"
    await site.gone(JOBS, job)


async def test_the_api_server_has_no_doubt_about_any_expression(cluster: Client, place: str):
    path = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
    for name in POLICIES:
        async with asyncio.timeout(20):
            while "typeChecking" not in (found := (await cluster.get(f"{path}/kubernaut-{name}")).body).get(
                "status", {}
            ):
                await asyncio.sleep(0.2)
        assert found["status"]["typeChecking"] == {}, name
