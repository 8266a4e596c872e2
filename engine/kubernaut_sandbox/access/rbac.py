"""The RBAC authorizer: decides from Roles, ClusterRoles and their bindings, which it reads from the store for every decision."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from kubernaut_sandbox.access.users import User, service_account_of
from kubernaut_sandbox.model.objects import Object, namespace_of
from kubernaut_sandbox.model.store import Store

GROUP = "rbac.authorization.k8s.io"


@dataclass(frozen=True, slots=True)
class Attributes:
    """An action to authorize: a verb on a resource, or on a path that is not about a resource."""

    verb: str
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""
    path: str = ""
    """The path of a request that is not about a resource; empty for one that is."""

    @property
    def full_resource(self) -> str:
        """Return `resource/subresource`; the path of a request that is not about a resource."""
        if self.path:
            return self.path
        return f"{self.resource}/{self.subresource}" if self.subresource else self.resource

    def denial(self, user: User) -> str:
        """Return why the user is not allowed to, as the API server words it after `... is forbidden: `."""
        who = f'User "{user.name}" cannot {self.verb}'
        if self.path:
            return f'{who} path "{self.path}"'
        what = f'{who} resource "{self.full_resource}" in API group "{self.group}"'
        return f'{what} in the namespace "{self.namespace}"' if self.namespace else f"{what} at the cluster scope"


class Authorizer:
    """Decides which user is allowed to do what."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def allows(self, user: User, attributes: Attributes) -> bool:
        """Whether any rule of the user's bindings allows the action."""
        return bool(self.reason(user, attributes))

    def reason(self, user: User, attributes: Attributes) -> str:
        """Return which binding allows the action, as the API server words it; empty when none does."""
        if user.is_master:
            return "RBAC: allowed by group system:masters"
        for rule, detail in self._rules(user, attributes.namespace):
            if rule_allows(rule, attributes):
                return detail
        return ""

    def rules(self, user: User, namespace: str) -> list[Object]:
        """Return every rule that the user holds in a namespace, including the cluster-wide rules."""
        if user.is_master:
            everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
            return [everything, {"nonResourceURLs": ["*"], "verbs": ["*"]}]
        return [rule for rule, _ in self._rules(user, namespace)]

    def role_rules(self, reference: Object, namespace: str) -> list[Object]:
        """Return the rules of a roleRef; none where the role does not exist."""
        if reference.get("kind") == "ClusterRole":
            role = self._store.get(f"clusterroles.{GROUP}", "", reference.get("name", ""))
        else:
            role = self._store.get(f"roles.{GROUP}", namespace, reference.get("name", ""))
        return list((role or {}).get("rules") or ())

    def _rules(self, user: User, namespace: str) -> Iterator[tuple[Object, str]]:
        bindings = self._store.list(f"clusterrolebindings.{GROUP}")
        if namespace:
            bindings = [*bindings, *self._store.list(f"rolebindings.{GROUP}", namespace)]
        for binding in bindings:
            subject = next(
                (s for s in binding.get("subjects") or () if _is_subject(s, user, namespace_of(binding))), None
            )
            if subject is None:
                continue
            detail = _reason(binding, subject)
            for rule in self.role_rules(binding["roleRef"], namespace_of(binding)):
                yield rule, detail


def rule_allows(rule: Object, attributes: Attributes) -> bool:
    """Whether one rule allows the action."""
    if not _covers(rule.get("verbs"), attributes.verb):
        return False
    if attributes.path:
        return any(_path_matches(pattern, attributes.path) for pattern in rule.get("nonResourceURLs") or ())
    if not _covers(rule.get("apiGroups"), attributes.group) or not _resource_matches(rule.get("resources"), attributes):
        return False
    names = rule.get("resourceNames")
    return not names or attributes.name in names


def _covers(listed: list[str] | None, value: str) -> bool:
    return listed is not None and ("*" in listed or value in listed)


def _resource_matches(listed: list[str] | None, attributes: Attributes) -> bool:
    if _covers(listed, attributes.full_resource):
        return True
    return bool(attributes.subresource) and f"*/{attributes.subresource}" in (listed or ())


def _path_matches(pattern: str, path: str) -> bool:
    return pattern in ("*", path) or (pattern.endswith("*") and path.startswith(pattern[:-1]))


def _is_subject(subject: Object, user: User, namespace: str) -> bool:
    if subject["kind"] == "User":
        return bool(subject["name"] == user.name)
    if subject["kind"] == "Group":
        return subject["name"] in user.groups
    account = (subject.get("namespace") or namespace, subject["name"])
    return service_account_of(user.name) == account


def _reason(binding: Object, subject: Object) -> str:
    metadata, role = binding["metadata"], binding["roleRef"]
    name = metadata["name"] if "namespace" not in metadata else f"{metadata['name']}/{metadata['namespace']}"
    to = f'{subject["kind"]} "{subject["name"]}{"/" + subject["namespace"] if subject.get("namespace") else ""}"'
    return f'RBAC: allowed by {binding["kind"]} "{name}" of {role["kind"]} "{role["name"]}" to {to}'
