"""What each built-in kind adds to the common rules: its defaults, its validation, its immutable fields."""

from __future__ import annotations

from kubernaut_sandbox.registry.strategies.base import Strategy
from kubernaut_sandbox.registry.strategies.data import ConfigMaps, Secrets
from kubernaut_sandbox.registry.strategies.jobs import Jobs
from kubernaut_sandbox.registry.strategies.namespaces import Namespaces
from kubernaut_sandbox.registry.strategies.pods import Pods
from kubernaut_sandbox.registry.strategies.policies import AdmissionPolicies, PolicyBindings
from kubernaut_sandbox.registry.strategies.rbac import Bindings, Roles
from kubernaut_sandbox.registry.strategies.recorded import DisruptionBudgets, NetworkPolicies, PriorityClasses
from kubernaut_sandbox.registry.strategies.small import Events, Leases, Quotas, Services
from kubernaut_sandbox.registry.strategies.workloads import DaemonSets, Deployments, ReplicaSets, StatefulSets

_ADMISSION = "admissionregistration.k8s.io"
_RBAC = "rbac.authorization.k8s.io"


def built_in_strategies() -> dict[str, Strategy]:
    """The strategies by resource; a kind that is not listed has only the common rules."""
    return {
        "configmaps": ConfigMaps(),
        "secrets": Secrets(),
        "namespaces": Namespaces(),
        "pods": Pods(),
        "services": Services(),
        "events": Events(),
        "resourcequotas": Quotas(),
        "leases.coordination.k8s.io": Leases(),
        "jobs.batch": Jobs(),
        "deployments.apps": Deployments(),
        "replicasets.apps": ReplicaSets(),
        "statefulsets.apps": StatefulSets(),
        "daemonsets.apps": DaemonSets(),
        "networkpolicies.networking.k8s.io": NetworkPolicies(),
        "poddisruptionbudgets.policy": DisruptionBudgets(),
        "priorityclasses.scheduling.k8s.io": PriorityClasses(),
        f"validatingadmissionpolicies.{_ADMISSION}": AdmissionPolicies("validations", "auditAnnotations"),
        f"validatingadmissionpolicybindings.{_ADMISSION}": PolicyBindings(needs_actions=True),
        f"mutatingadmissionpolicies.{_ADMISSION}": AdmissionPolicies("mutations"),
        f"mutatingadmissionpolicybindings.{_ADMISSION}": PolicyBindings(needs_actions=False),
        f"roles.{_RBAC}": Roles(),
        f"clusterroles.{_RBAC}": Roles(),
        f"rolebindings.{_RBAC}": Bindings(),
        f"clusterrolebindings.{_RBAC}": Bindings(),
    }
