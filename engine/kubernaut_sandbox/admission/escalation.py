"""RBAC's escalation check: users can grant only the permissions that they hold themselves."""

from __future__ import annotations

from itertools import product

from kubernaut_sandbox.access.rbac import Attributes, Authorizer, rule_allows
from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.access.users import User
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, name_of, namespace_of
from kubernaut_sandbox.model.statuses import forbidden


class EscalationCheck:
    """Checks the writes of roles and bindings."""

    def __init__(self, authorizer: Authorizer) -> None:
        self._authorizer = authorizer

    def check(self, context: RequestContext, kind: Kind, obj: Object, old: Object | None) -> None:
        """Raise a 403 for a role, or a binding to a role, that has permissions which the user does not hold."""
        if context.user.is_master:
            return
        binding = kind.plural.endswith("bindings")
        if old is not None and all(obj.get(field) == old.get(field) for field in ("rules", "subjects", "roleRef")):
            return
        namespace = namespace_of(obj)
        if binding:
            reference = obj["roleRef"]
            plural = "clusterroles" if reference["kind"] == "ClusterRole" else "roles"
            attributes = Attributes("bind", kind.group, plural, "", namespace, reference["name"])
            rules = self._authorizer.role_rules(reference, namespace)
        else:
            attributes = Attributes("escalate", kind.group, kind.plural, "", namespace, name_of(obj))
            rules = obj.get("rules") or []
        if self._authorizer.allows(context.user, attributes):
            return
        if missing := _missing(self._authorizer.rules(context.user, namespace), rules, namespace):
            raise forbidden(kind.resource, name_of(obj), _message(context.user, missing))


def _missing(held: list[Object], rules: list[Object], namespace: str) -> list[Object]:
    return [
        part
        for rule in rules
        for part in _single_permissions(rule)
        if not any(_covers(held_rule, part, namespace) for held_rule in held)
    ]


def _single_permissions(rule: Object) -> list[Object]:
    if rule.get("nonResourceURLs"):
        return [
            {"nonResourceURLs": [path], "verbs": [verb]}
            for path, verb in product(rule["nonResourceURLs"], rule["verbs"])
        ]
    names = [[name] for name in rule.get("resourceNames") or ()] or [[]]
    return [
        {"apiGroups": [group], "resources": [resource], "resourceNames": name, "verbs": [verb]}
        for group, resource, name, verb in product(
            rule.get("apiGroups") or (), rule.get("resources") or (), names, rule["verbs"]
        )
    ]


def _covers(rule: Object, part: Object, namespace: str) -> bool:
    if path := part.get("nonResourceURLs"):
        return rule_allows(rule, Attributes(part["verbs"][0], path=path[0]))
    resource, _, subresource = part["resources"][0].partition("/")
    name = (part["resourceNames"] or [""])[0]
    return rule_allows(rule, Attributes(part["verbs"][0], part["apiGroups"][0], resource, subresource, namespace, name))


def _message(user: User, missing: list[Object]) -> str:
    groups = " ".join(f'"{group}"' for group in user.groups)
    head = f'user "{user.name}" (groups=[{groups}]) is attempting to grant RBAC permissions not currently held:'
    return "\n".join([head, *dict.fromkeys(_format_rule(rule) for rule in missing)])


def _format_rule(rule: Object) -> str:
    fields = (
        ("APIGroups", "apiGroups"),
        ("Resources", "resources"),
        ("NonResourceURLs", "nonResourceURLs"),
        ("ResourceNames", "resourceNames"),
        ("Verbs", "verbs"),
    )
    parts = []
    for label, key in fields:
        if rule.get(key):
            listed = ", ".join(f'"{item}"' for item in rule[key])
            parts.append(f"{label}:[{listed}]")
    return "{" + ", ".join(parts) + "}"
