"""Namespaces: what every new one gets, and how one that is deleted is emptied."""

from __future__ import annotations

from collections.abc import Iterable

from kubernaut_sandbox.controllers.loop import Controller, Key
from kubernaut_sandbox.model.objects import is_deleting, name_of, namespace_of, spec_of
from kubernaut_sandbox.model.store import Change
from kubernaut_sandbox.registry.request_context import Deletion
from kubernaut_sandbox.registry.service_accounts import ROOT_CA


class NamespaceController(Controller):
    """Equips namespaces, and empties those that are going."""

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
            self._empty(key[1])
        else:
            self._equip(key[1])
        return None

    def _equip(self, namespace: str) -> None:
        kinds = self.registry.kinds
        if self.store.get("serviceaccounts", namespace, "default") is None:
            self.registry.create(
                self.call, kinds.named("serviceaccounts"), namespace, {"metadata": {"name": "default"}}
            )
        if self.store.get("configmaps", namespace, ROOT_CA) is None:
            body = {"metadata": {"name": ROOT_CA}, "data": {"ca.crt": self.cluster.ca_pem}}
            self.registry.create(self.call, kinds.named("configmaps"), namespace, body)

    def _empty(self, namespace: str) -> None:
        left = False
        for resource in tuple(self.store.resources()):
            kind = self.registry.kinds.named(resource)
            if not kind.namespaced:
                continue
            for obj in self.store.list(resource, namespace):
                left = True
                if not is_deleting(obj):
                    self.cluster.deleter.delete(
                        self.call, kind, namespace, name_of(obj), Deletion(propagation="Background")
                    )
        if left and any(self.store.list(resource, namespace) for resource in tuple(self.store.resources())):
            return
        kind = self.registry.kinds.named("namespaces")
        if spec_of(self.registry.get(kind, "", namespace)).get("finalizers"):
            self.registry.mutate(self.call, kind, "", namespace, lambda obj: {**obj, "spec": {}}, "finalize")
