"""The namespace controller: creates what every namespace contains, and deletes the content of a namespace that is deleted."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.admission.service_accounts import ROOT_CA
from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import is_deleting, name_of, namespace_of, spec_of
from kubernaut_sandbox.model.store import Change


class NamespaceController(Controller):
    """Creates the default ServiceAccount and the CA's ConfigMap; deletes the content of namespaces that are being deleted."""

    name = "namespace-controller"

    def keys(self, change: Change) -> Iterable[Key]:
        if change.resource == "namespaces":
            yield "", name_of(change.new)
        elif change.type == "DELETED" and namespace_of(change.new):
            yield "", namespace_of(change.new)

    def sync(self, key: Key) -> float | None:
        namespace = self.store.get("namespaces", "", key[1])
        if namespace is None:
            return None
        if is_deleting(namespace):
            self._delete_content(key[1])
        else:
            self._create_defaults(key[1])
        return None

    def _create_defaults(self, namespace: str) -> None:
        kinds = self.registry.kinds
        if self.store.get("serviceaccounts", namespace, "default") is None:
            self.registry.create(
                self.context, kinds.by_resource("serviceaccounts"), namespace, {"metadata": {"name": "default"}}
            )
        if self.store.get("configmaps", namespace, ROOT_CA) is None:
            body = {"metadata": {"name": ROOT_CA}, "data": {"ca.crt": self.cluster.ca_pem}}
            self.registry.create(self.context, kinds.by_resource("configmaps"), namespace, body)

    def _delete_content(self, namespace: str) -> None:
        remaining = False
        for resource in tuple(self.store.resources()):
            kind = self.registry.kinds.by_resource(resource)
            if not kind.namespaced:
                continue
            for obj in self.store.list(resource, namespace):
                remaining = True
                if not is_deleting(obj):
                    self.cluster.deleter.delete(
                        self.context, kind, namespace, name_of(obj), DeleteOptions(propagation="Background")
                    )
        if remaining and any(self.store.list(resource, namespace) for resource in tuple(self.store.resources())):
            return
        kind = self.registry.kinds.by_resource("namespaces")
        if spec_of(self.registry.get(kind, "", namespace)).get("finalizers"):
            self.registry.mutate(self.context, kind, "", namespace, lambda obj: {**obj, "spec": {}}, "finalize")
