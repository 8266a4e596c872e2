"""The users of an embedded cluster besides its admin: an on-call engineer runs two actions, an agent proposes them, a viewer reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubernaut.install.admission import run_roles
from kubernaut.plugins.registry import Registry

ON_CALL, AGENT, VIEWER = "on-call", "agent", "viewer"
USERS = (ON_CALL, AGENT, VIEWER)
ON_CALL_ACTIONS = ("restart-deployment", "scale")
"""What the on-call engineer may run and the agent propose, as far as it is installed."""
_RBAC = "rbac.authorization.k8s.io"
_READ = [
    {
        "apiGroups": ["kubernaut.io"],
        "resources": ["kubernetesexecutions", "runbooks"],
        "verbs": ["get", "list", "watch"],
    },
    {"apiGroups": ["", "apps", "batch"], "resources": ["*"], "verbs": ["get", "list", "watch"]},
]


def user_permissions(registry: Registry, namespaces: Sequence[str]) -> list[dict[str, Any]]:
    """Return the roles and bindings of the users in these namespaces."""
    actions = [name for name in ON_CALL_ACTIONS if name in registry.actions]
    reader = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "sandbox-reader"},
        "rules": _READ,
    }
    bindings = [
        _binding(namespace, user, role)
        for namespace in namespaces
        for user, role in (
            (VIEWER, "sandbox-reader"),
            (ON_CALL, "sandbox-reader"),
            (AGENT, "sandbox-reader"),
            *((ON_CALL, f"kubernaut-run-{action}") for action in actions),
            *((AGENT, f"kubernaut-propose-{action}") for action in actions),
        )
    ]
    return [reader, *run_roles(registry.actions), *bindings]


def _binding(namespace: str, user: str, role: str) -> dict[str, Any]:
    return {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": f"{user}-{role}", "namespace": namespace},
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"apiGroup": _RBAC, "kind": "User", "name": user}],
    }
