"""Calls every installed policy for an execution. A policy that cannot be called has not approved it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from kubernaut.admission.decisions import Admitted, Rejected
from kubernaut.admission.validate_hook import find_problems, join_problems
from kubernaut.api.execution import Reason
from kubernaut.api.plugin import Execution, Target
from kubernaut.errors import DeniedError, HookError, NotFoundError
from kubernaut.kube.client import Cluster
from kubernaut.kube.objects import resource_of
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.plugins.registry import Policy, Registry
from kubernaut.telemetry.stage_recorder import stage


@dataclass(frozen=True, slots=True)
class PolicyChecker:
    """Asks the policies of a registry."""

    registry: Registry
    hooks: HookCaller
    cluster: Cluster | None = None
    """Where targets' labels are read, for policies that need them; None offline."""

    async def check(self, admitted: Admitted) -> Rejected | None:
        """Return the first rejection, or None if every policy approves."""
        for name in sorted(self.registry.broken_policies):
            error = self.registry.broken[name]
            return Rejected(Reason.POLICY_DENIED, f"policy {name} is not usable, so no execution runs: {error}")
        for policy in self.registry.policies:
            with stage("policy", policy.name) as entry:
                rejection = await self._ask_policy(policy, admitted.execution)
                if rejection:
                    entry.error = rejection.message
                    return rejection
        return None

    async def _ask_policy(self, policy: Policy, execution: Execution) -> Rejected | None:
        """Ask one policy, which sees its own settings, and the target's labels if it reads them."""
        execution = replace(execution, settings=policy.settings)
        try:
            if self.cluster is not None and await self._reads_labels(policy, execution):
                labels = await _labels(self.cluster, execution.target, execution.namespace)
                execution = replace(execution, target_labels=labels)
            problems = await find_problems(self.hooks, policy, execution)
        except (HookError, DeniedError) as error:
            return Rejected(Reason.POLICY_DENIED, f"policy {policy.name} could not decide: {error}")
        if problems:
            return Rejected(Reason.POLICY_DENIED, f"policy {policy.name}: {join_problems(problems)}")
        return None

    async def _reads_labels(self, policy: Policy, execution: Execution) -> bool:
        reads = policy.spec.reads_labels
        return reads is not None and await self.hooks.call(policy.name, "reads_labels", partial(reads, execution))


async def _labels(cluster: Cluster, target: Target, namespace: str) -> Mapping[str, str]:
    """Return the target's own labels; none for a target that does not exist or is not in the cluster.

    Raises DeniedError with the remedy where the engine is not allowed to read the target.
    """
    if not target.resource:
        return {}
    resource = resource_of(target.resource)
    try:
        found = await cluster.get(resource, namespace, target.name)
    except NotFoundError:
        return {}
    except DeniedError as error:
        remedy = f"grant the engine `get` on {resource.plural} there, or protect by name"
        message = f"it depends on labels, and the engine is not allowed to read those of {target}; {remedy}"
        raise DeniedError(message) from error
    return dict(found["metadata"].get("labels", {}))
