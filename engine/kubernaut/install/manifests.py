"""Everything that the engine and its actions need in a cluster, as manifests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kubernaut.api.crd import crd
from kubernaut.api.runbook_crd import runbook_crd
from kubernaut.install.rbac import action_manifests, engine_manifests
from kubernaut.plugins.registry import Registry


def installation(registry: Registry, namespaces: Sequence[str]) -> list[dict[str, Any]]:
    """Return the CRDs, the engine's permissions, and those of each action in these namespaces."""
    actions = (action_manifests(name, action.spec, namespaces) for name, action in sorted(registry.actions.items()))
    return [crd(), runbook_crd(), *engine_manifests(), *(manifest for manifests in actions for manifest in manifests)]
