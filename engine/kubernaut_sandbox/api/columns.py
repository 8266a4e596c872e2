"""The columns of the built-in kinds, as kubectl get shows them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from kubernaut_sandbox.model.durations import age, between
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    dig,
    has_condition,
    is_deleting,
    meta,
    name_of,
    spec_of,
    status_of,
)


@dataclass(frozen=True, slots=True)
class Column:
    """One column: how it is called and what it shows of an object."""

    name: str
    cell: Callable[[Object], Any]
    type: str = "string"
    format: str = ""
    priority: int = 0
    description: str = ""

    def definition(self) -> Object:
        """The column's entry in columnDefinitions."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description or self.name,
            "priority": self.priority,
        }


NAME = Column("Name", name_of, "string", "name")
AGE = Column("Age", lambda obj: age(meta(obj).get("creationTimestamp")))


def field_column(name: str, path: str, default: Any = "", kind: str = "string", priority: int = 0) -> Column:
    def read(obj: Object) -> Any:
        value = dig(obj, path)
        return default if value is None else value

    return Column(name, read, kind, priority=priority)


def count_column(name: str, path: str) -> Column:
    return field_column(name, path, 0, "integer")


def _size(name: str, *fields: str) -> Column:
    return Column(name, lambda obj: sum(len(obj.get(field) or ()) for field in fields), "integer")


def _ready(ready: str, wanted: str = "spec.replicas") -> Column:
    return Column("Ready", lambda obj: f"{dig(obj, ready) or 0}/{dig(obj, wanted) or 0}")


def container_columns(spec: str) -> list[Column]:
    def listed(obj: Object, field: str) -> str:
        return ",".join(str(container.get(field)) for container in dig(obj, f"{spec}.containers") or ())

    return [
        Column("Containers", lambda obj: listed(obj, "name"), priority=1),
        Column("Images", lambda obj: listed(obj, "image"), priority=1),
        Column("Selector", lambda obj: selector_text(spec_of(obj).get("selector")), priority=1),
    ]


def selector_text(selector: Object | None) -> str:
    labels = (selector or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"


def pod_status(pod: Object) -> str:
    """The STATUS of kubectl get pods: the phase, or the most telling reason."""
    status = status_of(pod)
    reason = str(status.get("reason") or status.get("phase") or "Pending")
    initializing = False
    for index, container in enumerate(status.get("initContainerStatuses") or ()):
        state = container.get("state") or {}
        ended = state.get("terminated")
        if ended and ended["exitCode"] == 0:
            continue
        initializing = True
        waiting = (state.get("waiting") or {}).get("reason")
        if ended:
            reason = f"Init:{ended.get('reason') or 'Error'}"
        elif waiting and waiting != "PodInitializing":
            reason = f"Init:{waiting}"
        else:
            reason = f"Init:{index}/{len(spec_of(pod).get('initContainers') or ())}"
        break
    if not initializing:
        reason = _containers_reason(status, reason)
    return "Terminating" if is_deleting(pod) and reason not in ("Completed", "Error") else reason


def _containers_reason(status: Object, reason: str) -> str:
    running = False
    for container in reversed(status.get("containerStatuses") or []):
        state = container.get("state") or {}
        if waiting := state.get("waiting"):
            reason = waiting.get("reason") or reason
        elif ended := state.get("terminated"):
            reason = ended.get("reason") or f"ExitCode:{ended['exitCode']}"
        elif container.get("ready"):
            running = True
    return "Running" if running and reason == "Completed" else reason


def _restarts(pod: Object) -> str:
    return str(sum(container.get("restartCount", 0) for container in status_of(pod).get("containerStatuses") or ()))


def _pod_ready(pod: Object) -> str:
    statuses = status_of(pod).get("containerStatuses") or ()
    return f"{sum(bool(c.get('ready')) for c in statuses)}/{len(spec_of(pod).get('containers') or ())}"


def job_status(job: Object) -> str:
    """The STATUS of kubectl get jobs."""
    for kind in ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if has_condition(job, kind):
            return kind
    return "Terminating" if is_deleting(job) else "Running"


def _node_status(node: Object) -> str:
    ready = (condition_of(node, "Ready") or {}).get("status")
    words = "Ready" if ready == "True" else "NotReady"
    return f"{words},SchedulingDisabled" if spec_of(node).get("unschedulable") else words


def _role(binding: Object) -> str:
    return f"{dig(binding, 'roleRef.kind')}/{dig(binding, 'roleRef.name')}"


def _quota(quota: Object) -> str:
    status = status_of(quota)
    used = status.get("used") or {}
    return ", ".join(
        f"{name}: {used.get(name, 0)}/{limit}" for name, limit in sorted((status.get("hard") or {}).items())
    )


def _about(event: Object) -> str:
    about = event.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


_CREATED_AT = Column("Created At", lambda obj: meta(obj).get("creationTimestamp"))
_RBAC = "rbac.authorization.k8s.io"

BUILT_IN_COLUMNS: dict[str, list[Column]] = {
    "namespaces": [NAME, field_column("Status", "status.phase"), AGE],
    "nodes": [
        NAME,
        Column("Status", _node_status),
        Column("Roles", lambda _: "<none>"),
        AGE,
        field_column("Version", "status.nodeInfo.kubeletVersion"),
    ],
    "configmaps": [NAME, _size("Data", "data", "binaryData"), AGE],
    "secrets": [NAME, field_column("Type", "type"), _size("Data", "data"), AGE],
    "serviceaccounts": [NAME, _size("Secrets", "secrets"), AGE],
    "services": [
        NAME,
        field_column("Type", "spec.type"),
        field_column("Cluster-IP", "spec.clusterIP", "<none>"),
        Column("External-IP", lambda _: "<none>"),
        Column(
            "Port(s)",
            lambda obj: (
                ",".join(f"{p['port']}/{p.get('protocol', 'TCP')}" for p in spec_of(obj).get("ports") or ()) or "<none>"
            ),
        ),
        AGE,
    ],
    "pods": [
        NAME,
        Column("Ready", _pod_ready),
        Column("Status", pod_status),
        Column("Restarts", _restarts),
        AGE,
        field_column("IP", "status.podIP", "<none>", priority=1),
        field_column("Node", "spec.nodeName", "<none>", priority=1),
        field_column("Nominated Node", "status.nominatedNodeName", "<none>", priority=1),
        Column("Readiness Gates", lambda _: "<none>", priority=1),
    ],
    "events": [
        Column(
            "Last Seen",
            lambda obj: age(obj.get("lastTimestamp") or obj.get("eventTime") or meta(obj).get("creationTimestamp")),
        ),
        field_column("Type", "type"),
        field_column("Reason", "reason"),
        Column("Object", _about),
        field_column("Message", "message"),
    ],
    "resourcequotas": [NAME, Column("Request", _quota), Column("Limit", lambda _: ""), AGE],
    "deployments.apps": [
        NAME,
        _ready("status.readyReplicas"),
        count_column("Up-to-date", "status.updatedReplicas"),
        count_column("Available", "status.availableReplicas"),
        AGE,
        *container_columns("spec.template.spec"),
    ],
    "replicasets.apps": [
        NAME,
        count_column("Desired", "spec.replicas"),
        count_column("Current", "status.replicas"),
        count_column("Ready", "status.readyReplicas"),
        AGE,
        *container_columns("spec.template.spec"),
    ],
    "statefulsets.apps": [NAME, _ready("status.readyReplicas"), AGE, *container_columns("spec.template.spec")[:2]],
    "jobs.batch": [
        NAME,
        Column("Status", job_status),
        Column("Completions", lambda obj: f"{dig(obj, 'status.succeeded') or 0}/{dig(obj, 'spec.completions') or 1}"),
        Column("Duration", lambda obj: between(dig(obj, "status.startTime"), dig(obj, "status.completionTime"))),
        AGE,
        *container_columns("spec.template.spec"),
    ],
    "leases.coordination.k8s.io": [NAME, field_column("Holder", "spec.holderIdentity"), AGE],
    f"roles.{_RBAC}": [NAME, _CREATED_AT],
    f"clusterroles.{_RBAC}": [NAME, _CREATED_AT],
    f"rolebindings.{_RBAC}": [NAME, Column("Role", _role), AGE],
    f"clusterrolebindings.{_RBAC}": [NAME, Column("Role", _role), AGE],
    "customresourcedefinitions.apiextensions.k8s.io": [NAME, _CREATED_AT],
}
