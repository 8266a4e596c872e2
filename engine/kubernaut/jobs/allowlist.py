"""What a plugin's Job may hold: anything else is refused, naming the field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.errors import UnsafeJobError
from kubernaut.jobs.builders import TMP_VOLUME

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
_NEVER = {
    "privileged": True,
    "allowPrivilegeEscalation": True,
    "readOnlyRootFilesystem": False,
    "runAsNonRoot": False,
    "runAsUser": 0,
}


def only(given: object, allowed: Iterable[str], path: str) -> dict[str, Any]:
    """`given` as a mapping that has no other keys than `allowed`."""
    if not isinstance(given, Mapping):
        raise UnsafeJobError(
            f"{path or 'the Job'} is {type(given).__name__}, not a mapping: build it with runner_job or command_job"
        )
    for key in given:
        if key not in allowed:
            where = f"{path}.{key}" if path else str(key)
            raise UnsafeJobError(f"{where} is not for a plugin to set: remove it from the Job that build_job returns")
    return dict(given)


def expect(holder: Mapping[str, Any], key: str, wanted: str, path: str) -> None:
    """A field that may be absent, but not something else."""
    if holder.get(key, wanted) != wanted:
        where = f"{path}.{key}" if path else key
        raise UnsafeJobError(f"{where} is {holder[key]!r}, and must be {wanted!r} or left out")


def expect_steps(pod: Mapping[str, Any], dry_run: bool, path: str) -> None:
    """The steps of the execution and no other containers."""
    wanted = (
        {"initContainers": [], "containers": [DRY_RUN]}
        if dry_run
        else {"initContainers": [DRY_RUN], "containers": [EXECUTE]}
    )
    for kind, names in wanted.items():
        listed = pod.get(kind, [])
        if not isinstance(listed, list) or [c.get("name") if isinstance(c, Mapping) else c for c in listed] != names:
            raise UnsafeJobError(
                f"{path}.{kind} must hold {names or 'nothing'} here: build the Job with runner_job or command_job"
            )


def security_context(given: object, allowed: set[str], path: str) -> dict[str, Any]:
    """What of it a plugin may choose; asking for more than an action may have is refused."""
    context = only(given, allowed, path)
    for key, never in _NEVER.items():
        if key in context and context[key] == never and isinstance(context[key], type(never)):
            raise UnsafeJobError(f"{path}.{key}: {never!r} is more than an action may have")
    if context.get("capabilities", {}).get("add"):
        raise UnsafeJobError(f"{path}.capabilities.add: actions run without capabilities")
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") != "RuntimeDefault":
        raise UnsafeJobError(f"{path}.seccompProfile.type must be RuntimeDefault")
    return {key: value for key, value in context.items() if key not in {"capabilities", "seccompProfile", "privileged"}}


def volumes_with_tmp(volumes: object, path: str) -> list[dict[str, Any]]:
    """The volumes, none of them of the host, and one for /tmp."""
    if not isinstance(volumes, list):
        raise UnsafeJobError(f"{path} must be a list")
    for index, volume in enumerate(volumes):
        only(volume, {"name", *VOLUME_KINDS}, f"{path}[{index}]")
    if any(volume["name"] == TMP_VOLUME for volume in volumes):
        return list(volumes)
    return [*volumes, {"name": TMP_VOLUME, "emptyDir": {"sizeLimit": "256Mi"}}]
