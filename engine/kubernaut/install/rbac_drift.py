"""Compares what a cluster grants to actions with what they declare: too little, and too much.

It reads RBAC objects instead of asking about each permission, because only then can a grant be found that no action declares.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from kubernaut.api.labels import LABEL_ACTION
from kubernaut.api.plugin import ActionSpec
from kubernaut.api.rules import Permission
from kubernaut.errors import NotFoundError
from kubernaut.install.guards import guard_manifests, guard_name
from kubernaut.install.rbac import role_name
from kubernaut.kube.access import Account
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import SERVICE_ACCOUNTS, key_of, resource_of

_RBAC = "rbac.authorization.k8s.io/v1"
ROLES, CLUSTER_ROLES = resource_of(f"{_RBAC}/roles"), resource_of(f"{_RBAC}/clusterroles")
ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS = (
    resource_of(f"{_RBAC}/rolebindings"),
    resource_of(f"{_RBAC}/clusterrolebindings"),
)
_ADMISSION = "admissionregistration.k8s.io/v1"
_POLICIES = resource_of(f"{_ADMISSION}/validatingadmissionpolicies")
_POLICY_BINDINGS = resource_of(f"{_ADMISSION}/validatingadmissionpolicybindings")


@dataclass(frozen=True, slots=True)
class Held:
    """A permission that a ServiceAccount holds, where, and through which binding."""

    permission: Permission
    namespace: str
    """Where it is held; "" for all namespaces."""
    source: str
    """The binding, in words."""


class FindingKind(StrEnum):
    """In which direction a grant differs from the declaration."""

    MISSING = "missing"
    OVER_GRANT = "over-grant"
    NOT_INSTALLED = "not installed"
    NO_GUARD = "no guard"
    GUARD_DIFFERS = "guard differs"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One difference between a cluster and a declaration."""

    action: str
    namespace: str
    kind: FindingKind
    permission: str
    source: str
    """The binding that grants too much, or the command that fixes it."""


async def check_action(cluster: Cluster, action: str, spec: ActionSpec, namespace: str) -> list[Finding]:
    """Return all differences for one action in one namespace, missing permissions first."""
    remedy = f"kubernaut rbac render {action} -n {namespace} | kubectl apply -f -"
    try:
        await cluster.get(SERVICE_ACCOUNTS, namespace, spec.service_account)
    except NotFoundError:
        account = f"ServiceAccount {spec.service_account}"
        return [Finding(action, namespace, FindingKind.MISSING, account, remedy)]
    declared = sorted({permission for rule in spec.rules for permission in rule.permissions()})
    held = await _held(cluster, Account(namespace, spec.service_account))
    missing, over_granted = compare(declared, held, namespace)
    return [
        *(Finding(action, namespace, FindingKind.MISSING, str(permission), remedy) for permission in missing),
        *(Finding(action, namespace, FindingKind.OVER_GRANT, one, source) for one, source in over_granted),
    ]


async def check_guard(cluster: Cluster, action: str, spec: ActionSpec) -> list[Finding]:
    """Return what the cluster lacks of the action's guard, or has in another form; it is one for all namespaces."""
    remedy = f"kubernaut rbac render {action} --guard | kubectl apply -f -"
    findings: list[Finding] = []
    for resource, manifest in zip((_POLICIES, _POLICY_BINDINGS), guard_manifests(action, spec), strict=False):
        what = f"{manifest['kind']} {guard_name(action)}"
        try:
            present = await cluster.get(resource, "", guard_name(action))
        except NotFoundError:
            findings.append(Finding(action, "", FindingKind.NO_GUARD, what, remedy))
            continue
        if present["spec"] != manifest["spec"]:
            findings.append(Finding(action, "", FindingKind.GUARD_DIFFERS, what, remedy))
    return findings


async def check_uninstalled(
    cluster: Cluster, installed: Collection[str], namespaces: Collection[str] = ()
) -> list[Finding]:
    """Return the bindings that were rendered for actions which are not installed any more; in these namespaces, or in all."""
    findings: list[Finding] = []
    for resource in (ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS):
        for binding in (await cluster.list_all(resource)).items:
            action = binding["metadata"].get("labels", {}).get(LABEL_ACTION)
            namespace, name = key_of(binding)
            if action is None or action in installed or (namespaces and namespace not in namespaces):
                continue
            kind, where = ("RoleBinding", f" -n {namespace}") if namespace else ("ClusterRoleBinding", "")
            remedy = f"kubectl delete {kind.lower()} {name}{where}"
            findings.append(Finding(action, namespace, FindingKind.NOT_INSTALLED, f"{kind} {name}", remedy))
    return findings


def compare(
    declared: Iterable[Permission], held: Iterable[Held], namespace: str
) -> tuple[list[Permission], list[tuple[str, str]]]:
    """Return the declared permissions that are not held in the namespace, and the held ones beyond them with their source.

    A declared permission that is held in every namespace is beyond the declaration too.
    """
    declared, held = list(declared), list(held)
    here = [one.permission for one in held if one.namespace in {"", namespace}]
    missing = [permission for permission in declared if not any(have.covers(permission) for have in here)]
    beyond = {
        (str(one.permission), one.source)
        for one in held
        if one.namespace != namespace or one.permission not in declared
    }
    return missing, sorted(beyond)


async def bound_namespaces(cluster: Cluster, action: str, spec: ActionSpec) -> list[str]:
    """Return where the action's ServiceAccount exists or its role is bound: the namespaces to check by default."""
    accounts = (await cluster.list_all(SERVICE_ACCOUNTS)).items
    bindings = (await cluster.list_all(ROLE_BINDINGS)).items
    found = {key_of(account).namespace for account in accounts if key_of(account).name == spec.service_account}
    found |= {key_of(binding).namespace for binding in bindings if binding["roleRef"]["name"] == role_name(action)}
    return sorted(found)


async def _held(cluster: Cluster, account: Account) -> list[Held]:
    """Return every permission that the account holds, by name or through one of its groups.

    Only the bindings that Kubernetes itself makes for every account (discovery, reviews of oneself) are left out.
    """
    roles = {("Role", *key_of(role)): role for role in (await cluster.list_all(ROLES)).items}
    roles |= {("ClusterRole", *key_of(role)): role for role in (await cluster.list_all(CLUSTER_ROLES)).items}
    held: list[Held] = []
    for resource in (ROLE_BINDINGS, CLUSTER_ROLE_BINDINGS):
        for binding in (await cluster.list_all(resource)).items:
            if _is_default(binding) or not any(is_subject(s, account) for s in binding.get("subjects") or []):
                continue
            (namespace, name), reference = key_of(binding), binding["roleRef"]
            role = (reference["kind"], namespace if reference["kind"] == "Role" else "", reference["name"])
            source = f"RoleBinding {namespace}/{name}"
            if not namespace:
                source = f"ClusterRoleBinding {name}, in every namespace"
            held += [Held(permission, namespace, source) for permission in permissions_of(roles.get(role, {}))]
    return held


def _is_default(binding: Mapping[str, Any]) -> bool:
    """Whether the API server itself creates and restores this binding."""
    return str(binding["metadata"].get("labels", {}).get("kubernetes.io/bootstrapping", "")) == "rbac-defaults"


def is_subject(subject: Mapping[str, Any], account: Account) -> bool:
    """Whether this subject of a binding is the account, its user, or one of its groups."""
    kind, name = subject["kind"], subject["name"]
    if kind == "ServiceAccount":
        return (name, subject.get("namespace")) == (account.name, account.namespace)
    return (kind == "User" and name == account.user) or (kind == "Group" and name in account.groups)


def permissions_of(role: Mapping[str, Any]) -> Iterator[Permission]:
    """Yield every permission of a Role or ClusterRole, those on non-resource URLs included."""
    for rule in role.get("rules") or []:
        for verb in rule.get("verbs", []):
            for url in rule.get("nonResourceURLs") or []:
                yield Permission("", url, verb)
            for group in rule.get("apiGroups") or []:
                for resource in rule.get("resources") or []:
                    for name in rule.get("resourceNames") or [""]:
                        yield Permission(group, resource, verb, name)
