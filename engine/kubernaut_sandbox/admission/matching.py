"""Which requests a policy, or a binding, applies to: matchConstraints and matchResources."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.objects import Object, labels_of
from kubernaut_sandbox.model.selectors import label_selector, matches_labels
from kubernaut_sandbox.model.store import Store


class Matcher:
    """Matches requests with constraints."""

    def __init__(self, store: Store, kinds: Kinds) -> None:
        self._store, self._kinds = store, kinds

    def matching_kind(self, constraints: Object | None, request: AdmissionRequest) -> Kind | None:
        """Return the version of the resource that the constraints match, which is the requested one if possible; else None."""
        constraints = constraints or {}
        if not self._selects(constraints, request):
            return None
        equivalent = constraints.get("matchPolicy", "Equivalent") == "Equivalent"
        if self._matched(constraints.get("excludeResourceRules") or (), request, equivalent=equivalent):
            return None
        rules = constraints.get("resourceRules") or ()
        return self._matched(rules, request, equivalent=equivalent) if rules else request.kind

    def _selects(self, constraints: Object, request: AdmissionRequest) -> bool:
        selector = label_selector(constraints.get("namespaceSelector"))
        if selector and not self._selects_namespace(selector, request):
            return False
        selector = label_selector(constraints.get("objectSelector"))
        objects = [obj for obj in (request.new, request.old) if obj is not None]
        return not selector or any(matches_labels(selector, labels_of(obj)) for obj in objects)

    def _selects_namespace(self, selector: tuple, request: AdmissionRequest) -> bool:  # type: ignore[type-arg]
        """Whether the selector matches the request's namespace; a cluster-scoped object other than a Namespace always matches."""
        if request.kind.resource == "namespaces":
            namespace = request.old if request.operation == "DELETE" else request.new
        elif request.namespace:
            namespace = self._store.get("namespaces", "", request.namespace)
        else:
            return True
        return matches_labels(selector, labels_of(namespace or {}))

    def _matched(self, rules: Iterable[Object], request: AdmissionRequest, *, equivalent: bool) -> Kind | None:
        candidates = [request.kind]
        if equivalent and request.kind.custom:
            candidates += [k for k in self._kinds if k.resource == request.kind.resource and k != request.kind]
        rules = list(rules)
        return next((k for k in candidates if any(_rule_matches(rule, k, request) for rule in rules)), None)


def concerns(constraints: Object | None, request: AdmissionRequest) -> bool:
    """Whether the constraints mention this operation on this resource, in whatever version; the rest is for a `Matcher`."""
    rules = (constraints or {}).get("resourceRules") or ()
    return not rules or any(_concerns(rule, request.kind, request) for rule in rules)


def _concerns(rule: Object, kind: Kind, request: AdmissionRequest) -> bool:
    return (
        _has(rule.get("operations"), request.operation)
        and _has(rule.get("apiGroups"), kind.group)
        and any(_resource_matches(listed, kind, request.subresource) for listed in rule.get("resources") or ())
    )


def _rule_matches(rule: Object, kind: Kind, request: AdmissionRequest) -> bool:
    return (
        _concerns(rule, kind, request)
        and _has(rule.get("apiVersions"), kind.version)
        and _scope_matches(rule.get("scope") or "*", kind)
        and (not rule.get("resourceNames") or request.name in rule["resourceNames"])
    )


def _has(listed: list[str] | None, value: str) -> bool:
    return bool(listed) and ("*" in listed or value in listed)  # type: ignore[operator]


def _resource_matches(listed: str, kind: Kind, subresource: str) -> bool:
    resource, _, wanted = listed.partition("/")
    return resource in ("*", kind.plural) and wanted in ("*", subresource)


def _scope_matches(scope: str, kind: Kind) -> bool:
    return scope == "*" or (scope == "Namespaced") == kind.namespaced
