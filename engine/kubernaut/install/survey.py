"""What an installation needs, looked for in a cluster: each thing found, missing or left out, with the command that mends it.

`survey` asks as whoever runs it and changes nothing. What that person may not see is told as unknown: not seen is not there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from kubernaut.api.crd import crd
from kubernaut.api.rules import Rule
from kubernaut.errors import DeniedError, NotFoundError
from kubernaut.install.components import Part, State, definition_part, lease_part, version_part
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE, ENGINE_RULES, LEADER_RULES, LEASE
from kubernaut.install.rbac_drift import bound_namespaces, check_action
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import LEASES, SERVICE_ACCOUNTS, resource_of
from kubernaut.plugins.registry import Action, Registry

POLICIES = (
    "action-accounts",
    "engine-job-changes",
    "engine-jobs",
    "executing",
    "requester",
    "reserved-jobs",
    "reserved-pods",
    "restarts",
)
"""The admission policies of `deploy/admission`, without their prefix."""
INSTALL = "kubectl apply -k deploy/"
_CRDS = resource_of("apiextensions.k8s.io/v1/customresourcedefinitions")
_NAMESPACES = resource_of("v1/namespaces")
_REVIEWS = resource_of("authorization.k8s.io/v1/subjectaccessreviews")
_POLICIES = resource_of("admissionregistration.k8s.io/v1/validatingadmissionpolicies")
_BOUNDS = {
    "ResourceQuota": resource_of("v1/resourcequotas"),
    "NetworkPolicy": resource_of("networking.k8s.io/v1/networkpolicies"),
}


@dataclass(frozen=True, slots=True)
class Survey:
    """Looks at one cluster for one installation."""

    cluster: Cluster
    registry: Registry
    namespaces: Sequence[str] = ()
    """Where actions are to work; wherever they are granted by default. The engine's rights are asked for in these alone."""
    home: str = ENGINE_NAMESPACE
    """The engine's own namespace."""

    async def parts(self, now: datetime) -> list[Part]:
        """Everything, in the order in which it is installed. Raises UnavailableError where the API server does not answer."""
        found = [version_part(await self.cluster.version()), await self._definition(), *await self._engine()]
        found += [part async for part in self._rights()]
        found.append(await self._lease(now))
        granted = dict.fromkeys(self.namespaces)
        for name, action in sorted(self.registry.actions.items()):
            places, parts = await self._action(name, action)
            granted |= dict.fromkeys(places)
            found += parts
        found += [Part(f"plugin {name}", State.MISSING, str(e)) for name, e in sorted(self.registry.broken.items())]
        found.append(await self._policies())
        return [*found, *[part for place in (self.home, *sorted(granted)) for part in await self._bounds(place)]]

    async def _definition(self) -> Part:
        name, remedy = crd()["metadata"]["name"], f"{INSTALL}, or the CRD alone: kubernaut crd | kubectl apply -f -"
        try:
            found = await self.cluster.get(_CRDS, None, name)
        except NotFoundError:
            return Part("CRD", State.MISSING, f"there is no {name}", remedy)
        except DeniedError as error:
            return _unseen("CRD", error)
        return definition_part(found, remedy)

    async def _engine(self) -> list[Part]:
        what = f"namespace {self.home}", f"ServiceAccount {self.home}/{ENGINE_ACCOUNT}"
        try:
            await self.cluster.get(_NAMESPACES, None, self.home)
        except NotFoundError:
            return [Part(one, State.MISSING, "it does not exist", INSTALL) for one in what]
        except DeniedError as error:
            return [_unseen(one, error) for one in what]
        try:
            await self.cluster.get(SERVICE_ACCOUNTS, self.home, ENGINE_ACCOUNT)
        except NotFoundError:
            return [_there(what[0]), Part(what[1], State.MISSING, "it does not exist", INSTALL)]
        except DeniedError as error:
            return [_there(what[0]), _unseen(what[1], error)]
        return [_there(one) for one in what]

    async def _rights(self) -> AsyncIterator[Part]:
        asked = [(rule, place) for place in self.namespaces or ("",) for rule in ENGINE_RULES]
        asked += [(rule, self.home) for rule in LEADER_RULES]
        for rule, place in asked:
            where = f"in {place}" if place else "in every namespace"
            what = f"engine's right: {', '.join(rule.verbs)} {', '.join(rule.resources)} {where}"
            try:
                lacking = await self._lacking(rule, place)
            except DeniedError as error:
                yield _unseen("engine's rights", error)
                return
            remedy = "kubernaut rbac render --engine | kubectl apply -f -"
            if lacking:
                yield Part(what, State.MISSING, f"it may not {', nor '.join(lacking)}", remedy)
            else:
                yield Part(what, State.OK, f"to {rule.why}")

    async def _lacking(self, rule: Rule, place: str) -> list[str]:
        wanted = [
            (verb, resource, name) for verb in rule.verbs for resource in rule.resources for name in rule.names or ("",)
        ]
        allowed = await asyncio.gather(*(self._allowed(rule.api_group, *one, place) for one in wanted))
        return [f"{verb} {resource}" for (verb, resource, _), yes in zip(wanted, allowed, strict=True) if not yes]

    async def _allowed(self, group: str, verb: str, resource: str, name: str, place: str) -> bool:
        plural, _, subresource = resource.partition("/")
        asked = {"group": group, "verb": verb, "resource": plural, "subresource": subresource, "name": name}
        accounts = "system:serviceaccounts"
        spec = {
            "user": f"system:serviceaccount:{self.home}:{ENGINE_ACCOUNT}",
            "groups": [accounts, f"{accounts}:{self.home}", "system:authenticated"],
            "resourceAttributes": {key: value for key, value in {**asked, "namespace": place}.items() if value},
        }
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview", "spec": spec}
        return bool((await self.cluster.create(_REVIEWS, None, review))["status"]["allowed"])

    async def _lease(self, now: datetime) -> Part:
        try:
            found = await self.cluster.get(LEASES, self.home, LEASE)
        except NotFoundError:
            return lease_part({}, self.home, now)
        except DeniedError as error:
            return _unseen("engine at work", error)
        return lease_part(found["spec"], self.home, now)

    async def _action(self, name: str, action: Action) -> tuple[list[str], list[Part]]:
        """Where it is granted, and what there is to say of it there."""
        what, remedy = f"action {name}", f"kubernaut rbac render {name} -n NAMESPACE | kubectl apply -f -"
        try:
            places = await bound_namespaces(self.cluster, name, action.spec)
            if not places:
                return [], [_optional(what, "it is granted in no namespace", remedy)]
            wanted = [*self.namespaces] or places
            return wanted, [await self._granted(name, action, place, bound=place in places) for place in wanted]
        except DeniedError as error:
            return [], [_unseen(what, error)]

    async def _granted(self, name: str, action: Action, place: str, *, bound: bool) -> Part:
        what, findings = f"action {name} in {place}", await check_action(self.cluster, name, action.spec, place)
        missing, over = ([f for f in findings if f.kind == kind] for kind in ("missing", "over-grant"))
        if missing and not bound:
            return _optional(what, "it is not granted there", missing[0].source)
        if missing:
            return Part(what, State.MISSING, f"it lacks {', '.join(f.right for f in missing)}", missing[0].source)
        told = f"{action.spec.service_account} holds what the action declares"
        if over:
            return Part(what, State.OK, f"{told}, and more", f"kubernaut rbac check {name} -n {place}")
        return Part(what, State.OK, told)

    async def _policies(self) -> Part:
        absent: list[str] = []
        try:
            for name in POLICIES:
                try:
                    await self.cluster.get(_POLICIES, None, f"kubernaut-{name}")
                except NotFoundError:
                    absent.append(name)
        except DeniedError as error:
            return _optional("admission policies", f"not to be seen: {error}", "")
        if absent:
            told = f"without {', '.join(absent)}: see docs/security.md for what that leaves open"
            return _optional("admission policies", told, "kubectl apply -k deploy/admission")
        return Part("admission policies", State.OK, ", ".join(POLICIES))

    async def _bounds(self, place: str) -> list[Part]:
        remedy = INSTALL if place == self.home else f"kubectl apply -k deploy/target-namespace -n {place}"
        parts = []
        for kind, resource in _BOUNDS.items():
            what = f"{kind} in {place}"
            try:
                found = (await self.cluster.list(resource, place)).items
            except (NotFoundError, DeniedError) as error:
                parts.append(_optional(what, f"not to be seen: {error}", ""))
                continue
            names = ", ".join(one["metadata"]["name"] for one in found)
            parts.append(Part(what, State.OK, names) if names else _optional(what, "there is none", remedy))
        return parts


def _there(what: str) -> Part:
    return Part(what, State.OK, "it exists")


def _unseen(what: str, error: DeniedError) -> Part:
    return Part(what, State.UNKNOWN, f"you may not see: {error}", "run this as somebody who may")


def _optional(what: str, told: str, remedy: str) -> Part:
    return Part(what, State.OPTIONAL, told, remedy)
