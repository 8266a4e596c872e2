"""Namespaces: born Active, carrying the finalizer that makes their content go first."""

from __future__ import annotations

from kubernaut_sandbox.model.objects import Object, labels_of, name_of, with_meta
from kubernaut_sandbox.registry.strategies.base import Strategy

NAME_LABEL = "kubernetes.io/metadata.name"


class NamespaceStrategy(Strategy):
    """Defaults of a namespace."""

    def prepare(self, obj: Object) -> Object:
        return with_meta(obj, labels={**labels_of(obj), NAME_LABEL: name_of(obj)})

    def prepare_create(self, obj: Object) -> Object:
        return {**obj, "spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
