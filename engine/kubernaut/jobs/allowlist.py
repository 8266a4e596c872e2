"""The fields that a plugin's Job may set, level by level. Any other field is refused, naming its path.

Each function checks one level, raises UnsafeJobError, and returns what of it goes into the hardened Job.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubernaut.api.plugin import Execution
from kubernaut.api.steps import BOTH, DRY_RUN, EXECUTE, STEPS_VARIABLE
from kubernaut.errors import UnsafeJobError

JOB_KEYS = {"apiVersion", "kind", "metadata", "spec"}
METADATA_KEYS = {"name", "namespace"}
JOB_SPEC_KEYS = {"template", "backoffLimit", "activeDeadlineSeconds"}
TEMPLATE_KEYS = {"spec"}
POD_KEYS = {
    "affinity", "automountServiceAccountToken", "containers", "imagePullSecrets", "initContainers", "nodeSelector", "priorityClassName",
    "restartPolicy", "securityContext", "serviceAccountName", "terminationGracePeriodSeconds", "tolerations", "volumes",
}  # fmt: skip
POD_SECURITY_KEYS = {"fsGroup", "runAsGroup", "runAsNonRoot", "runAsUser", "seccompProfile"}
CONTAINER_KEYS = {
    "args", "command", "env", "image", "imagePullPolicy", "name", "resources", "securityContext", "volumeMounts", "workingDir",
}  # fmt: skip
CONTAINER_SECURITY_KEYS = {
    "allowPrivilegeEscalation", "capabilities", "privileged", "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser",
    "seccompProfile",
}  # fmt: skip
VOLUME_KINDS = {"configMap", "downwardAPI", "emptyDir", "secret"}
_FORBIDDEN_SECURITY = {
    "privileged": True,
    "allowPrivilegeEscalation": True,
    "readOnlyRootFilesystem": False,
    "runAsNonRoot": False,
    "runAsUser": 0,
}


def allowed_pod_spec(job: object, namespace: str) -> object:
    """Check a Job down to its pod template, and return the pod's spec, unchecked."""
    manifest = _only(job, JOB_KEYS, "")
    _expect(manifest, "apiVersion", "batch/v1", "")
    _expect(manifest, "kind", "Job", "")
    metadata = _only(manifest.get("metadata", {}), METADATA_KEYS, "metadata")
    _expect(metadata, "namespace", namespace, "metadata")
    spec = _only(manifest.get("spec"), JOB_SPEC_KEYS, "spec")
    return _only(spec.get("template"), TEMPLATE_KEYS, "spec.template").get("spec")


def allowed_pod(spec: object, service_account: str, execution: Execution, path: str) -> dict[str, Any]:
    """Check a pod's spec, its containers' names and its volumes; the containers themselves are not checked."""
    pod = _only(spec, POD_KEYS, path)
    _expect(pod, "serviceAccountName", service_account, path)
    _expect(pod, "restartPolicy", "Never", path)
    _expect_steps(pod, execution, path)
    context = _security_context(pod.get("securityContext", {}), POD_SECURITY_KEYS, f"{path}.securityContext")
    return {**pod, "securityContext": context, "volumes": _volumes(pod.get("volumes", []), f"{path}.volumes")}


def allowed_container(given: object, path: str) -> dict[str, Any]:
    """Check a container."""
    container = _only(given, CONTAINER_KEYS, path)
    for required in ("image", "command"):
        if not container.get(required):
            raise UnsafeJobError(f"{path}.{required} is missing: build the Job with runner_job or command_job")
    context = container.get("securityContext", {})
    return {
        **container,
        "securityContext": _security_context(context, CONTAINER_SECURITY_KEYS, f"{path}.securityContext"),
    }


def _only(given: object, allowed: Iterable[str], path: str) -> dict[str, Any]:
    """Return `given` as a mapping without any key that is not allowed."""
    if not isinstance(given, Mapping):
        raise UnsafeJobError(
            f"{path or 'the Job'} is {type(given).__name__}, not a mapping: build it with runner_job or command_job"
        )
    for key in given:
        if key not in allowed:
            where = f"{path}.{key}" if path else str(key)
            raise UnsafeJobError(f"{where} must not be set by a plugin: remove it from the Job that build_job returns")
    return dict(given)


def _expect(holder: Mapping[str, Any], key: str, wanted: str, path: str) -> None:
    """Accept the wanted value or none."""
    if holder.get(key, wanted) != wanted:
        where = f"{path}.{key}" if path else key
        raise UnsafeJobError(f"{where} is {holder[key]!r}, and must be {wanted!r} or left out")


def _expect_steps(pod: Mapping[str, Any], execution: Execution, path: str) -> None:
    """Accept the steps of the execution and no other containers."""
    before, main = _names(pod, "initContainers", path), _names(pod, "containers", path)
    reads = execution.read_only and not execution.dry_run
    inline = execution.rehearsal == "inline" and not execution.dry_run and not before and not reads
    wanted = ([], [DRY_RUN]) if execution.dry_run else ([] if inline or reads else [DRY_RUN], [EXECUTE])
    for kind, found, names in zip(("initContainers", "containers"), (before, main), wanted, strict=True):
        if found != names:
            raise UnsafeJobError(
                f"{path}.{kind} must contain {names or 'nothing'} here: build the Job with runner_job or command_job"
            )
    if inline and not _rehearses(pod["containers"][0]):
        raise UnsafeJobError(f"{path}.containers[0] must rehearse before it executes: build the Job with runner_job")


def _names(pod: Mapping[str, Any], kind: str, path: str) -> list[object]:
    listed = pod.get(kind, [])
    if not isinstance(listed, list):
        raise UnsafeJobError(f"{path}.{kind} must be a list: build the Job with runner_job or command_job")
    return [container.get("name") if isinstance(container, Mapping) else container for container in listed]


def _rehearses(container: Mapping[str, Any]) -> bool:
    """Whether the container asks the runner for both steps."""
    return {"name": STEPS_VARIABLE, "value": BOTH} in container.get("env", [])


def _security_context(given: object, allowed: set[str], path: str) -> dict[str, Any]:
    """Return what a plugin may choose of a security context."""
    context = _only(given, allowed, path)
    for key, forbidden in _FORBIDDEN_SECURITY.items():
        if key in context and context[key] == forbidden and isinstance(context[key], type(forbidden)):
            raise UnsafeJobError(f"{path}.{key}: {forbidden!r} is more than an action is allowed to have")
    if context.get("capabilities", {}).get("add"):
        raise UnsafeJobError(f"{path}.capabilities.add: actions run without capabilities")
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") != "RuntimeDefault":
        raise UnsafeJobError(f"{path}.seccompProfile.type must be RuntimeDefault")
    return {key: value for key, value in context.items() if key not in {"capabilities", "seccompProfile", "privileged"}}


def _volumes(given: object, path: str) -> list[dict[str, Any]]:
    """Return the volumes, none of which is of the host."""
    if not isinstance(given, list):
        raise UnsafeJobError(f"{path} must be a list")
    return [_only(volume, {"name", *VOLUME_KINDS}, f"{path}[{index}]") for index, volume in enumerate(given)]
