"""The manifests of the tests, as short as possible."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]
WRITE = "import os; open(os.environ.get('SANDBOX_POD_ROOT', '') + '/dev/termination-log', 'w').write"
"""Python that writes a termination message, on a real cluster and in the sandbox: append `('text')`."""


def configmap(name: str, data: dict[str, str] | None = None, **metadata: Any) -> Object:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, **metadata}, "data": data or {}}


def container(image: str, code: str, name: str = "main", **more: Any) -> Object:
    """A container that runs Python."""
    return {"name": name, "image": image, "imagePullPolicy": "IfNotPresent", "command": ["python3", "-c", code], **more}


def pod(name: str, *containers: Object, **spec: Any) -> Object:
    """A pod that is not restarted and ends within a second of being told to."""
    given = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": list(containers), **spec}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name}, "spec": given}


def job(
    name: str, *containers: Object, init: list[Object] | None = None, pod_spec: Object | None = None, **spec: Any
) -> Object:
    """A Job without retries."""
    template = {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": 1,
        "containers": list(containers),
        **(pod_spec or {}),
    }
    if init:
        template["initContainers"] = init
    given = {"backoffLimit": 0, "template": {"spec": template}, **spec}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name}, "spec": given}


def workload(kind: str, name: str, image: str, replicas: int, **spec: Any) -> Object:
    """A Deployment or StatefulSet of idle pods."""
    labels = {"app": name}
    idle = container(
        image, "import signal; signal.pthread_sigmask(0, [signal.SIGTERM]); signal.sigwait([signal.SIGTERM])"
    )
    template = {"metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [idle]}}
    given = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template, **spec}
    return {"apiVersion": "apps/v1", "kind": kind, "metadata": {"name": name}, "spec": given}


def role(name: str, *rules: tuple[str, str, str]) -> Object:
    """A Role of rules (verbs, group, resources), the first and last separated by commas."""
    listed = [{"verbs": v.split(","), "apiGroups": [g], "resources": r.split(",")} for v, g, r in rules]
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": listed}


def binding(name: str, account: str, namespace: str) -> Object:
    """A RoleBinding of the role of the same name to a ServiceAccount."""
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}
    subject = {"kind": "ServiceAccount", "name": account, "namespace": namespace}
    body = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name}}
    return {**body, "roleRef": reference, "subjects": [subject]}


def condition(obj: Object, kind: str) -> Object:
    """The status condition of that type, if it is True; else empty."""
    found = [c for c in obj.get("status", {}).get("conditions") or () if c["type"] == kind and c["status"] == "True"]
    return found[0] if found else {}
