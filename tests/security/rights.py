"""The permissions of a ServiceAccount as the API server reports them, without those that every ServiceAccount of the namespace has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kubernaut.api.rules import Permission, Rule
from tests.conformance.client import Client

RULES_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"
REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
VERBS = ("get", "list", "watch", "create", "update", "patch", "delete", "deletecollection")
BEYOND = (
    ("", "pods/log", "get"), ("", "pods/exec", "create"), ("", "pods/exec", "get"), ("", "pods/attach", "create"),
    ("", "pods/portforward", "create"), ("", "pods/ephemeralcontainers", "patch"), ("", "pods/eviction", "create"),
    ("", "serviceaccounts/token", "create"), ("", "nodes/proxy", "get"), ("", "services/proxy", "get"), ("", "users", "impersonate"),
    ("", "groups", "impersonate"), ("", "serviceaccounts", "impersonate"), ("rbac.authorization.k8s.io", "roles", "bind"),
    ("rbac.authorization.k8s.io", "roles", "escalate"), ("rbac.authorization.k8s.io", "clusterroles", "bind"),
    ("rbac.authorization.k8s.io", "clusterroles", "escalate"), ("certificates.k8s.io", "signers", "approve"),
    ("kubernaut.io", "actions", "execute"), ("kubernaut.io", "actions", "propose"),
    ("kubernaut.io", "kubernetesexecutions/status", "update"),
    ("apps", "deployments/scale", "update"),
)  # fmt: skip
"""Permissions that discovery does not list, or that lead to other permissions."""


def declared(rules: Iterable[Rule]) -> set[Permission]:
    """The rights that rules name."""
    return {permission for rule in rules for permission in rule.permissions()}


async def held(client: Client, namespace: str) -> set[Permission]:
    """The rights that it holds in the namespace, cluster-wide ones among them."""
    status = (await client.made(RULES_REVIEW, {"spec": {"namespace": namespace}}))["status"]
    assert not status["incomplete"], status.get("evaluationError")
    rights = {
        Permission(group, resource, verb, name)
        for rule in status["resourceRules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames") or ("",)
    }
    return rights | {
        Permission("url", url, verb)
        for rule in status["nonResourceRules"]
        for url in rule["nonResourceURLs"]
        for verb in rule["verbs"]
    }


async def own(client: Client, stranger: Client, namespace: str) -> set[Permission]:
    """What it holds there beyond a ServiceAccount to which nobody granted anything."""
    return await held(client, namespace) - await held(stranger, namespace)


async def allowed(client: Client, right: Permission, namespace: str) -> bool:
    """The authorizer's answer for one right; without a namespace: in all of them, or at the cluster's scope."""
    plural, _, subresource = right.resource.partition("/")
    attributes: dict[str, Any] = {
        "group": right.api_group, "resource": plural, "subresource": subresource, "verb": right.verb,
        "namespace": namespace, "name": right.name,
    }  # fmt: skip
    given = {key: value for key, value in attributes.items() if value}
    return bool((await client.made(REVIEW, {"spec": {"resourceAttributes": given}}))["status"]["allowed"])


async def everything(admin: Client) -> set[Permission]:
    """Every verb on every resource that the API server serves, and rights that it does not list."""
    found = {
        Permission("", resource["name"], verb)
        for resource in (await admin.get("/api/v1")).body["resources"]
        for verb in VERBS
    }
    for group in (await admin.get("/apis")).body["groups"]:
        for version in group["versions"]:
            listed = (await admin.get(f"/apis/{version['groupVersion']}")).body.get("resources", [])
            found |= {Permission(group["name"], resource["name"], verb) for resource in listed for verb in VERBS}
    return found | {Permission(*one) for one in BEYOND}
