"""Roles and bindings: complete rules, and an immutable roleRef."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, encode
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import Strategy

_GROUP = "rbac.authorization.k8s.io"


class RoleStrategy(Strategy):
    """Defaults and validates Roles and ClusterRoles."""

    def prepare(self, obj: Object) -> Object:
        return {**obj, "rules": obj.get("rules")}

    def validate(self, obj: Object) -> list[Cause]:
        if obj.get("aggregationRule"):
            raise not_implemented("aggregationRule of a ClusterRole")
        causes = []
        for index, rule in enumerate(obj.get("rules") or ()):
            at = f"rules[{index}]"
            if not rule.get("verbs"):
                causes.append(required(f"{at}.verbs", "verbs must contain at least one value"))
            if rule.get("nonResourceURLs"):
                if obj["kind"] == "Role":
                    causes.append(
                        invalid_value(
                            f"{at}.nonResourceURLs",
                            rule["nonResourceURLs"],
                            "namespaced rules cannot apply to non-resource URLs",
                        )
                    )
                continue
            if not rule.get("apiGroups"):
                causes.append(required(f"{at}.apiGroups", "resource rules must supply at least one api group"))
            if not rule.get("resources"):
                causes.append(required(f"{at}.resources", "resource rules must supply at least one resource"))
        return causes


class RoleBindingStrategy(Strategy):
    """Defaults and validates RoleBindings and ClusterRoleBindings."""

    def prepare(self, obj: Object) -> Object:
        subjects = [_with_group(subject) for subject in obj.get("subjects") or ()]
        reference = {"apiGroup": _GROUP, **(obj.get("roleRef") or {})}
        return {**obj, "roleRef": reference, **({"subjects": subjects} if subjects else {})}

    def validate(self, obj: Object) -> list[Cause]:
        known = ["Role", "ClusterRole"] if obj["kind"] == "RoleBinding" else ["ClusterRole"]
        causes = []
        if obj["roleRef"].get("kind") not in known:
            causes.append(unsupported_value("roleRef.kind", obj["roleRef"].get("kind", ""), known))
        if not obj["roleRef"].get("name"):
            causes.append(required("roleRef.name"))
        for index, subject in enumerate(obj.get("subjects") or ()):
            at = f"subjects[{index}]"
            if not subject.get("name"):
                causes.append(required(f"{at}.name"))
            if subject.get("kind") not in ("ServiceAccount", "User", "Group"):
                causes.append(
                    unsupported_value(f"{at}.kind", subject.get("kind", ""), ["ServiceAccount", "User", "Group"])
                )
            elif subject["kind"] == "ServiceAccount" and obj["kind"] != "RoleBinding" and not subject.get("namespace"):
                causes.append(required(f"{at}.namespace"))
        return causes

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        if encode(new["roleRef"]) == encode(old["roleRef"]) or new["roleRef"] == old["roleRef"]:
            return []
        return [invalid_value("roleRef", _go_fields(new["roleRef"]), "cannot change roleRef")]


def _go_fields(reference: Object) -> Object:
    return {"APIGroup": reference["apiGroup"], "Kind": reference["kind"], "Name": reference["name"]}


def _with_group(subject: Object) -> Object:
    return subject if subject.get("kind") == "ServiceAccount" else {"apiGroup": _GROUP, **subject}
