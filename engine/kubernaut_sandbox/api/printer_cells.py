"""What the cells of a table show: the STATUS of a pod or Job, and the other values that kubectl computes from an object."""

from __future__ import annotations

from kubernaut_sandbox.model.durations import age
from kubernaut_sandbox.model.objects import (
    Object,
    condition_of,
    controller_of,
    dig,
    has_condition,
    is_deleting,
    spec_of,
    status_of,
)


def pod_status(pod: Object) -> str:
    """Return the STATUS of `kubectl get pods`: the phase, or the reason that says more."""
    status = status_of(pod)
    reason = _init_reason(pod) or _containers_reason(
        status, str(status.get("reason") or status.get("phase") or "Pending")
    )
    return "Terminating" if is_deleting(pod) and reason not in ("Completed", "Error") else reason


def pod_ready(pod: Object) -> str:
    """Return the READY of `kubectl get pods`: ready containers of all containers."""
    statuses = status_of(pod).get("containerStatuses") or ()
    return f"{sum(bool(c.get('ready')) for c in statuses)}/{len(spec_of(pod).get('containers') or ())}"


def pod_restarts(pod: Object) -> str:
    """Return how often the pod's containers were restarted."""
    return str(sum(container.get("restartCount", 0) for container in status_of(pod).get("containerStatuses") or ()))


def readiness_gates(pod: Object) -> str:
    """Return how many of the pod's readiness gates are open, of all."""
    gates = spec_of(pod).get("readinessGates") or ()
    return f"{sum(has_condition(pod, gate['conditionType']) for gate in gates)}/{len(gates)}" if gates else "<none>"


def job_status(job: Object) -> str:
    """Return the STATUS of `kubectl get jobs`."""
    for kind in ("Complete", "Failed", "Suspended", "FailureTarget", "SuccessCriteriaMet"):
        if has_condition(job, kind):
            return kind
    return "Terminating" if is_deleting(job) else "Running"


def last_schedule(cron_job: Object) -> str:
    """Return how long ago the CronJob last started a Job."""
    last = status_of(cron_job).get("lastScheduleTime")
    return age(last) if last else "<none>"


def node_status(node: Object) -> str:
    """Return the STATUS of `kubectl get nodes`."""
    ready = (condition_of(node, "Ready") or {}).get("status")
    text = "Ready" if ready == "True" else "NotReady"
    return f"{text},SchedulingDisabled" if spec_of(node).get("unschedulable") else text


def quota_usage(quota: Object) -> str:
    """Return the used and allowed amounts of a ResourceQuota."""
    status = status_of(quota)
    used = status.get("used") or {}
    return ", ".join(
        f"{name}: {used.get(name, 0)}/{limit}" for name, limit in sorted((status.get("hard") or {}).items())
    )


def service_ports(service: Object) -> str:
    """Return the ports of a Service as `port/protocol`."""
    ports = spec_of(service).get("ports") or ()
    return ",".join(f"{port['port']}/{port.get('protocol', 'TCP')}" for port in ports) or "<none>"


def event_object(event: Object) -> str:
    """Return the object that an Event is about, as `kind/name`."""
    about = event.get("involvedObject") or {}
    return f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"


def role_reference(binding: Object) -> str:
    """Return the role of a RoleBinding or ClusterRoleBinding, as `kind/name`."""
    return f"{dig(binding, 'roleRef.kind')}/{dig(binding, 'roleRef.name')}"


def controller_reference(obj: Object) -> str:
    """Return the controller of an object, as `kind.group/name`."""
    owner = controller_of(obj)
    if owner is None:
        return "<none>"
    group = owner["apiVersion"].rpartition("/")[0]
    return f"{owner['kind'].lower()}{'.' + group if group else ''}/{owner['name']}"


def access_modes(modes: list[str] | None) -> str:
    """Return access modes in short, as RWO,ROX."""
    short = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
    return ",".join(short[mode] for mode in short if mode in (modes or ()))


def claim_phase(obj: Object) -> str:
    """Return the STATUS of a PersistentVolumeClaim or PersistentVolume."""
    return "Terminating" if is_deleting(obj) else str(status_of(obj).get("phase", ""))


def volume_claim(volume: Object) -> str:
    """Return the claim of a PersistentVolume, as `namespace/name`."""
    reference = spec_of(volume).get("claimRef")
    return f"{reference.get('namespace')}/{reference.get('name')}" if reference else ""


def class_name(storage_class: Object) -> str:
    """Return the name of a StorageClass; the default one says so."""
    annotations = dig(storage_class, "metadata.annotations") or {}
    default = annotations.get("storageclass.kubernetes.io/is-default-class") == "true"
    return f"{dig(storage_class, 'metadata.name')}{' (default)' if default else ''}"


def autoscaler_target(autoscaler: Object) -> str:
    """Return the target of a HorizontalPodAutoscaler, as `kind/name`."""
    return f"{dig(autoscaler, 'spec.scaleTargetRef.kind')}/{dig(autoscaler, 'spec.scaleTargetRef.name')}"


def autoscaler_metrics(autoscaler: Object) -> str:
    """Return up to two metrics of a HorizontalPodAutoscaler with their goals; nothing measures the present values."""
    metrics = spec_of(autoscaler).get("metrics") or ()
    shown = ", ".join(_metric_goal(metric) for metric in metrics[:2])
    return f"{shown} + {len(metrics) - 2} more..." if len(metrics) > 2 else shown or "<none>"


def selector_text(selector: Object | None) -> str:
    """Return the matchLabels of a selector as `key=value` pairs."""
    labels = (selector or {}).get("matchLabels") or {}
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items())) or "<none>"


def _metric_goal(metric: Object) -> str:
    kind = str(metric.get("type", ""))
    source = metric.get(f"{kind[:1].lower()}{kind[1:]}") or {}
    target = source.get("target") or {}
    share = f"{target['averageUtilization']}%" if target.get("averageUtilization") is not None else "<auto>"
    if kind in ("Resource", "ContainerResource"):
        return f"{source.get('name')}: <unknown>/{target.get('averageValue') or share}"
    if kind != "Pods" and target.get("averageValue"):
        return f"<unknown>/{target['averageValue']} (avg)"
    return f"<unknown>/{target.get('averageValue') or target.get('value')}"


def _init_reason(pod: Object) -> str:
    """Return the reason of the first init container that has not succeeded; empty when all have."""
    for index, container in enumerate(status_of(pod).get("initContainerStatuses") or ()):
        state = container.get("state") or {}
        terminated = state.get("terminated")
        if terminated and terminated["exitCode"] == 0:
            continue
        waiting = (state.get("waiting") or {}).get("reason")
        if terminated:
            return f"Init:{terminated.get('reason') or 'Error'}"
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{index}/{len(spec_of(pod).get('initContainers') or ())}"
    return ""


def _containers_reason(status: Object, reason: str) -> str:
    running = False
    for container in reversed(status.get("containerStatuses") or []):
        state = container.get("state") or {}
        if waiting := state.get("waiting"):
            reason = waiting.get("reason") or reason
        elif terminated := state.get("terminated"):
            reason = terminated.get("reason") or f"ExitCode:{terminated['exitCode']}"
        elif container.get("ready"):
            running = True
    return "Running" if running and reason == "Completed" else reason
