"""Admission: the conditions that the cluster, and not just the object, must meet before a write is accepted.

In the API server's order: the namespace, then the ServiceAccount of a pod (both before validation), then Pod Security, RBAC
escalation and, last, quota.
"""

from __future__ import annotations

from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, is_deleting, name_of, namespace_of
from kubernaut_sandbox.model.statuses import ApiError, forbidden, not_found
from kubernaut_sandbox.model.store import Store
from kubernaut_sandbox.registry.escalation import EscalationCheck
from kubernaut_sandbox.registry.pod_security import check_pod_security
from kubernaut_sandbox.registry.quotas import QuotaCheck
from kubernaut_sandbox.registry.request_context import RequestContext
from kubernaut_sandbox.registry.service_accounts import with_service_account


class Admission:
    """The chain of admission plugins."""

    def __init__(self, store: Store, authorizer: Authorizer) -> None:
        self._store = store
        self._quotas = QuotaCheck(store)
        self._escalation = EscalationCheck(authorizer)

    def mutate(self, context: RequestContext, kind: Kind, obj: Object) -> Object:
        """Return the object with what admission adds to it; called for creations only."""
        if kind.namespaced:
            self._check_namespace(kind, obj)
        if kind.resource == "pods":
            return with_service_account(self._store, obj)
        return obj

    def validate(self, context: RequestContext, kind: Kind, obj: Object, old: Object | None) -> None:
        """Raise ApiError for a write that the cluster does not allow at this moment; `old` is None for a creation."""
        if kind.resource == "pods" and old is None:
            check_pod_security(self._store, context, obj)
        if kind.group == "rbac.authorization.k8s.io":
            self._escalation.check(context, kind, obj, old)
        if old is None and kind.namespaced:
            self._quotas.check(kind, obj)

    def _check_namespace(self, kind: Kind, obj: Object) -> None:
        namespace = self._store.get("namespaces", "", namespace_of(obj))
        if namespace is None:
            raise not_found("namespaces", namespace_of(obj))
        if is_deleting(namespace):
            detail = f"unable to create new content in namespace {namespace_of(obj)} because it is being terminated"
            error = forbidden(kind.resource, name_of(obj), detail)
            cause = {
                "reason": "NamespaceTerminating",
                "message": f"namespace {namespace_of(obj)} is being terminated",
                "field": "metadata.namespace",
            }
            raise ApiError(403, "Forbidden", error.message, {**(error.details or {}), "causes": [cause]})
