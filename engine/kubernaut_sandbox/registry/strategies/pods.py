"""Pods, and the pod templates of workloads: defaults, validation, and the fields that an update can change."""

from __future__ import annotations

import re

from kubernaut_sandbox.model.names import label_causes, name_causes
from kubernaut_sandbox.model.objects import Object, meta, spec_of
from kubernaut_sandbox.model.statuses import Cause, invalid_value, not_implemented, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults
from kubernaut_sandbox.registry.strategies.probes import default_probe, readiness_probe_causes
from kubernaut_sandbox.registry.strategies.resources import resource_causes
from kubernaut_sandbox.registry.strategies.volumes import mount_causes, volume_causes

_ENV_NAME = re.compile(r"^[^=\x00]+$")
_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_UPDATE_REFUSAL = (
    "Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)


class PodStrategy(Strategy):
    """Defaults and validates pods; almost every field of their spec is immutable."""

    def prepare(self, obj: Object) -> Object:
        return {**obj, "spec": _with_pod_defaults(default_pod_spec(spec_of(obj)))}

    def prepare_create(self, obj: Object) -> Object:
        return {**obj, "status": {"phase": "Pending", "qosClass": qos_class(spec_of(obj))}}

    def validate(self, obj: Object) -> list[Cause]:
        return pod_spec_causes(spec_of(obj), "spec")

    def validate_update(self, new: Object, old: Object) -> list[Cause]:
        if _immutable_part(spec_of(new)) == _immutable_part(spec_of(old)):
            return []
        return [Cause("spec", _UPDATE_REFUSAL, "FieldValueForbidden")]


def default_template(template: Object, restart_policy: str | None = "Always") -> Object:
    """Return a pod template with its defaults; without a default for restartPolicy when `restart_policy` is None."""
    spec = default_pod_spec(template.get("spec") or {}, restart_policy)
    return {**template, "metadata": template.get("metadata") or {}, "spec": spec}


def default_pod_spec(spec: Object, restart_policy: str | None = "Always") -> Object:
    """Return a pod spec with its defaults; see `default_template`."""
    spec = with_defaults(
        spec,
        terminationGracePeriodSeconds=30,
        dnsPolicy="ClusterFirst",
        securityContext={},
        schedulerName="default-scheduler",
    )
    if restart_policy:
        spec = with_defaults(spec, restartPolicy=restart_policy)
    account = spec.get("serviceAccountName") or spec.get("serviceAccount")
    if account:
        spec = {**spec, "serviceAccountName": account, "serviceAccount": account}
    for field in ("containers", "initContainers"):
        if spec.get(field):
            spec = {**spec, field: [_default_container(container) for container in spec[field]]}
    if spec.get("volumes"):
        spec = {**spec, "volumes": [_default_volume(volume) for volume in spec["volumes"]]}
    return spec


def template_causes(template: Object, at: str = "spec.template") -> list[Cause]:
    """Return a cause for every invalid field of a pod template."""
    causes = label_causes(f"{at}.labels", meta(template).get("labels") or {})
    return causes + pod_spec_causes(spec_of(template), f"{at}.spec")


def pod_spec_causes(spec: Object, at: str) -> list[Cause]:
    """Return a cause for every invalid field of a pod spec; raise ApiError for what the sandbox's kubelet cannot run."""
    volumes, causes = volume_causes(spec.get("volumes") or [], f"{at}.volumes")
    claims = {volume.get("name") for volume in spec.get("volumes") or () if volume.get("persistentVolumeClaim")}
    containers = (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    mounts = [mount for item in containers for mount in item.get("volumeMounts") or ()]
    if any(mount.get("subPath") and mount.get("name") in claims for mount in mounts):
        raise not_implemented("subPath in the volume of a PersistentVolumeClaim")
    if not spec.get("containers"):
        causes.append(required(f"{at}.containers"))
    names: set[str] = set()
    for field in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(field) or ()):
            field_path = f"{at}.{field}[{index}]"
            causes += _container_causes(container, field_path, volumes)
            if container.get("name") in names:
                causes.append(
                    Cause(f"{field_path}.name", f'Duplicate value: "{container["name"]}"', "FieldValueDuplicate")
                )
            names.add(container.get("name", ""))
            if field == "initContainers" and container.get("restartPolicy"):
                raise not_implemented("sidecar containers (restartPolicy of an initContainer)")
    if spec.get("restartPolicy") not in (None, "Always", "OnFailure", "Never"):
        causes.append(unsupported_value(f"{at}.restartPolicy", spec["restartPolicy"], ("Always", "OnFailure", "Never")))
    deadline = spec.get("activeDeadlineSeconds")
    if deadline is not None and deadline < 1:
        causes.append(
            invalid_value(f"{at}.activeDeadlineSeconds", deadline, "must be between 1 and 2147483647, inclusive")
        )
    if spec.get("ephemeralContainers"):
        raise not_implemented("ephemeral containers")
    return causes


def qos_class(spec: Object) -> str:
    """Return the QoS class of a pod."""
    resources = [
        container.get("resources") or {}
        for container in (*(spec.get("initContainers") or ()), *(spec.get("containers") or ()))
    ]
    if not any(r.get("limits") or r.get("requests") for r in resources):
        return "BestEffort"
    full = all(
        (r.get("limits") or {}).keys() >= {"cpu", "memory"} and (r.get("requests") or r["limits"]) == r["limits"]
        for r in resources
    )
    return "Guaranteed" if full else "Burstable"


def _default_container(container: Object) -> Object:
    image = str(container.get("image") or "")
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    pinned = "@" in image or tag not in ("", "latest")
    if container.get("terminationMessagePath") == "":
        container = {**container, "terminationMessagePath": None}
    container = with_defaults(
        container,
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
        imagePullPolicy="IfNotPresent" if pinned else "Always",
    )
    if container.get("readinessProbe"):
        container = {**container, "readinessProbe": default_probe(container["readinessProbe"])}
    if container.get("ports"):
        container = {**container, "ports": [with_defaults(port, protocol="TCP") for port in container["ports"]]}
    if container.get("env"):
        container = {**container, "env": [_default_env(variable) for variable in container["env"]]}
    return container


def _with_pod_defaults(spec: Object) -> Object:
    """Return the spec with what only pods get, and not the templates of workloads: requests that equal the limits."""
    spec = with_defaults(spec, enableServiceLinks=True)
    for field in ("containers", "initContainers"):
        if spec.get(field):
            spec = {**spec, field: [_with_requests(container) for container in spec[field]]}
    return spec


def _with_requests(container: Object) -> Object:
    resources = container["resources"]
    limits, requests = resources.get("limits") or {}, resources.get("requests") or {}
    if limits.keys() <= requests.keys():
        return container
    return {**container, "resources": {**resources, "requests": {**limits, **requests}}}


def _default_env(variable: Object) -> Object:
    reference = (variable.get("valueFrom") or {}).get("fieldRef")
    if not reference or reference.get("apiVersion"):
        return variable
    return {**variable, "valueFrom": {**variable["valueFrom"], "fieldRef": {"apiVersion": "v1", **reference}}}


def _default_volume(volume: Object) -> Object:
    for source in ("configMap", "secret", "projected", "downwardAPI"):
        if isinstance(volume.get(source), dict):
            return {**volume, source: with_defaults(volume[source], defaultMode=420)}
    return volume if len(volume) > 1 else {**volume, "emptyDir": {}}


def _container_causes(container: Object, at: str, volumes: set[str]) -> list[Cause]:
    name = container.get("name") or ""
    causes = name_causes(f"{at}.name", name, subdomain=False) if name else [required(f"{at}.name")]
    if not container.get("image"):
        causes.append(required(f"{at}.image"))
    if container.get("imagePullPolicy") not in (None, *_PULL_POLICIES):
        causes.append(unsupported_value(f"{at}.imagePullPolicy", container["imagePullPolicy"], _PULL_POLICIES))
    for index, variable in enumerate(container.get("env") or ()):
        if not _ENV_NAME.match(variable.get("name") or ""):
            causes.append(required(f"{at}.env[{index}].name"))
    causes += mount_causes(container.get("volumeMounts") or [], volumes, f"{at}.volumeMounts")
    if any(container.get(probe) for probe in ("livenessProbe", "startupProbe")):
        raise not_implemented("liveness and startup probes")
    if container.get("readinessProbe") is not None:
        causes += readiness_probe_causes(container["readinessProbe"], f"{at}.readinessProbe")
    return causes + resource_causes(container.get("resources") or {}, f"{at}.resources")


def _immutable_part(spec: Object) -> Object:
    immutable = {
        key: value
        for key, value in spec.items()
        if key not in ("activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds")
    }
    for field in ("containers", "initContainers"):
        immutable[field] = [{**container, "image": ""} for container in spec.get(field) or ()]
    return immutable
