"""Installs the admission policies on a cluster, for namespaces with one label."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from kubernaut.api.crd import crd
from kubernaut.install.admission import admission_manifests
from kubernaut.install.rbac import ENGINE_NAMESPACE
from tests.conformance.client import Client
from tests.deploy.admission.requests import (
    ALICE,
    CONTROLLER_MANAGER,
    DRY,
    ENGINE,
    JOB_CONTROLLER,
    LABELS,
    MALLORY,
    SHIPPED,
    execution,
    executions,
    job,
    jobs,
    pod,
    pods,
)
from tests.deploy.manifests import Object

RBAC = "/apis/rbac.authorization.k8s.io/v1"
_GROUP = "rbac.authorization.k8s.io"
POLICED_LABELS = {"kubernaut.io/admission-test": "true"}
POLICED = {"metadata": {"labels": POLICED_LABELS}}
"""A patch for a namespace that the policies apply to. They do not apply to any other namespace of the cluster."""
_PLURALS = {
    "Namespace": "namespaces",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "MutatingAdmissionPolicy": "mutatingadmissionpolicies",
}
_MORE_RULES = [
    {"apiGroups": ["kubernaut.io"], "resources": ["kubernetesexecutions"], "verbs": ["*"]},
    {"apiGroups": [""], "resources": ["pods", "pods/ephemeralcontainers"], "verbs": ["*"]},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["*"]},
]
POLICIES = admission_manifests(SHIPPED, stamp=False)
STAMP = [m for m in admission_manifests(SHIPPED) if m["kind"].startswith("MutatingAdmissionPolicy")]


def collection(manifest: Object) -> str:
    """Return the path of the collection of a cluster-scoped object."""
    version, kind = manifest["apiVersion"], manifest["kind"]
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    return f"{root}/{_PLURALS.get(kind, f'{kind.lower()}s')}"


async def apply(cluster: Client, manifest: Object) -> None:
    """Create a cluster-scoped object, or replace it."""
    path, name = collection(manifest), manifest["metadata"]["name"]
    answer = await cluster.post(path, manifest)
    if answer.code == 409:
        present = (await cluster.get(f"{path}/{name}")).body["metadata"]["resourceVersion"]
        metadata = {**manifest["metadata"], "resourceVersion": present}
        answer = await cluster.put(f"{path}/{name}", {**manifest, "metadata": metadata})
    assert answer.code in (200, 201), answer.body


@asynccontextmanager
async def applied(cluster: Client, manifests: list[Object]) -> AsyncIterator[None]:
    """Apply the manifests, and delete them after the block."""
    try:
        for manifest in manifests:
            await apply(cluster, manifest)
        yield
    finally:
        for manifest in manifests:
            await cluster.delete(f"{collection(manifest)}/{manifest['metadata']['name']}")


def bound_to(objects: list[Object], labels: dict[str, str]) -> list[Object]:
    """Return the same policies with bindings that also select namespaces by these labels."""
    bound = copy.deepcopy(objects)
    for binding in bound:
        if binding["kind"].endswith("PolicyBinding"):
            resources = binding["spec"].setdefault("matchResources", {})
            resources.setdefault("namespaceSelector", {})["matchLabels"] = labels
    return bound


@asynccontextmanager
async def policies_installed(cluster: Client) -> AsyncIterator[None]:
    """Install the CRD and all policies but the stamp; delete the policies after the block."""
    definition = crd()
    for manifest in ({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ENGINE_NAMESPACE}}, definition):
        if (await cluster.get(f"{collection(manifest)}/{manifest['metadata']['name']}")).code == 404:
            await apply(cluster, manifest)
    await cluster.until(
        collection(definition),
        definition["metadata"]["name"],
        lambda d: any(
            (c["type"], c["status"]) == ("Established", "True") for c in d.get("status", {}).get("conditions") or ()
        ),
    )
    async with applied(cluster, bound_to(POLICIES, POLICED_LABELS)):
        yield


async def grant_everything(cluster: Client, namespace: str) -> None:
    """Let RBAC allow what the users of these tests try in a namespace, so that only the policies can deny it."""
    await cluster.made(f"{RBAC}/namespaces/{namespace}/roles", {"metadata": {"name": "more"}, "rules": _MORE_RULES})
    await bind(cluster, namespace, "admin", MALLORY, ENGINE)
    await bind(cluster, namespace, "kubernaut-run-scale", ALICE)
    await bind(cluster, namespace, "more", MALLORY, JOB_CONTROLLER, CONTROLLER_MANAGER, kind="Role")


async def bind(cluster: Client, namespace: str, role: str, *users: str, kind: str = "ClusterRole") -> None:
    """Bind a role to users in a namespace."""
    binding = {
        "metadata": {"generateName": "b-"},
        "roleRef": {"apiGroup": _GROUP, "kind": kind, "name": role},
        "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": user} for user in users],
    }
    await cluster.made(f"{RBAC}/namespaces/{namespace}/rolebindings", binding)


async def wait_for_policies(cluster: Client, namespace: str) -> None:
    """Wait until every policy decides on requests in this namespace."""
    denied = [
        (MALLORY, executions(namespace), execution()),
        (MALLORY, jobs(namespace), job(labels=LABELS)),
        (MALLORY, pods(namespace), pod(labels=LABELS)),
        (MALLORY, pods(namespace), pod(account="deployment-scaler")),
        (ENGINE, jobs(namespace), job()),
    ]
    async with asyncio.timeout(30):
        for user, path, manifest in denied:
            while (await cluster.impersonating(user).post(path, manifest, **DRY)).code != 403:
                await asyncio.sleep(0.2)
