"""The users, paths and objects of requests on which the admission policies decide."""

from __future__ import annotations

import copy
import secrets
from typing import Any

from kubernaut import ActionSpec, Parameters, Target, command_job
from kubernaut.api.labels import APP_NAME, LABEL_APP
from kubernaut.api.plugin import Execution
from kubernaut.jobs.hardening import Hardening
from kubernaut.plugins.registry import Registry
from tests.conformance.client import Client

ENGINE = "system:serviceaccount:kubernaut-system:kubernetes-executor"
JOB_CONTROLLER = "system:serviceaccount:kube-system:job-controller"
CONTROLLER_MANAGER = "system:kube-controller-manager"
MALLORY = "mallory"
"""A user with the permissions of the namespace's admin, who can create executions but is not allowed to run any action."""
ALICE = "alice"
"""A user who is allowed to run `scale`."""
LABELS = {"kubernaut.io/execution-uid": "u-1", "kubernaut.io/kubernetes-execution": "x", "kubernaut.io/action": "scale"}
OWNER = {
    "apiVersion": "kubernaut.io/v1alpha1",
    "kind": "KubernetesExecution",
    "name": "x",
    "uid": "u-1",
    "controller": True,
}
REQUESTED_BY = "kubernaut.io/requested-by"
RESTART_ANNOTATIONS = {
    "kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z",
    "kubernaut.io/restarted-by": "u-1",
}
DRY = {"dryRun": "All"}
SHIPPED = Registry.discover()


def executions(namespace: str) -> str:
    return f"/apis/kubernaut.io/v1alpha1/namespaces/{namespace}/kubernetesexecutions"


def jobs(namespace: str) -> str:
    return f"/apis/batch/v1/namespaces/{namespace}/jobs"


def pods(namespace: str) -> str:
    return f"/api/v1/namespaces/{namespace}/pods"


def deployments(namespace: str) -> str:
    return f"/apis/apps/v1/namespaces/{namespace}/deployments"


def execution(action: str = "scale", requester: str | None = None, **spec: Any) -> dict[str, Any]:
    annotated = {"annotations": {REQUESTED_BY: requester}} if requester is not None else {}
    return {
        "apiVersion": "kubernaut.io/v1alpha1",
        "kind": "KubernetesExecution",
        "metadata": {"name": f"x-{secrets.token_hex(3)}", **annotated},
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
    pod_labels: dict[str, str] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    metadata = {"labels": labels or {} if pod_labels is None else pod_labels}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": f"j-{secrets.token_hex(3)}", "labels": labels or {}},
        "spec": {"template": {"metadata": metadata, "spec": pod_spec(account)}, **spec},
    }


def engine_job(
    labels: dict[str, str] = LABELS,
    account: str = "deployment-scaler",
    owners: tuple[dict[str, Any], ...] = (OWNER,),
    pod_labels: dict[str, str] | None = None,
    image: str = "none",
    **spec: Any,
) -> dict[str, Any]:
    """Return a Job as the engine creates it, except for the arguments."""
    made = hardened(account=account, image=image)
    made["metadata"] |= {"labels": labels, "ownerReferences": list(owners)}
    template = made["spec"]["template"]
    template["metadata"]["labels"] = {LABEL_APP: APP_NAME, **(labels if pod_labels is None else pod_labels)}
    made["spec"] |= spec
    return made


def hardened(
    pod: dict[str, Any] | None = None,
    container: dict[str, Any] | None = None,
    *,
    dry_run: bool = False,
    account: str = "deployment-scaler",
    image: str = "none",
) -> dict[str, Any]:
    """Return what the engine makes of a plugin's Job that has these additional fields."""
    execution = Execution(
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
    manifest = command_job(execution, image, dry_run=["true"], execute=["true"])
    plugins_pod = manifest["spec"]["template"]["spec"]
    for step in (*plugins_pod.get("initContainers", ()), *plugins_pod["containers"]):
        step.update(copy.deepcopy(container or {}))
    plugins_pod.update(copy.deepcopy(pod or {}))
    made = Hardening(execution, spec).apply(manifest)
    made["metadata"] |= {"name": f"j-{secrets.token_hex(3)}"}
    del made["metadata"]["namespace"]
    return made


async def create_owner(cluster: Client, namespace: str) -> dict[str, Any]:
    """Create an execution; return the labels and owners of its Job. A Job whose owner does not exist is soon collected."""
    metadata = (await cluster.made(executions(namespace), execution(suspend=True)))["metadata"]
    uid, name = metadata["uid"], metadata["name"]
    labels = {**LABELS, "kubernaut.io/execution-uid": uid, "kubernaut.io/kubernetes-execution": name}
    return {"labels": labels, "owners": ({**OWNER, "uid": uid, "name": name},)}


def expect(answer: Any, code: int, fragment: str = "") -> None:
    """Assert that the answer has this status code, and this fragment in its message."""
    assert answer.code == code, answer.body
    assert fragment in answer.message, answer.message
