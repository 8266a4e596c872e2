"""The columns of the built-in kinds, as `kubectl get` shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubernaut_sandbox.api.printer_cells import (
    access_modes,
    autoscaler_metrics,
    autoscaler_target,
    claim_phase,
    class_name,
    controller_reference,
    event_object,
    job_status,
    last_schedule,
    node_status,
    pod_ready,
    pod_restarts,
    pod_status,
    quota_usage,
    readiness_gates,
    role_reference,
    selector_text,
    service_ports,
    volume_claim,
)
from kubernaut_sandbox.model.durations import age, duration_between
from kubernaut_sandbox.model.objects import Object, dig, meta, name_of, spec_of


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header, and how to compute its cell from an object."""

    name: str
    cell: Callable[[Object], Any]
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> Object:
        """Return the column's entry in columnDefinitions."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description or self.name,
            "priority": self.priority,
        }


NAME = Column("Name", name_of, "string", "name")
AGE = Column("Age", lambda obj: age(meta(obj).get("creationTimestamp")))


def _field(name: str, path: str, default: Any = "", kind: str = "string", priority: int = 0) -> Column:
    def read(obj: Object) -> Any:
        value = dig(obj, path)
        return default if value is None else value

    return Column(name, read, kind, priority=priority)


def _count(name: str, path: str) -> Column:
    return _field(name, path, 0, "integer")


def _size(name: str, *fields: str) -> Column:
    return Column(name, lambda obj: sum(len(obj.get(field) or ()) for field in fields), "integer")


def _ready(ready: str, desired: str = "spec.replicas") -> Column:
    return Column("Ready", lambda obj: f"{dig(obj, ready) or 0}/{dig(obj, desired) or 0}")


def _containers(spec: str) -> list[Column]:
    def listed(obj: Object, field: str) -> str:
        return ",".join(str(container.get(field)) for container in dig(obj, f"{spec}.containers") or ())

    return [
        Column("Containers", lambda obj: listed(obj, "name"), priority=1),
        Column("Images", lambda obj: listed(obj, "image"), priority=1),
        Column("Selector", lambda obj: selector_text(spec_of(obj).get("selector")), priority=1),
    ]


_CREATED_AT = Column("Created At", lambda obj: meta(obj).get("creationTimestamp"))
_RBAC = "rbac.authorization.k8s.io"

BUILT_IN_COLUMNS: dict[str, list[Column]] = {
    "namespaces": [NAME, _field("Status", "status.phase"), AGE],
    "nodes": [
        NAME,
        Column("Status", node_status),
        Column("Roles", lambda _: "<none>"),
        AGE,
        _field("Version", "status.nodeInfo.kubeletVersion"),
    ],
    "configmaps": [NAME, _size("Data", "data", "binaryData"), AGE],
    "secrets": [NAME, _field("Type", "type"), _size("Data", "data"), AGE],
    "serviceaccounts": [NAME, _size("Secrets", "secrets"), AGE],
    "services": [
        NAME,
        _field("Type", "spec.type"),
        _field("Cluster-IP", "spec.clusterIP", "<none>"),
        Column("External-IP", lambda _: "<none>"),
        Column("Port(s)", service_ports),
        AGE,
    ],
    "pods": [
        NAME,
        Column("Ready", pod_ready),
        Column("Status", pod_status),
        Column("Restarts", pod_restarts),
        AGE,
        _field("IP", "status.podIP", "<none>", priority=1),
        _field("Node", "spec.nodeName", "<none>", priority=1),
        _field("Nominated Node", "status.nominatedNodeName", "<none>", priority=1),
        Column("Readiness Gates", readiness_gates, priority=1),
    ],
    "events": [
        Column(
            "Last Seen",
            lambda obj: age(obj.get("lastTimestamp") or obj.get("eventTime") or meta(obj).get("creationTimestamp")),
        ),
        _field("Type", "type"),
        _field("Reason", "reason"),
        Column("Object", event_object),
        _field("Message", "message"),
    ],
    "persistentvolumeclaims": [
        NAME,
        Column("Status", claim_phase),
        _field("Volume", "spec.volumeName"),
        _field("Capacity", "status.capacity.storage"),
        Column("Access Modes", lambda obj: access_modes(dig(obj, "status.accessModes"))),
        _field("StorageClass", "spec.storageClassName"),
        _field("VolumeAttributesClass", "spec.volumeAttributesClassName", "<unset>"),
        AGE,
        _field("VolumeMode", "spec.volumeMode", "<unset>", priority=1),
    ],
    "persistentvolumes": [
        NAME,
        _field("Capacity", "spec.capacity.storage"),
        Column("Access Modes", lambda obj: access_modes(dig(obj, "spec.accessModes"))),
        _field("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
        Column("Status", claim_phase),
        Column("Claim", volume_claim),
        _field("StorageClass", "spec.storageClassName"),
        _field("VolumeAttributesClass", "spec.volumeAttributesClassName", "<unset>"),
        _field("Reason", "status.reason"),
        AGE,
        _field("VolumeMode", "spec.volumeMode", "<unset>", priority=1),
    ],
    "storageclasses.storage.k8s.io": [
        Column("Name", class_name, "string", "name"),
        _field("Provisioner", "provisioner"),
        _field("ReclaimPolicy", "reclaimPolicy", "Delete"),
        _field("VolumeBindingMode", "volumeBindingMode", "Immediate"),
        _field("AllowVolumeExpansion", "allowVolumeExpansion", False),
        AGE,
    ],
    "resourcequotas": [NAME, Column("Request", quota_usage), Column("Limit", lambda _: ""), AGE],
    "deployments.apps": [
        NAME,
        _ready("status.readyReplicas"),
        _count("Up-to-date", "status.updatedReplicas"),
        _count("Available", "status.availableReplicas"),
        AGE,
        *_containers("spec.template.spec"),
    ],
    "replicasets.apps": [
        NAME,
        _count("Desired", "spec.replicas"),
        _count("Current", "status.replicas"),
        _count("Ready", "status.readyReplicas"),
        AGE,
        *_containers("spec.template.spec"),
    ],
    "statefulsets.apps": [NAME, _ready("status.readyReplicas"), AGE, *_containers("spec.template.spec")[:2]],
    "jobs.batch": [
        NAME,
        Column("Status", job_status),
        Column("Completions", lambda obj: f"{dig(obj, 'status.succeeded') or 0}/{dig(obj, 'spec.completions') or 1}"),
        Column(
            "Duration", lambda obj: duration_between(dig(obj, "status.startTime"), dig(obj, "status.completionTime"))
        ),
        AGE,
        *_containers("spec.template.spec"),
    ],
    "horizontalpodautoscalers.autoscaling": [
        NAME,
        Column("Reference", autoscaler_target),
        Column("Targets", autoscaler_metrics),
        Column("MinPods", lambda obj: str(spec_of(obj).get("minReplicas", "<unset>"))),
        _count("MaxPods", "spec.maxReplicas"),
        _count("Replicas", "status.currentReplicas"),
        AGE,
    ],
    "cronjobs.batch": [
        NAME,
        _field("Schedule", "spec.schedule"),
        _field("Timezone", "spec.timeZone", "<none>"),
        Column("Suspend", lambda obj: str(bool(spec_of(obj).get("suspend")))),
        Column("Active", lambda obj: len(dig(obj, "status.active") or ()), "integer"),
        Column("Last Schedule", last_schedule),
        AGE,
        *_containers("spec.jobTemplate.spec.template.spec"),
    ],
    "leases.coordination.k8s.io": [NAME, _field("Holder", "spec.holderIdentity"), AGE],
    f"roles.{_RBAC}": [NAME, _CREATED_AT],
    f"clusterroles.{_RBAC}": [NAME, _CREATED_AT],
    f"rolebindings.{_RBAC}": [NAME, Column("Role", role_reference), AGE],
    f"clusterrolebindings.{_RBAC}": [NAME, Column("Role", role_reference), AGE],
    "customresourcedefinitions.apiextensions.k8s.io": [NAME, _CREATED_AT],
    "daemonsets.apps": [
        NAME,
        _count("Desired", "status.desiredNumberScheduled"),
        _count("Current", "status.currentNumberScheduled"),
        _count("Ready", "status.numberReady"),
        _count("Up-to-date", "status.updatedNumberScheduled"),
        _count("Available", "status.numberAvailable"),
        Column(
            "Node Selector", lambda obj: selector_text({"matchLabels": dig(obj, "spec.template.spec.nodeSelector")})
        ),
        AGE,
        *_containers("spec.template.spec"),
    ],
    "controllerrevisions.apps": [
        NAME,
        Column("Controller", controller_reference),
        Column("Revision", lambda obj: str(obj.get("revision", 0))),
        AGE,
    ],
    "networkpolicies.networking.k8s.io": [
        NAME,
        Column("Pod-Selector", lambda obj: selector_text(spec_of(obj).get("podSelector"))),
        AGE,
    ],
    "poddisruptionbudgets.policy": [
        NAME,
        Column("Min Available", lambda obj: str(spec_of(obj).get("minAvailable", "N/A"))),
        Column("Max Unavailable", lambda obj: str(spec_of(obj).get("maxUnavailable", "N/A"))),
        _count("Allowed Disruptions", "status.disruptionsAllowed"),
        AGE,
    ],
    "priorityclasses.scheduling.k8s.io": [
        NAME,
        _count("Value", "value"),
        Column("Global-Default", lambda obj: bool(obj.get("globalDefault")), "boolean"),
        AGE,
        _field("PreemptionPolicy", "preemptionPolicy"),
    ],
}
