"""Asks the API server whether an action's ServiceAccount holds what its plugin declared, before any Job exists."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from kubernaut.api.labels import LABEL_ACTION
from kubernaut.api.plugin import Target
from kubernaut.errors import DeniedError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.resources import ACCESS_REVIEWS, SERVICE_ACCOUNTS, resource_of
from kubernaut.plugins.registry import Action


@dataclass(frozen=True, slots=True)
class _Need:
    """One verb on one resource."""

    api_group: str
    resource: str
    verb: str
    name: str
    """Of the one object it is for, or "" for all."""

    def __str__(self) -> str:
        group = f" (API group {self.api_group})" if self.api_group else ""
        return f"{self.verb} {self.resource}{f'/{self.name}' if self.name else ''}{group}"


class Rights:
    """Answers from LocalSubjectAccessReviews, a grant being believed for a while; a refusal is asked again each time."""

    def __init__(self, cluster: Cluster, believe_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._cluster, self._believe_seconds, self._clock = cluster, believe_seconds, clock
        self._granted: dict[tuple[str, str], float] = {}

    async def missing(self, action: Action, namespace: str) -> str:
        """What the action lacks in this namespace and the command that grants it, or ""."""
        known = (action.name, namespace)
        if self._granted.get(known, -1.0) > self._clock():
            return ""
        remedy = f"grant it with: kubernaut rbac render {action.name} -n {namespace} | kubectl apply -f -"
        account = action.spec.service_account
        try:
            found = await self._cluster.get(SERVICE_ACCOUNTS, namespace, account)
        except NotFoundError:
            return f"ServiceAccount {account} does not exist in namespace {namespace}; {remedy}"
        if found["metadata"].get("labels", {}).get(LABEL_ACTION) != action.name:
            label = f"{LABEL_ACTION}={action.name}"
            return f"ServiceAccount {account} in namespace {namespace} is not labelled {label}, so not this action's; {remedy}"
        wanted = [
            _Need(rule.api_group, resource, verb, name)
            for rule in action.spec.rules
            for resource in rule.resources
            for verb in rule.verbs
            for name in rule.names or ("",)
        ]
        lacking = await self._lacking(account, namespace, wanted)
        if lacking:
            await self._cluster.ready()
            lacking = await self._lacking(account, namespace, wanted)
        if lacking:
            return f"ServiceAccount {account} may not {', nor '.join(lacking)} in namespace {namespace}; {remedy}"
        self._granted[known] = self._clock() + self._believe_seconds
        return ""

    async def _lacking(self, account: str, namespace: str, wanted: list[_Need]) -> list[str]:
        allowed = await asyncio.gather(*(self._allowed(account, namespace, need) for need in wanted))
        return [str(need) for need, yes in zip(wanted, allowed, strict=True) if not yes]

    async def labels(self, target: Target, namespace: str) -> Mapping[str, str]:
        """The target's own labels; none for what is not in the cluster, or does not exist.

        Raises DeniedError with the remedy where the engine may not read the target.
        """
        if not target.resource:
            return {}
        resource = resource_of(target.resource)
        try:
            found = await self._cluster.get(resource, namespace, target.name)
            return dict(found["metadata"].get("labels", {}))
        except NotFoundError:
            return {}
        except DeniedError as error:
            remedy = f"grant the engine `get` on {resource.plural} there, or protect by name"
            raise DeniedError(f"it goes by labels, and the engine may not read those of {target}; {remedy}") from error

    async def _allowed(self, account: str, namespace: str, need: _Need) -> bool:
        plural, _, subresource = need.resource.partition("/")
        attributes = {
            "namespace": namespace,
            "verb": need.verb,
            "group": need.api_group,
            "resource": plural,
            "subresource": subresource,
            "name": need.name,
        }
        spec = {
            "user": f"system:serviceaccount:{namespace}:{account}",
            "groups": ["system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"],
            "resourceAttributes": {key: value for key, value in attributes.items() if value},
        }
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "LocalSubjectAccessReview",
            "metadata": {"namespace": namespace},
            "spec": spec,
        }
        answer = await self._cluster.create(ACCESS_REVIEWS, namespace, review)
        return bool(answer["status"]["allowed"])
