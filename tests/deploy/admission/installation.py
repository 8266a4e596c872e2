"""Installs the admission policies on the cluster of $KUBECONFIG, for namespaces with one label."""

from __future__ import annotations

import asyncio
import copy
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import yaml

from tests.conformance.client import Client
from tests.deploy.admission.requests import (
    ALICE,
    CONTROLLER_MANAGER,
    DRY,
    ENGINE,
    JOB_CONTROLLER,
    LABELS,
    MALLORY,
    execution,
    executions,
    job,
    jobs,
    pod,
    pods,
)
from tests.deploy.manifests import Object, built, of_kind

RBAC = "/apis/rbac.authorization.k8s.io/v1"
_GROUP = "rbac.authorization.k8s.io"
POLICED_LABELS = {"kubernaut.io/admission-test": "true"}
POLICED = {"metadata": {"labels": POLICED_LABELS}}
"""A patch for a namespace that the policies apply to. They do not apply to any other namespace of the cluster."""
_MORE_RULES = [
    {"apiGroups": ["kubernaut.io"], "resources": ["kubernetesexecutions"], "verbs": ["*"]},
    {"apiGroups": [""], "resources": ["pods", "pods/ephemeralcontainers"], "verbs": ["*"]},
    {"apiGroups": ["batch"], "resources": ["jobs"], "verbs": ["*"]},
]


def kubectl(*arguments: str, stdin: str | None = None) -> None:
    """Run kubectl; fail the test with its error output."""
    ran = subprocess.run(["kubectl", *arguments], input=stdin, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


@contextmanager
def applied(manifests: list[Object]) -> Iterator[None]:
    """Apply the manifests, and delete them after the block."""
    text = yaml.safe_dump_all(manifests)
    try:
        kubectl("apply", "-f", "-", stdin=text)
        yield
    finally:
        kubectl("delete", "--ignore-not-found", "-f", "-", stdin=text)


def bound_to(objects: list[Object], labels: dict[str, str]) -> list[Object]:
    """Return the same policies with bindings that also select namespaces by these labels."""
    bound = copy.deepcopy(objects)
    for binding in bound:
        if binding["kind"].endswith("PolicyBinding"):
            resources = binding["spec"].setdefault("matchResources", {})
            resources.setdefault("namespaceSelector", {})["matchLabels"] = labels
    return bound


@contextmanager
def policies_installed() -> Iterator[None]:
    """Install the CRD and all policies of deploy/admission; delete the policies after the block."""
    kubectl(
        "apply", "-f", "-", stdin=yaml.safe_dump_all(of_kind(built("deploy"), "Namespace", "CustomResourceDefinition"))
    )
    kubectl("wait", "--for=condition=Established", "crd/kubernetesexecutions.kubernaut.io")
    with applied(bound_to(built("deploy/admission"), POLICED_LABELS)):
        yield


async def grant_everything(cluster: Client, namespace: str) -> None:
    """Let RBAC allow what the users of these tests try in a namespace, so that only the policies can deny it."""
    await cluster.made(f"{RBAC}/namespaces/{namespace}/roles", {"metadata": {"name": "more"}, "rules": _MORE_RULES})
    bindings = [(user, "ClusterRole", "admin") for user in (MALLORY, ENGINE)]
    bindings += [(ALICE, "ClusterRole", "kubernaut-run-scale")]
    bindings += [(user, "Role", "more") for user in (MALLORY, JOB_CONTROLLER, CONTROLLER_MANAGER)]
    for user, kind, role in bindings:
        binding = {
            "metadata": {"generateName": "b-"},
            "roleRef": {"apiGroup": _GROUP, "kind": kind, "name": role},
            "subjects": [{"apiGroup": _GROUP, "kind": "User", "name": user}],
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
