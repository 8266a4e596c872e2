"""Whether the rules of the policy `approvals` can be satisfied in a cluster: who may propose, who may approve, and are both known?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kubernaut.errors import DeniedError, NotFoundError
from kubernaut.install.checks import CheckResult, State
from kubernaut.install.holders import Holder, holders
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import resource_of
from kubernaut.plugins.registry import Registry
from kubernaut.policies.approvals import ApprovalRule, Approvals

_STAMPS = resource_of("admissionregistration.k8s.io/v1/mutatingadmissionpolicies")


async def check_approvals(cluster: Cluster, registry: Registry, namespaces: Sequence[str]) -> list[CheckResult]:
    """Return a result for each rule of the configuration; none where there is no rule.

    `namespaces` are those in which actions are granted.
    """
    settings = [policy.settings for policy in registry.policies if isinstance(policy.settings, Approvals)]
    rules = [rule for one in settings for rule in one.rules]
    if not rules:
        return []
    try:
        approvers, proposers = await holders(cluster, "execute"), await holders(cluster, "propose")
        results = [
            _rule(number, rule, registry.actions, namespaces, approvers, proposers) for number, rule in enumerate(rules)
        ]
        if any(rule.two_people for rule in rules):
            results.append(await _stamp(cluster))
    except DeniedError as error:
        return [CheckResult("approvals", State.UNKNOWN, f"you are not allowed to see them: {error}")]
    return results


def _rule(
    number: int,
    rule: ApprovalRule,
    actions: Iterable[str],
    namespaces: Sequence[str],
    approvers: Sequence[Holder],
    proposers: Sequence[Holder],
) -> CheckResult:
    component = f"approvals.rules[{number}]"
    stuck = [
        f"{action} in {namespace}"
        for namespace in namespaces
        for action in actions
        if rule.applies_to(namespace, action) and not _can_be_approved(rule, action, namespace, approvers, proposers)
    ]
    if not stuck:
        return CheckResult(component, State.OK, "somebody may propose and somebody may approve what it applies to")
    people = (
        "two people hold execute, or one holds it and another propose" if rule.two_people else "anybody holds execute"
    )
    detail = f"not possible, because not {people}: {', '.join(stuck[:3])}{' and more' if len(stuck) > 3 else ''}"
    remedy = "kubectl create rolebinding NAME -n NAMESPACE --clusterrole=kubernaut-run-ACTION --user=USER"
    return CheckResult(component, State.MISSING, detail, remedy)


def _can_be_approved(
    rule: ApprovalRule, action: str, namespace: str, approvers: Sequence[Holder], proposers: Sequence[Holder]
) -> bool:
    """Whether there is somebody to approve, and, where two people are asked for, somebody else to propose. A group may be many people."""
    approving = {(one.kind, one.name) for one in approvers if one.may_act_on(action, namespace)}
    proposing = {(one.kind, one.name) for one in proposers if one.may_act_on(action, namespace)} | approving
    if not approving or not rule.two_people:
        return bool(approving)
    return len(proposing) > 1 or any(kind == "Group" for kind, _ in approving)


async def _stamp(cluster: Cluster) -> CheckResult:
    component, remedy = "approvals: who proposed and approved", "kubectl apply -k deploy/admission/stamp"
    try:
        await cluster.get(_STAMPS, None, "kubernaut-stamp")
    except NotFoundError:
        detail = (
            "two people cannot be told apart: nothing stamps the requester, so every execution that needs two is denied"
        )
        return CheckResult(component, State.MISSING, detail, remedy)
    return CheckResult(component, State.OK, "kubernaut-stamp writes it on every execution")
