"""Which policies and bindings there are, and which of them apply to a request. A request that none matches costs one look-up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from kubernaut_sandbox.access.rbac import Authorizer
from kubernaut_sandbox.admission.evaluation import Surroundings
from kubernaut_sandbox.admission.matching import Matcher, concerns
from kubernaut_sandbox.admission.policy import CompiledPolicy, compile_policy
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.objects import Object, name_of, spec_of
from kubernaut_sandbox.model.selectors import label_selector, matches_labels
from kubernaut_sandbox.model.statuses import ApiError, not_found
from kubernaut_sandbox.model.store import Change, Store

GROUP = "admissionregistration.k8s.io"
_EXEMPT = frozenset(
    f"{flavor}admissionpolic{ending}.{GROUP}"
    for flavor in ("validating", "mutating")
    for ending in ("ies", "ybindings")
)
"""Policies decide on no policy, lest one locks everybody out."""


class ConfigurationError(Exception):
    """A policy or binding that cannot be applied as it is."""


@dataclass(frozen=True)
class Policy:
    """A policy with its bindings."""

    name: str
    spec: Object
    bindings: tuple[Object, ...]

    @cached_property
    def compiled(self) -> CompiledPolicy:
        """Return its expressions, compiled."""
        return compile_policy(self.spec)

    @property
    def fails(self) -> bool:
        """Whether an error in the policy rejects the request."""
        return bool(self.spec.get("failurePolicy", "Fail") == "Fail")


class Policies:
    """The policies of one kind, validating or mutating."""

    def __init__(self, flavor: str, store: Store, kinds: Kinds, authorizer: Authorizer) -> None:
        """`flavor` is `validating` or `mutating`."""
        self._policies, self._bindings = (f"{flavor}admissionpolic{ending}.{GROUP}" for ending in ("ies", "ybindings"))
        self._store, self._kinds, self._authorizer = store, kinds, authorizer
        self._matcher = Matcher(store, kinds)
        self._bound: list[Policy] | None = None
        self._concerned: dict[tuple[str, str, str], list[Policy]] = {}
        """The policies that may match, by resource, subresource and operation; forgotten when a policy changes."""
        store.listen(self._on_change)

    def matching(self, request: AdmissionRequest) -> Iterator[tuple[Policy, AdmissionRequest]]:
        """Return each policy that matches, in the order of their names, with the request in the version that it matches."""
        if request.context.is_admitted or request.kind.resource in _EXEMPT:
            return
        key = (request.kind.resource, request.subresource, request.operation)
        concerned = self._concerned.get(key)
        if concerned is None:
            concerned = [p for p in self._all() if concerns(p.spec.get("matchConstraints"), request)]
            self._concerned[key] = concerned
        for policy in concerned:
            kind = self._matcher.matching_kind(policy.spec.get("matchConstraints"), request)
            if kind is not None:
                yield policy, request.in_version(kind)

    def matching_bindings(self, policy: Policy, request: AdmissionRequest) -> Iterator[Object]:
        """Return the bindings of a policy that match the request."""
        for binding in policy.bindings:
            resources = spec_of(binding).get("matchResources")
            if self._matcher.matching_kind(resources, request) is not None:
                yield binding

    def surroundings(self, policy: Policy, binding: Object, request: AdmissionRequest) -> list[Surroundings]:
        """Return what expressions see, once per parameter. Raises ConfigurationError."""
        namespace = None
        if request.namespace and request.kind.resource != "namespaces":
            namespace = self._store.get("namespaces", "", request.namespace)
            if namespace is None:
                raise not_found("namespaces", request.namespace)
        return [Surroundings(self._authorizer, namespace, params) for params in self._params(policy, binding, request)]

    def _params(self, policy: Policy, binding: Object, request: AdmissionRequest) -> list[Object | None]:
        param_kind, reference = policy.spec.get("paramKind"), spec_of(binding).get("paramRef")
        if not param_kind or not reference:
            return [None]
        kind = self._param_kind(param_kind)
        if kind.namespaced and not (namespace := reference.get("namespace") or request.namespace):
            raise ConfigurationError(
                "cannot use namespaced paramRef in policy binding that matches cluster-scoped resources"
            )
        if not kind.namespaced:
            namespace = ""
            if reference.get("namespace"):
                raise ConfigurationError("paramRef.namespace must not be provided for a cluster-scoped `paramKind`")
        if name := reference.get("name"):
            found = [self._store.get(kind.resource, namespace, name)]
        else:
            selector = label_selector(reference.get("selector"))
            found = [
                obj
                for obj in self._store.list(kind.resource, namespace)
                if matches_labels(selector, obj["metadata"].get("labels") or {})
            ]
        params = [obj for obj in found if obj is not None]
        if not params and reference.get("parameterNotFoundAction") == "Deny":
            raise ConfigurationError("no params found for policy binding with `Deny` parameterNotFoundAction")
        return list(params)

    def _param_kind(self, reference: Object) -> Kind:
        try:
            return self._kinds.of(reference)
        except ApiError:
            described = f"{reference.get('apiVersion')}, Kind={reference.get('kind')}"
            message = f"failed to find resource referenced by paramKind: '{described}'"
            raise ConfigurationError(message) from None

    def _on_change(self, change: Change) -> None:
        if change.resource in (self._policies, self._bindings):
            self._bound = None
            self._concerned.clear()

    def _all(self) -> list[Policy]:
        """Return the policies that have a binding."""
        if self._bound is None:
            bindings = self._store.list(self._bindings)
            self._bound = [
                Policy(name_of(policy), spec_of(policy), bound)
                for policy in self._store.list(self._policies)
                if (bound := tuple(b for b in bindings if spec_of(b).get("policyName") == name_of(policy)))
            ]
        return self._bound
