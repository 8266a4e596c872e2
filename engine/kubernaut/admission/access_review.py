"""Checks before a Job exists that an action's ServiceAccount holds every permission that its plugin declared."""

from __future__ import annotations

import time
from collections.abc import Callable

from kubernaut.api.labels import LABEL_ACTION
from kubernaut.errors import NotFoundError
from kubernaut.kube.access import Account, missing_permissions
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import SERVICE_ACCOUNTS
from kubernaut.plugins.registry import Action


class AccessReviewer:
    """Sends LocalSubjectAccessReviews. A grant is cached for a while; a missing permission is checked again each time."""

    def __init__(self, cluster: Cluster, cache_ttl_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster, self._cache_ttl_seconds, self._clock = cluster, cache_ttl_seconds, clock
        self._granted_until: dict[tuple[str, str], float] = {}

    async def missing(self, action: Action, namespace: str) -> str:
        """Return what the action lacks in this namespace and the command that grants it, or ""."""
        cache_key = (action.name, namespace)
        if self._granted_until.get(cache_key, -1.0) > self._clock():
            return ""
        remedy = f"grant it with: kubernaut rbac render {action.name} -n {namespace} | kubectl apply -f -"
        account = action.spec.service_account
        try:
            found = await self._cluster.get(SERVICE_ACCOUNTS, namespace, account)
        except NotFoundError:
            return f"ServiceAccount {account} does not exist in namespace {namespace}; {remedy}"
        if found["metadata"].get("labels", {}).get(LABEL_ACTION) != action.name:
            label = f"{LABEL_ACTION}={action.name}"
            return f"ServiceAccount {account} in namespace {namespace} lacks the label {label}, so it is not this action's; {remedy}"
        lacking = await self._lacking(action, namespace)
        if lacking:
            await self._cluster.ready()  # an API server that has just started denies what it has not read yet
            lacking = await self._lacking(action, namespace)
        if lacking:
            return f"ServiceAccount {account} is not allowed to {', '.join(lacking)} in namespace {namespace}; {remedy}"
        self._granted_until[cache_key] = self._clock() + self._cache_ttl_seconds
        return ""

    async def _lacking(self, action: Action, namespace: str) -> list[str]:
        wanted = (permission for rule in action.spec.rules for permission in rule.permissions())
        account = Account(namespace, action.spec.service_account)
        missing = await missing_permissions(self._cluster, account, wanted, namespace, local=True)
        return [str(permission) for permission in missing]
