"""Checks the components of an installation in a cluster: which exist, are missing or were left out, and the commands that fix that.

It changes nothing and sees what the user who runs it is allowed to see. What that user cannot see is reported as unknown, never as there.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from kubernaut.api.crd import crd
from kubernaut.api.rules import Rule
from kubernaut.api.runbook_crd import runbook_crd
from kubernaut.errors import DeniedError, NotFoundError
from kubernaut.install.checks import CheckResult, State, check_crd, check_lease, check_version
from kubernaut.install.guards import all_guards
from kubernaut.install.rbac import ENGINE_ACCOUNT, ENGINE_NAMESPACE, ENGINE_RULES, LEADER_RULES, LEASE
from kubernaut.install.rbac_drift import FindingKind, bound_namespaces, check_action
from kubernaut.kube.access import Account, missing_permissions
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import LEASES, SERVICE_ACCOUNTS, Object, Resource, resource_of
from kubernaut.plugins.registry import Action, Registry

POLICIES = (
    "action-accounts",
    "changing",
    "engine-job-changes",
    "engine-jobs",
    "executing",
    "requester",
    "reserved-jobs",
    "reserved-pods",
)
"""The admission policies of `deploy/admission` but the guards, without their prefix."""
INSTALL = "kubectl apply -k deploy/"
_CRDS = resource_of("apiextensions.k8s.io/v1/customresourcedefinitions")
_RUNBOOKS = "CRD of runbooks"
_NAMESPACES = resource_of("v1/namespaces")
_POLICIES = resource_of("admissionregistration.k8s.io/v1/validatingadmissionpolicies")
_BOUNDS = {
    "ResourceQuota": resource_of("v1/resourcequotas"),
    "NetworkPolicy": resource_of("networking.k8s.io/v1/networkpolicies"),
}


@dataclass(frozen=True, slots=True)
class Preflight:
    """Checks one installation in one cluster."""

    cluster: Cluster
    registry: Registry
    namespaces: Sequence[str] = ()
    """Where actions are to work and the engine needs its permissions. By default: wherever actions are granted, and everywhere."""
    home: str = ENGINE_NAMESPACE
    """The engine's own namespace."""

    async def run(self, now: datetime) -> list[CheckResult]:
        """Return the result for each component, in the order of installation. Raises UnavailableError if the API server does not answer."""
        results = [check_version(await self.cluster.version()), *await self._crds(), *await self._engine()]
        results += [result async for result in self._permissions()]
        results.append(await self._lease(now))
        granted = dict.fromkeys(self.namespaces)
        for name, action in sorted(self.registry.actions.items()):
            places, found = await self._action(name, action)
            granted |= dict.fromkeys(places)
            results += found
        broken = sorted(self.registry.broken.items())
        results += [CheckResult(f"plugin {name}", State.MISSING, str(error)) for name, error in broken]
        results.append(await self._policies())
        for place in (self.home, *sorted(granted)):
            results += [await self._bound(kind, resource, place) for kind, resource in _BOUNDS.items()]
        return results

    async def granted_namespaces(self) -> list[str]:
        """Return the namespaces in which an action is granted, as far as this user may see."""
        found: set[str] = set()
        for name, action in self.registry.actions.items():
            with suppress(DeniedError):
                found |= {*await bound_namespaces(self.cluster, name, action.spec)}
        return sorted(found)

    async def _crds(self) -> list[CheckResult]:
        """Return the result for the CRD, and for that of runbooks, which the engine does without."""
        return [await self._crd("CRD", crd(), State.MISSING), await self._crd(_RUNBOOKS, runbook_crd(), State.OPTIONAL)]

    async def _crd(self, component: str, own: Object, absent: State) -> CheckResult:
        name, remedy = own["metadata"]["name"], f"{INSTALL}, or the CRDs alone: kubernaut crd | kubectl apply -f -"
        try:
            found = await self.cluster.get(_CRDS, None, name)
        except NotFoundError:
            return CheckResult(component, absent, f"{name} does not exist", remedy)
        except DeniedError as error:
            if absent is State.OPTIONAL:
                return CheckResult(component, absent, f"it cannot be read: {error}")
            return _unknown(component, error)
        return check_crd(found, own, component, remedy)

    async def _engine(self) -> list[CheckResult]:
        namespace = await self._existence(f"namespace {self.home}", _NAMESPACES, None, self.home)
        component = f"ServiceAccount {self.home}/{ENGINE_ACCOUNT}"
        if namespace.state is not State.OK:
            return [namespace, CheckResult(component, namespace.state, namespace.detail, namespace.remedy)]
        return [namespace, await self._existence(component, SERVICE_ACCOUNTS, self.home, ENGINE_ACCOUNT)]

    async def _existence(self, component: str, resource: Resource, namespace: str | None, name: str) -> CheckResult:
        try:
            await self.cluster.get(resource, namespace, name)
        except NotFoundError:
            return CheckResult(component, State.MISSING, "it does not exist", INSTALL)
        except DeniedError as error:
            return _unknown(component, error)
        return CheckResult(component, State.OK, "it exists")

    async def _permissions(self) -> AsyncIterator[CheckResult]:
        rules = [(rule, place) for place in self.namespaces or ("",) for rule in ENGINE_RULES]
        for rule, place in (*rules, *((rule, self.home) for rule in LEADER_RULES)):
            try:
                yield await self._permission(rule, place)
            except DeniedError as error:
                yield _unknown("engine's permissions", error)
                return

    async def _permission(self, rule: Rule, place: str) -> CheckResult:
        where = f"in {place}" if place else "in every namespace"
        component = f"engine's permission: {', '.join(rule.verbs)} {', '.join(rule.resources)} {where}"
        account = Account(self.home, ENGINE_ACCOUNT)
        missing = await missing_permissions(self.cluster, account, rule.permissions(), place, local=False)
        if not missing:
            return CheckResult(component, State.OK, f"to {rule.why}")
        detail = f"it is not allowed to {', '.join(map(str, missing))}"
        return CheckResult(component, State.MISSING, detail, "kubernaut rbac render --engine | kubectl apply -f -")

    async def _lease(self, now: datetime) -> CheckResult:
        try:
            found = await self.cluster.get(LEASES, self.home, LEASE)
        except NotFoundError:
            return check_lease({}, self.home, now)
        except DeniedError as error:
            return _unknown("running engine", error)
        return check_lease(found["spec"], self.home, now)

    async def _action(self, name: str, action: Action) -> tuple[list[str], list[CheckResult]]:
        """Return the namespaces that are checked for this action, and the results."""
        component, remedy = f"action {name}", f"kubernaut rbac render {name} -n NAMESPACE | kubectl apply -f -"
        try:
            bound = await bound_namespaces(self.cluster, name, action.spec)
            if not bound:
                return [], [CheckResult(component, State.OPTIONAL, "it is granted in no namespace", remedy)]
            places = [*self.namespaces] or bound
            return places, [await self._grant(action, place, is_bound=place in bound) for place in places]
        except DeniedError as error:
            return [], [_unknown(component, error)]

    async def _grant(self, action: Action, place: str, *, is_bound: bool) -> CheckResult:
        component = f"action {action.name} in {place}"
        findings = await check_action(self.cluster, action.name, action.spec, place)
        missing = [finding for finding in findings if finding.kind is FindingKind.MISSING]
        if missing and not is_bound:
            return CheckResult(component, State.OPTIONAL, "it is not granted there", missing[0].source)
        if missing:
            detail = f"it lacks {', '.join(finding.permission for finding in missing)}"
            return CheckResult(component, State.MISSING, detail, missing[0].source)
        detail = f"{action.spec.service_account} has the permissions that the action declares"
        if findings:
            check = f"kubernaut rbac check {action.name} -n {place}"
            return CheckResult(component, State.OK, f"{detail}, and more", check)
        return CheckResult(component, State.OK, detail)

    async def _policies(self) -> CheckResult:
        component = "admission policies"
        absent: list[str] = []
        try:
            for name in self._policy_names():
                try:
                    await self.cluster.get(_POLICIES, None, f"kubernaut-{name}")
                except NotFoundError:
                    absent.append(name)
        except DeniedError as error:
            return CheckResult(component, State.OPTIONAL, f"they cannot be read: {error}")
        if absent:
            detail = f"{', '.join(absent)} missing: docs/security.md says what that leaves open"
            return CheckResult(component, State.OPTIONAL, detail, "kubectl apply -k deploy/admission")
        return CheckResult(component, State.OK, ", ".join(self._policy_names()))

    def _policy_names(self) -> list[str]:
        """Return the policies that the installed actions need, without their prefix."""
        guards = [
            manifest["metadata"]["name"]
            for manifest in all_guards(self.registry)
            if manifest["kind"] == "ValidatingAdmissionPolicy"
        ]
        return [*POLICIES, *(name.removeprefix("kubernaut-") for name in guards)]

    async def _bound(self, kind: str, resource: Resource, place: str) -> CheckResult:
        component = f"{kind} in {place}"
        try:
            found = (await self.cluster.list(resource, place)).items
        except (NotFoundError, DeniedError) as error:
            return CheckResult(component, State.OPTIONAL, f"it cannot be read: {error}")
        if found:
            return CheckResult(component, State.OK, ", ".join(one["metadata"]["name"] for one in found))
        remedy = INSTALL if place == self.home else f"kubectl apply -k deploy/target-namespace -n {place}"
        return CheckResult(component, State.OPTIONAL, "there is none", remedy)


def _unknown(component: str, error: DeniedError) -> CheckResult:
    detail = f"you are not allowed to see it: {error}"
    return CheckResult(component, State.UNKNOWN, detail, "run this as a user who is allowed to")
