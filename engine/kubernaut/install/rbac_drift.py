"""Compares what a cluster grants to actions with what they declare: too little, and too much.

It reads RBAC objects rather than asking about each right, because only so can a grant be found that nobody declared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kubernaut.api.plugin import ActionSpec
from kubernaut.errors import NotFoundError
from kubernaut.install.rbac import role_name
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import SERVICE_ACCOUNTS, resource_of

_RBAC = "rbac.authorization.k8s.io/v1"


@dataclass(frozen=True, slots=True, order=True)
class Right:
    """One verb on one resource (or URL)."""

    group: str
    resource: str
    verb: str
    name: str = ""
    """The only object it is granted on, if it is so narrow."""

    def __str__(self) -> str:
        group = f" ({self.group})" if self.group else ""
        return f"{self.verb} {self.resource}{f'/{self.name}' if self.name else ''}{group}"

    def covers(self, wanted: Right) -> bool:
        """Does holding this mean holding `wanted`?"""
        pairs = ((self.group, wanted.group), (self.resource, wanted.resource), (self.verb, wanted.verb))
        return all(held in {"*", asked} for held, asked in pairs) and self.name in {"", wanted.name}


@dataclass(frozen=True, slots=True)
class Held:
    """A right that the ServiceAccount holds, where, and through which binding."""

    right: Right
    where: str
    """The namespace, or empty for all of them."""
    source: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One difference between a cluster and a declaration."""

    action: str
    namespace: str
    kind: str
    """`missing` or `over-grant`."""
    right: str
    source: str
    """The binding that grants too much, or the command that grants what is missing."""


async def check_action(cluster: Cluster, action: str, spec: ActionSpec, namespace: str) -> list[Finding]:
    """All differences for one action in one namespace, missing rights first."""
    try:
        await cluster.get(SERVICE_ACCOUNTS, namespace, spec.service_account)
    except NotFoundError:
        return [
            Finding(action, namespace, "missing", f"ServiceAccount {spec.service_account}", _remedy(action, namespace))
        ]
    declared = sorted(_declared(spec))
    held = await _held(cluster, spec.service_account, namespace)
    here = [have.right for have in held if have.where in {"", namespace}]
    missing = [right for right in declared if not any(have.covers(right) for have in here)]
    over = sorted(
        {(str(have.right), have.source) for have in held if have.where != namespace or have.right not in declared}
    )
    return [
        *(Finding(action, namespace, "missing", str(right), _remedy(action, namespace)) for right in missing),
        *(Finding(action, namespace, "over-grant", right, source) for right, source in over),
    ]


def _declared(spec: ActionSpec) -> set[Right]:
    return {
        Right(rule.api_group, resource, verb, name)
        for rule in spec.rules
        for resource in rule.resources
        for verb in rule.verbs
        for name in rule.names or ("",)
    }


async def bound_namespaces(cluster: Cluster, action: str, spec: ActionSpec) -> list[str]:
    """Where the action's ServiceAccount exists or its role is bound: where it is to be checked when nobody says where."""
    accounts = await _all(cluster, "v1/serviceaccounts")
    bindings = await _all(cluster, f"{_RBAC}/rolebindings")
    found = {a["metadata"]["namespace"] for a in accounts if a["metadata"]["name"] == spec.service_account}
    found |= {b["metadata"]["namespace"] for b in bindings if b["roleRef"]["name"] == role_name(action)}
    return sorted(found)


async def _held(cluster: Cluster, account: str, namespace: str) -> list[Held]:
    """Every right the account holds, by name or by a group it is in, with the binding it comes from.

    Only what Kubernetes itself grants to everybody (discovery, reviews of oneself) is left out.
    """
    roles = {
        ("Role", r["metadata"]["namespace"], r["metadata"]["name"]): r for r in await _all(cluster, f"{_RBAC}/roles")
    }
    roles |= {("ClusterRole", "", r["metadata"]["name"]): r for r in await _all(cluster, f"{_RBAC}/clusterroles")}
    held: list[Held] = []
    for kind in ("rolebindings", "clusterrolebindings"):
        for binding in await _all(cluster, f"{_RBAC}/{kind}"):
            if _is_default(binding) or not _concerns(binding.get("subjects") or [], account, namespace):
                continue
            where, reference = binding["metadata"].get("namespace", ""), binding["roleRef"]
            key = (reference["kind"], where if reference["kind"] == "Role" else "", reference["name"])
            source = f"RoleBinding {where}/{binding['metadata']['name']}"
            if not where:
                source = f"ClusterRoleBinding {binding['metadata']['name']}, in every namespace"
            held += [Held(right, where, source) for right in _rights(roles.get(key, {}))]
    return held


def _is_default(binding: Mapping[str, Any]) -> bool:
    """Is it one that the API server itself makes and keeps?"""
    return str(binding["metadata"].get("labels", {}).get("kubernetes.io/bootstrapping", "")) == "rbac-defaults"


def _concerns(subjects: Iterable[Mapping[str, Any]], account: str, namespace: str) -> bool:
    user = f"system:serviceaccount:{namespace}:{account}"
    groups = {f"system:serviceaccounts:{namespace}", "system:serviceaccounts", "system:authenticated"}
    return any(
        (s["kind"] == "ServiceAccount" and (s["name"], s.get("namespace")) == (account, namespace))
        or (s["kind"] == "User" and s["name"] == user)
        or (s["kind"] == "Group" and s["name"] in groups)
        for s in subjects
    )


def _rights(role: Mapping[str, Any]) -> Iterable[Right]:
    for rule in role.get("rules") or []:
        names: Sequence[str] = rule.get("resourceNames") or [""]
        for verb in rule.get("verbs", []):
            yield from (Right("", url, verb) for url in rule.get("nonResourceURLs") or [])
            for group in rule.get("apiGroups") or []:
                yield from (
                    Right(group, resource, verb, name) for resource in rule.get("resources") or [] for name in names
                )


async def _all(cluster: Cluster, kind: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    more = ""
    while True:
        page = await cluster.list(resource_of(kind), more=more)
        items += page.items
        more = page.more
        if not more:
            return items


def _remedy(action: str, namespace: str) -> str:
    return f"kubernaut rbac render {action} -n {namespace} | kubectl apply -f -"
