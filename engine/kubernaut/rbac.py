"""RBAC as manifests: what each action's ServiceAccount may do, and what the engine itself may do.

An action's rights are one ClusterRole, bound namespace by namespace: an action works where somebody bound it, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kubernaut.execution import GROUP, PLURAL
from kubernaut.hardening import APP_NAME
from kubernaut.types import ActionSpec, Rule

ENGINE_NAMESPACE = "kubernaut-system"
ENGINE_ACCOUNT = APP_NAME
_API = "rbac.authorization.k8s.io/v1"
_API_GROUP = "rbac.authorization.k8s.io"

ENGINE_RULES = (
    Rule(api_group=GROUP, resources=(PLURAL,), verbs=("get", "list", "watch", "delete")),
    Rule(api_group=GROUP, resources=(f"{PLURAL}/status",), verbs=("patch",)),
    Rule(api_group="batch", resources=("jobs",), verbs=("create", "get", "list", "watch", "patch", "delete")),
    Rule(resources=("pods",), verbs=("list", "watch")),
    Rule(resources=("serviceaccounts",), verbs=("get",)),
    Rule(resources=("events",), verbs=("create",)),
    Rule(api_group="authorization.k8s.io", resources=("subjectaccessreviews",), verbs=("create",)),
)
"""All that the engine may do, cluster-wide: no right on any target of any action."""


def role_name(action: str) -> str:
    """The ClusterRole with an action's rules."""
    return f"kubernaut-{action}"


def action_manifests(action: str, spec: ActionSpec, namespaces: Sequence[str] = ()) -> list[dict[str, Any]]:
    """ClusterRole, and in each namespace the ServiceAccount and its RoleBinding.

    Without a namespace: the ClusterRole and a ServiceAccount for whatever namespace it is applied to.
    """
    labels = {"app.kubernetes.io/part-of": "kubernaut", f"{GROUP}/action": action}
    role: dict[str, Any] = {
        "apiVersion": _API,
        "kind": "ClusterRole",
        "metadata": {"name": role_name(action), "labels": labels},
    }
    manifests = [{**role, "rules": _rules(spec.rules)}] if spec.rules else []
    account = spec.service_account
    if not namespaces:
        return [*manifests, _account(account, labels)]
    for namespace in namespaces:
        manifests.append(_account(account, labels, namespace))
        if spec.rules:
            metadata = {"name": role_name(action), "namespace": namespace, "labels": labels}
            manifests.append(_binding("RoleBinding", metadata, role_name(action), account, namespace))
    return manifests


def engine_manifests() -> list[dict[str, Any]]:
    """The engine's own ServiceAccount and rights."""
    labels = {"app.kubernetes.io/part-of": "kubernaut"}
    metadata = {"name": "kubernaut-engine", "labels": labels}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ENGINE_NAMESPACE, "labels": labels}},
        _account(ENGINE_ACCOUNT, labels, ENGINE_NAMESPACE),
        {"apiVersion": _API, "kind": "ClusterRole", "metadata": metadata, "rules": _rules(ENGINE_RULES)},
        _binding("ClusterRoleBinding", metadata, "kubernaut-engine", ENGINE_ACCOUNT, ENGINE_NAMESPACE),
    ]


def _rules(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    return [{"apiGroups": [r.api_group], "resources": list(r.resources), "verbs": list(r.verbs)} for r in rules]


def _account(name: str, labels: dict[str, str], namespace: str | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, **({"namespace": namespace} if namespace else {}), "labels": labels}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False}


def _binding(kind: str, metadata: dict[str, Any], role: str, account: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": _API_GROUP, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
