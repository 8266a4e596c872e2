"""The ServiceAccount admission plugin: a pod runs as an existing account, and gets a volume with its token."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, meta, name_of, name_suffix, namespace_of, spec_of
from kubernaut_sandbox.model.statuses import forbidden
from kubernaut_sandbox.model.store import Store

MOUNT_PATH = "/var/run/secrets/kubernetes.io/serviceaccount"
ROOT_CA = "kube-root-ca.crt"


def with_service_account(store: Store, pod: Object) -> Object:
    """Return the pod with the name of its account and, unless it opts out, the volume with the token in every container.

    Raises a 403 when the account does not exist.
    """
    spec = spec_of(pod)
    name = spec.get("serviceAccountName") or spec.get("serviceAccount") or "default"
    account = store.get("serviceaccounts", namespace_of(pod), name)
    if account is None:
        detail = f'error looking up service account {namespace_of(pod)}/{name}: serviceaccount "{name}" not found'
        raise forbidden("pods", name_of(pod) or meta(pod).get("generateName", ""), detail)
    spec = {**spec, "serviceAccountName": name, "serviceAccount": name}
    automount = spec.get("automountServiceAccountToken")
    if automount is None:
        automount = account.get("automountServiceAccountToken")
    return {**pod, "spec": spec if automount is False else _with_token(spec)}


def _with_token(spec: Object) -> Object:
    volume = f"kube-api-access-{name_suffix()}"
    changed, used = dict(spec), False
    for field in ("initContainers", "containers"):
        containers = []
        for container in spec.get(field) or ():
            mounts = container.get("volumeMounts") or []
            if not any(mount.get("mountPath") == MOUNT_PATH for mount in mounts):
                used = True
                mounts = [*mounts, {"name": volume, "readOnly": True, "mountPath": MOUNT_PATH}]
            containers.append({**container, "volumeMounts": mounts})
        if containers:
            changed[field] = containers
    return {**changed, "volumes": [*(spec.get("volumes") or ()), _token_volume(volume)]} if used else spec


def _token_volume(name: str) -> Object:
    ca = {"name": ROOT_CA, "items": [{"key": "ca.crt", "path": "ca.crt"}]}
    namespace = {"path": "namespace", "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"}}
    sources = [
        {"serviceAccountToken": {"expirationSeconds": 3607, "path": "token"}},
        {"configMap": ca},
        {"downwardAPI": {"items": [namespace]}},
    ]
    return {"name": name, "projected": {"defaultMode": 420, "sources": sources}}
