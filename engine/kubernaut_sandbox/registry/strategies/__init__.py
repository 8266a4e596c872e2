"""What each built-in kind adds to the common rules: defaults, validation, immutable fields.

Start with `base`: the Strategy that every kind has. A module contains the strategy of one kind, or of kinds that share most rules.
"""

from __future__ import annotations

from kubernaut_sandbox.registry.strategies.admission_policies import AdmissionPolicyStrategy, PolicyBindingStrategy
from kubernaut_sandbox.registry.strategies.autoscalers import AutoscalerStrategy
from kubernaut_sandbox.registry.strategies.base import Strategy
from kubernaut_sandbox.registry.strategies.configmaps_secrets import ConfigMapStrategy, SecretStrategy
from kubernaut_sandbox.registry.strategies.cronjobs import CronJobStrategy
from kubernaut_sandbox.registry.strategies.daemonsets import ControllerRevisionStrategy, DaemonSetStrategy
from kubernaut_sandbox.registry.strategies.events import EventStrategy
from kubernaut_sandbox.registry.strategies.jobs import JobStrategy
from kubernaut_sandbox.registry.strategies.leases import LeaseStrategy
from kubernaut_sandbox.registry.strategies.namespaces import NamespaceStrategy
from kubernaut_sandbox.registry.strategies.pods import PodStrategy
from kubernaut_sandbox.registry.strategies.rbac import RoleBindingStrategy, RoleStrategy
from kubernaut_sandbox.registry.strategies.resourcequotas import ResourceQuotaStrategy
from kubernaut_sandbox.registry.strategies.services import ServiceStrategy
from kubernaut_sandbox.registry.strategies.statefulsets import StatefulSetStrategy
from kubernaut_sandbox.registry.strategies.storage import ClaimStrategy, StorageClassStrategy, VolumeStrategy
from kubernaut_sandbox.registry.strategies.stored_only import (
    DisruptionBudgetStrategy,
    NetworkPolicyStrategy,
    PriorityClassStrategy,
)
from kubernaut_sandbox.registry.strategies.workloads import DeploymentStrategy, ReplicaSetStrategy

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"


def built_in_strategies() -> dict[str, Strategy]:
    """Return the strategies by resource; a kind that is not listed has only the common rules."""
    return {
        "configmaps": ConfigMapStrategy(),
        "secrets": SecretStrategy(),
        "namespaces": NamespaceStrategy(),
        "pods": PodStrategy(),
        "persistentvolumeclaims": ClaimStrategy(),
        "persistentvolumes": VolumeStrategy(),
        "storageclasses.storage.k8s.io": StorageClassStrategy(),
        "services": ServiceStrategy(),
        "events": EventStrategy(),
        "resourcequotas": ResourceQuotaStrategy(),
        "leases.coordination.k8s.io": LeaseStrategy(),
        "cronjobs.batch": CronJobStrategy(),
        "jobs.batch": JobStrategy(),
        "deployments.apps": DeploymentStrategy(),
        "replicasets.apps": ReplicaSetStrategy(),
        "statefulsets.apps": StatefulSetStrategy(),
        "daemonsets.apps": DaemonSetStrategy(),
        "controllerrevisions.apps": ControllerRevisionStrategy(),
        "horizontalpodautoscalers.autoscaling": AutoscalerStrategy(),
        "networkpolicies.networking.k8s.io": NetworkPolicyStrategy(),
        "poddisruptionbudgets.policy": DisruptionBudgetStrategy(),
        "priorityclasses.scheduling.k8s.io": PriorityClassStrategy(),
        f"validatingadmissionpolicies.{_ADMISSION}": AdmissionPolicyStrategy("validations", "auditAnnotations"),
        f"validatingadmissionpolicybindings.{_ADMISSION}": PolicyBindingStrategy(needs_actions=True),
        f"mutatingadmissionpolicies.{_ADMISSION}": AdmissionPolicyStrategy("mutations"),
        f"mutatingadmissionpolicybindings.{_ADMISSION}": PolicyBindingStrategy(needs_actions=False),
        f"roles.{_RBAC}": RoleStrategy(),
        f"clusterroles.{_RBAC}": RoleStrategy(),
        f"rolebindings.{_RBAC}": RoleBindingStrategy(),
        f"clusterrolebindings.{_RBAC}": RoleBindingStrategy(),
    }
