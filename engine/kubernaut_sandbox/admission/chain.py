"""The chain of admission plugins, in the API server's order.

Before validation: the namespace, the ServiceAccount of a pod, mutating policies. After it: Pod Security, RBAC escalation, validating
policies and, last, quota.
"""

from __future__ import annotations

from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.admission.escalation import EscalationCheck
from kubernaut_sandbox.admission.mutating import Default, MutatingPolicies
from kubernaut_sandbox.admission.pod_security import check_pod_security
from kubernaut_sandbox.admission.policies import Policies
from kubernaut_sandbox.admission.quotas import QuotaCheck
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.admission.service_accounts import with_service_account
from kubernaut_sandbox.admission.storage import check_expansion, with_default_class
from kubernaut_sandbox.admission.validating import ValidatingPolicies
from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.objects import Object, is_deleting, name_of, namespace_of
from kubernaut_sandbox.model.statuses import ApiError, forbidden, not_found
from kubernaut_sandbox.model.store import Store


class Admission:
    """The chain of admission plugins."""

    def __init__(self, store: Store, kinds: Kinds, authorizer: Authorizer) -> None:
        self._store = store
        self._quotas = QuotaCheck(store)
        self._escalation = EscalationCheck(authorizer)
        self._validating = ValidatingPolicies(Policies("validating", store, kinds, authorizer))
        self._mutating = MutatingPolicies(Policies("mutating", store, kinds, authorizer))

    def mutate(self, request: AdmissionRequest, default: Default) -> Object:
        """Return the object with what admission changes in it; `default` sets the defaults of an object."""
        obj = request.new or {}
        if request.operation == "CREATE" and not request.subresource:
            if request.kind.namespaced:
                self._check_namespace(request.kind, obj)
            if request.kind.resource == "pods":
                obj = with_service_account(self._store, obj)
            if request.kind.resource == "persistentvolumeclaims":
                obj = with_default_class(self._store, obj)
        return self._mutating.mutate(request.with_new(obj), default).new or {}

    def validate(self, request: AdmissionRequest) -> None:
        """Raise ApiError for a write that the cluster does not allow at this moment."""
        kind, obj, creating = request.kind, request.new, request.operation == "CREATE" and not request.subresource
        if obj is not None and kind.resource == "pods" and creating:
            check_pod_security(self._store, request.context, obj)
        if obj is not None and kind.group == "rbac.authorization.k8s.io":
            self._escalation.check(request.context, kind, obj, request.old)
        self._validating.check(request)
        if kind.resource == "persistentvolumeclaims" and not request.subresource:
            check_expansion(self._store, request)
        if obj is not None and creating and kind.namespaced:
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
