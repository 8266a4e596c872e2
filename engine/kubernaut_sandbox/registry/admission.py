"""Admission: what must be true of the cluster, not just of the object, before a write is taken.

In the API server's order: the namespace, then the ServiceAccount of a pod (both before validation), then Pod Security, RBAC
escalation and, last, quota.
"""

from __future__ import annotations

from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, is_deleting, name_of, namespace_of
from kubernaut_sandbox.model.statuses import ApiError, forbidden, not_found
from kubernaut_sandbox.model.store import Store
from kubernaut_sandbox.registry.escalation import Escalation
from kubernaut_sandbox.registry.pod_security import check_pod_security
from kubernaut_sandbox.registry.quotas import Quotas
from kubernaut_sandbox.registry.request_context import Call
from kubernaut_sandbox.registry.service_accounts import with_service_account


class Admission:
    """The chain of plugins."""

    def __init__(self, store: Store, authorizer: Authorizer) -> None:
        self._store = store
        self._quotas = Quotas(store)
        self._escalation = Escalation(authorizer)

    def mutate(self, call: Call, kind: Kind, obj: Object) -> Object:
        """The object with what admission adds; only at creation."""
        if kind.namespaced:
            self._check_namespace(kind, obj)
        if kind.resource == "pods":
            return with_service_account(self._store, obj)
        return obj

    def validate(self, call: Call, kind: Kind, obj: Object, old: Object | None) -> None:
        """Refuse what the cluster does not allow now."""
        if kind.resource == "pods" and old is None:
            check_pod_security(self._store, call, obj)
        if kind.group == "rbac.authorization.k8s.io":
            self._escalation.check(call, kind, obj, old)
        if old is None and kind.namespaced:
            self._quotas.check(kind, obj)

    def _check_namespace(self, kind: Kind, obj: Object) -> None:
        namespace = self._store.get("namespaces", "", namespace_of(obj))
        if namespace is None:
            raise not_found("namespaces", namespace_of(obj))
        if is_deleting(namespace):
            why = f"unable to create new content in namespace {namespace_of(obj)} because it is being terminated"
            refusal = forbidden(kind.resource, name_of(obj), why)
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace_of(obj)} is being terminated",
                "field": "metadata.namespace",
            }
            raise ApiError(403, "Forbidden", refusal.message, {**(refusal.details or {}), "causes": [cause]})
