"""Namespaces: Active at creation, with the finalizer for which their content is deleted first."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, labels_of, name_of, with_meta
from kubernaut_sandbox.registry.strategies.base import Strategy

NAME_LABEL = "kubernetes.io/metadata.name"


class NamespaceStrategy(Strategy):
    """Defaults namespaces: the label with their name, their finalizer and their phase."""

    def prepare(self, obj: Object) -> Object:
        return with_meta(obj, labels={**labels_of(obj), NAME_LABEL: name_of(obj)})

    def prepare_create(self, obj: Object) -> Object:
        return {**obj, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
