"""`kubernaut-engine-jobs`: the engine's account creates only Jobs of executions, and only hardened pods."""

import asyncio
from typing import Any

import pytest

from kubernaut.api.labels import APP_NAME, LABEL_APP
from tests.conformance.client import Client
from tests.deploy.admission.installation import POLICIES, RBAC, applied, bound_to
from tests.deploy.admission.requests import DRY, ENGINE, LABELS, OWNER, SHIPPED, engine_job, expect, hardened, jobs
from tests.deploy.manifests import named
from tests.support.rendering import rendered

POD_LABELS = "spec.template.metadata.labels"
JOB, POD, STEP = "spec", "spec.template.spec", "spec.template.spec.containers.0"
INIT = STEP.replace("containers", "initContainers")
BARE = {"name": "more", "image": "none", "command": ["true"]}
HOST = {"name": "host", "hostPath": {"path": "/"}}
TOKEN = {"name": "token", "projected": {"sources": [{"serviceAccountToken": {"path": "t", "audience": "other"}}]}}
REMOVED = object()


def change_at(manifest: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Set or remove the value at this path ("~" is a dot in a name), or append it to a list; return the manifest."""
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


async def test_the_engine_creates_a_job_of_an_execution(cluster: Client, place: str):
    expect(await cluster.impersonating(ENGINE).post(jobs(place), engine_job(), **DRY), 201)


@pytest.mark.parametrize("action", sorted(SHIPPED.actions))
async def test_the_engine_creates_the_job_of_every_action_that_ships(cluster, place, tmp_path, action):
    for options in ((), ("--dry-run",)):
        manifest = rendered(tmp_path, action, "-n", place, *options)
        expect(await cluster.impersonating(ENGINE).post(jobs(place), manifest, **DRY), 201)


@pytest.mark.parametrize(
    ("changes", "fragment"),
    [
        pytest.param({"account": "configmap-patcher"}, "does not run as", id="another action's account"),
        pytest.param({"account": "default"}, "does not run as ServiceAccount default", id="no account of an action"),
        pytest.param(
            {"labels": {**LABELS, "kubernaut.io/action": "none"}}, "does not run as", id="an action not on the map"
        ),
        pytest.param({"owners": ()}, "exactly one owner", id="no owner"),
        pytest.param(
            {"owners": ({**OWNER, "kind": "Job", "apiVersion": "batch/v1"},)}, "exactly one owner", id="another owner"
        ),
        pytest.param(
            {"owners": ({**OWNER, "controller": False},)}, "exactly one owner", id="an owner that is not the controller"
        ),
        pytest.param(
            {"owners": ({**OWNER, "uid": "u-2"},)}, "exactly one owner", id="an owner that the labels do not name"
        ),
        pytest.param(
            {"owners": (OWNER, {**OWNER, "uid": "u-3", "controller": False})}, "exactly one owner", id="two owners"
        ),
        pytest.param({"labels": {}}, "must have the same labels", id="no labels"),
        pytest.param({"pod_labels": {}}, "must have the same labels", id="no labels on its pods"),
        pytest.param(
            {"pod_labels": {**LABELS, "kubernaut.io/action": "x"}},
            "must have the same labels",
            id="other labels on its pods",
        ),
    ],
)
async def test_the_engine_creates_no_other_job(cluster: Client, place: str, changes: dict[str, Any], fragment: str):
    answer = await cluster.impersonating(ENGINE).post(jobs(place), engine_job(**changes), **DRY)
    expect(answer, 403, fragment)


@pytest.mark.parametrize("dry_run", [False, True], ids=["for real", "dry run"])
async def test_the_engine_creates_pods_with_every_field_that_a_plugin_can_set(cluster, place, dry_run):
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
    expect(await cluster.impersonating(ENGINE).post(jobs(place), hardened(pod, step, dry_run=dry_run), **DRY), 201)


LOOSE_PODS = [
    (f"{JOB}.activeDeadlineSeconds", REMOVED, "set spec.activeDeadlineSeconds"),
    (f"{JOB}.activeDeadlineSeconds", 86_401, "at most 86400"),
    (f"{JOB}.parallelism", 2, "remove spec.parallelism"),
    (f"{JOB}.completions", 2, "remove spec.parallelism and spec.completions"),
    (f"{POD_LABELS}.app", "web", "no label by which a Service"),
    (f"{POD_LABELS}.app~kubernetes~io/name", "web", "app.kubernetes.io/name: kubernetes-executor"),
    (f"{POD}.hostNetwork", True, "spec.template.spec.hostNetwork"),
    (f"{POD}.hostPID", True, "spec.template.spec.hostPID"),
    (f"{POD}.hostIPC", True, "spec.template.spec.hostIPC"),
    (f"{POD}.nodeName", "node", "spec.template.spec.nodeName"),
    (f"{POD}.shareProcessNamespace", True, "spec.template.spec.shareProcessNamespace"),
    (f"{POD}.runtimeClassName", "other", "spec.template.spec.runtimeClassName"),
    (f"{POD}.volumes", HOST, "hostPath of volume host"),
    (f"{POD}.volumes", TOKEN, "projected of volume token"),
    (f"{POD}.volumes", {"name": "i", "image": {"reference": "i"}}, "image of volume i"),
    (f"{POD}.securityContext", REMOVED, "securityContext.runAsNonRoot: true"),
    (f"{POD}.securityContext.runAsNonRoot", REMOVED, "securityContext.runAsNonRoot: true"),
    (f"{POD}.securityContext.runAsNonRoot", False, "securityContext.runAsNonRoot: true"),
    (f"{POD}.securityContext.runAsUser", 0, "remove securityContext.runAsUser: 0"),
    (f"{POD}.securityContext.seccompProfile", REMOVED, "seccompProfile.type: RuntimeDefault"),
    (f"{POD}.securityContext.seccompProfile.type", "Unconfined", "seccompProfile.type: RuntimeDefault"),
    (f"{POD}.securityContext.sysctls", [{"name": "a.b", "value": "c"}], "spec.securityContext.sysctls"),
    (f"{POD}.securityContext.supplementalGroups", [7], "spec.securityContext.supplementalGroups"),
    (f"{POD}.securityContext.appArmorProfile", {"type": "Unconfined"}, "spec.securityContext.appArmorProfile"),
    (f"{POD}.containers", BARE, "securityContext.allowPrivilegeEscalation: false"),
    (f"{POD}.initContainers", BARE, "securityContext.allowPrivilegeEscalation: false"),
]
LOOSE_STEPS = [
    ("securityContext", REMOVED, "securityContext.allowPrivilegeEscalation: false"),
    ("securityContext.allowPrivilegeEscalation", True, "securityContext.allowPrivilegeEscalation: false"),
    ("securityContext.allowPrivilegeEscalation", REMOVED, "securityContext.allowPrivilegeEscalation: false"),
    ("securityContext.readOnlyRootFilesystem", False, "securityContext.readOnlyRootFilesystem: true"),
    ("securityContext.readOnlyRootFilesystem", REMOVED, "securityContext.readOnlyRootFilesystem: true"),
    ("securityContext.capabilities.drop", ["NET_RAW"], "securityContext.capabilities.drop: [ALL]"),
    ("securityContext.capabilities", REMOVED, "securityContext.capabilities.drop: [ALL]"),
    ("securityContext.capabilities.add", ["SYS_ADMIN"], "remove capabilities.add"),
    ("securityContext.runAsNonRoot", False, "securityContext.runAsNonRoot: true"),
    ("securityContext.runAsUser", 0, "remove securityContext.runAsUser: 0"),
    ("securityContext.seccompProfile", {"type": "Unconfined"}, "no other value in any container"),
    ("securityContext.appArmorProfile", {"type": "Unconfined"}, "securityContext.appArmorProfile of container"),
    ("securityContext.seLinuxOptions", {"type": "spc_t"}, "securityContext.seLinuxOptions of container"),
    ("resources", REMOVED, "set resources.limits.cpu and resources.limits.memory"),
    ("resources.limits.cpu", REMOVED, "set resources.limits.cpu and resources.limits.memory"),
    ("resources.limits.memory", REMOVED, "set resources.limits.cpu and resources.limits.memory"),
    ("resources.limits.example~com/device", "1", "remove devices and huge pages from resources.limits"),
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
            id="fields that only one of them can have",
        ),
    ],
)
async def test_the_engine_creates_no_pod_that_is_less_than_hardened(cluster: Client, place: str, cases: list[Any]):
    engine, passed = cluster.impersonating(ENGINE), []
    for path, value, fragment in cases:
        answer = await engine.post(jobs(place), change_at(engine_job(), path, value), **DRY)
        if answer.code != 403 or fragment not in answer.message:
            passed.append((path, value, answer.code, answer.message))
    assert passed == []


async def test_the_engine_creates_no_job_that_restarts_containers_adopts_pods_or_disables_apparmor(cluster, place):
    engine = cluster.impersonating(ENGINE)
    restarting = change_at(engine_job(), f"{POD}.restartPolicy", "OnFailure")
    del restarting["spec"]["podFailurePolicy"]  # it is valid only with Never
    expect(await engine.post(jobs(place), restarting, **DRY), 403, "spec.template.spec.restartPolicy: Never")
    adopting = engine_job(manualSelector=True, selector={"matchLabels": {LABEL_APP: APP_NAME}})
    expect(await engine.post(jobs(place), adopting, **DRY), 403, "remove spec.manualSelector")
    unconfined = engine_job()
    key = "container.apparmor.security.beta.kubernetes.io/execute"
    unconfined["spec"]["template"]["metadata"]["annotations"] = {"a": "b", key: "unconfined"}
    expect(await engine.post(jobs(place), unconfined, **DRY), 403, "AppArmor")


@pytest.mark.parametrize("where", ["kube-system", "kube-public"])
async def test_the_engine_creates_no_job_in_the_clusters_own_namespaces(cluster: Client, place: str, where: str):
    binding = {
        "metadata": {"generateName": "kubernaut-test-"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "admin"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": ENGINE}],
    }
    bindings = f"{RBAC}/namespaces/{where}/rolebindings"
    shipped = named(POLICIES, "ValidatingAdmissionPolicyBinding", "kubernaut-engine-jobs")
    policing = bound_to([shipped], {"kubernetes.io/metadata.name": where})
    policing[0]["metadata"]["name"] += f"-test-{where}"
    made = await cluster.made(bindings, binding)
    try:
        async with applied(cluster, policing):
            async with asyncio.timeout(10):
                while (
                    "RBAC"
                    in (answer := await cluster.impersonating(ENGINE).post(jobs(where), engine_job(), **DRY)).message
                    or answer.code == 201
                ):
                    await asyncio.sleep(0.1)
    finally:
        await cluster.delete(f"{bindings}/{made['metadata']['name']}")
    expect(answer, 403, f"the engine is not allowed to create Jobs in namespace {where}")
