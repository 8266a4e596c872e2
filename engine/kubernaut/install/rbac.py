"""RBAC manifests: the permissions of each action's ServiceAccount, and those of the engine itself.

An action's permissions are one ClusterRole, bound namespace by namespace: an action works where it is bound, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from kubernaut.api.execution import GROUP, PLURAL
from kubernaut.api.labels import APP_NAME
from kubernaut.api.plugin import ActionSpec
from kubernaut.api.rules import Rule

ENGINE_NAMESPACE = "kubernaut-system"
ENGINE_ACCOUNT = APP_NAME
_API = "rbac.authorization.k8s.io/v1"
_API_GROUP = "rbac.authorization.k8s.io"

LEASE = "kubernaut-engine"

ENGINE_RULES = (
    Rule(
        api_group=GROUP,
        resources=(PLURAL,),
        verbs=("list", "watch"),
        why="watch executions",
    ),
    Rule(
        api_group=GROUP,
        resources=(PLURAL,),
        verbs=("delete",),
        why="delete an ended execution when its own ttlSecondsAfterFinished has passed",
    ),
    Rule(
        api_group=GROUP,
        resources=(f"{PLURAL}/status",),
        verbs=("patch",),
        why="write phase, reason, message and result; it cannot change the spec",
    ),
    Rule(api_group="batch", resources=("jobs",), verbs=("create",), why="create the one Job of an execution"),
    Rule(
        api_group="batch",
        resources=("jobs",),
        verbs=("get", "list", "watch"),
        why="watch Jobs, find the one that a killed engine created, and make sure before it reports one as lost",
    ),
    Rule(
        api_group="batch",
        resources=("jobs",),
        verbs=("delete",),
        why="delete the Job of an execution that ended some minutes ago, was cancelled, or is gone",
    ),
    Rule(
        resources=("pods",),
        verbs=("list", "watch"),
        why="read results (termination messages) and what keeps a pod from starting; not logs",
    ),
    Rule(
        resources=("serviceaccounts",),
        verbs=("get",),
        why="check before a Job exists that the action's ServiceAccount exists and belongs to the action; not its token",
    ),
    Rule(
        api_group="authorization.k8s.io",
        resources=("localsubjectaccessreviews",),
        verbs=("create",),
        why="check that this ServiceAccount holds every declared permission in the namespace",
    ),
    Rule(resources=("events",), verbs=("create",), why="record starts and ends, for `kubectl describe`"),
    Rule(
        resources=("events",),
        verbs=("list",),
        why="find out why a pod does not start: a missing Secret to mount is reported nowhere else",
    ),
)
"""Everything that the engine is allowed to do in the namespaces that it serves: it has no permission to change any target of any action."""

LEADER_RULES = (
    Rule(
        api_group="coordination.k8s.io",
        resources=("leases",),
        verbs=("create",),
        why="create the Lease by which replicas elect the one that works",
    ),
    Rule(
        api_group="coordination.k8s.io",
        resources=("leases",),
        verbs=("get", "patch"),
        names=(LEASE,),
        why="take, renew and release that Lease",
    ),
)
"""What it is allowed to do in its own namespace beyond that."""


def role_name(action: str) -> str:
    """Return the name of the ClusterRole with an action's rules."""
    return f"kubernaut-{action}"


def action_manifests(action: str, spec: ActionSpec, namespaces: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Return the ClusterRole, and for each namespace the ServiceAccount and its RoleBinding.

    Without a namespace, return the ClusterRole and a ServiceAccount for the namespace that it is applied to.
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
    """Return the engine's namespace, ServiceAccount and permissions."""
    labels = {"app.kubernetes.io/part-of": "kubernaut"}
    metadata = {"name": "kubernaut-engine", "labels": labels}
    leader: dict[str, Any] = {"name": "kubernaut-engine-leader", "namespace": ENGINE_NAMESPACE, "labels": labels}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": ENGINE_NAMESPACE, "labels": labels}},
        _account(ENGINE_ACCOUNT, labels, ENGINE_NAMESPACE),
        {"apiVersion": _API, "kind": "ClusterRole", "metadata": metadata, "rules": _rules(ENGINE_RULES)},
        _binding("ClusterRoleBinding", metadata, "kubernaut-engine", ENGINE_ACCOUNT, ENGINE_NAMESPACE),
        {"apiVersion": _API, "kind": "Role", "metadata": leader, "rules": _rules(LEADER_RULES)},
        _binding("RoleBinding", leader, leader["name"], ENGINE_ACCOUNT, ENGINE_NAMESPACE, role_kind="Role"),
    ]


def _rules(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Return RBAC rules, with the verbs on the same resources in one rule."""
    merged: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for rule in rules:
        merged.setdefault((rule.api_group, rule.resources, rule.names), []).extend(rule.verbs)
    return [
        {
            "apiGroups": [group],
            "resources": list(resources),
            **({"resourceNames": list(names)} if names else {}),
            "verbs": list(dict.fromkeys(verbs)),
        }
        for (group, resources, names), verbs in merged.items()
    ]


def _account(name: str, labels: dict[str, str], namespace: str | None = None) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": name, **({"namespace": namespace} if namespace else {}), "labels": labels}
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata, "automountServiceAccountToken": False}


def _binding(
    kind: str, metadata: dict[str, Any], role: str, account: str, namespace: str, *, role_kind: str = "ClusterRole"
) -> dict[str, Any]:
    return {
        "apiVersion": _API,
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": _API_GROUP, "kind": role_kind, "name": role},
        "subjects": [{"kind": "ServiceAccount", "name": account, "namespace": namespace}],
    }
