"""Who may run or propose actions by a cluster's RBAC: the holders of the verbs `execute` and `propose` on `actions.kubernaut.io`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.execution import GROUP
from kubernaut.api.rules import Permission
from kubernaut.install.rbac_drift import (
    CLUSTER_ROLE_BINDINGS,
    CLUSTER_ROLES,
    ROLE_BINDINGS,
    ROLES,
    permissions_of,
)
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import key_of

_MASTERS = "system:masters"


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody who holds a verb on an action."""

    kind: str
    """`User`, `Group` or `ServiceAccount`."""
    name: str
    action: str
    """The action, or `*` for all."""
    namespace: str
    """Where; "" for all namespaces."""

    def may_act_on(self, action: str, namespace: str) -> bool:
        """Whether it holds the verb on this action in this namespace."""
        return self.action in {"*", action} and self.namespace in {"", namespace}


async def holders(cluster: Cluster, verb: str) -> list[Holder]:
    """Return everybody who holds this verb on an action, but the group of cluster administrators, whom RBAC does not bind."""
    roles = {("Role", *key_of(role)): role for role in (await cluster.list_all(ROLES)).items}
    roles |= {("ClusterRole", *key_of(role)): role for role in (await cluster.list_all(CLUSTER_ROLES)).items}
    found: list[Holder] = []
    for resource in (ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS):
        for binding in (await cluster.list_all(resource)).items:
            namespace, reference = key_of(binding).namespace, binding["roleRef"]
            role = (reference["kind"], namespace if reference["kind"] == "Role" else "", reference["name"])
            actions = list(_actions(permissions_of(roles.get(role, {})), verb))
            found += [
                Holder(subject["kind"], subject["name"], action, namespace)
                for subject in _people(binding.get("subjects") or [])
                for action in actions
            ]
    return found


def _actions(permissions: Iterable[Permission], verb: str) -> Iterable[str]:
    for one in permissions:
        if one.api_group in {GROUP, "*"} and one.resource in {"actions", "*"} and one.verb in {verb, "*"}:
            yield one.name or "*"


def _people(subjects: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    return (subject for subject in subjects if (subject["kind"], subject["name"]) != ("Group", _MASTERS))
