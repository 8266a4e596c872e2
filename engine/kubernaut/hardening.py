"""Makes any plugin's Job safe to create, or refuses it: the last hand on a manifest before the API server sees it.

The engine's own fields (names, labels, ServiceAccount, limits, deadline, retries, security) are set whatever the plugin wrote.
Everything else is an allow-list: a field that is not on it is refused by its path, because mending it in silence would run
something else than the author meant, and passing it on might run something the security reviewer never saw.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.errors import UnsafeJobError
from kubernaut.execution import API_VERSION, GROUP, KIND
from kubernaut.jobs import DRY_RUN, EXECUTE, TMP_VOLUME
from kubernaut.names import job_name
from kubernaut.types import ActionSpec, Execution, Target

APP_NAME = "kubernetes-executor"
LABEL_APP = "app.kubernetes.io/name"
LABEL_ACTION = f"{GROUP}/action"
LABEL_EXECUTION = f"{GROUP}/kubernetes-execution"
LABEL_UID = f"{GROUP}/execution-uid"
ANNOTATION_TARGET = f"{GROUP}/target"
ANNOTATION_REQUESTED_BY = f"{GROUP}/requested-by"
ANNOTATION_REPORTS = f"{GROUP}/reports"
"""Whether the pod's steps tell their result: "true" for the runner's, "false" for plain command lines."""
REJECTED_EXIT_CODE = 42

_JOB_KEYS = {"apiVersion", "kind", "metadata", "spec"}
_METADATA_KEYS = {"name", "namespace"}
_JOB_SPEC_KEYS = {"template", "backoffLimit", "activeDeadlineSeconds"}
_TEMPLATE_KEYS = {"spec"}
_POD_KEYS = {
    "affinity", "automountServiceAccountToken", "containers", "imagePullSecrets", "initContainers", "nodeSelector", "priorityClassName",
    "restartPolicy", "securityContext", "serviceAccountName", "terminationGracePeriodSeconds", "tolerations", "volumes",
}  # fmt: skip
_POD_SECURITY_KEYS = {"fsGroup", "runAsGroup", "runAsNonRoot", "runAsUser", "seccompProfile"}
_CONTAINER_KEYS = {
    "args", "command", "env", "image", "imagePullPolicy", "name", "resources", "securityContext", "volumeMounts", "workingDir",
}  # fmt: skip
_CONTAINER_SECURITY_KEYS = {
    "allowPrivilegeEscalation", "capabilities", "privileged", "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser",
    "seccompProfile",
}  # fmt: skip
_VOLUME_KINDS = {"configMap", "downwardAPI", "emptyDir", "secret"}
_NEVER = {
    "privileged": True,
    "allowPrivilegeEscalation": True,
    "readOnlyRootFilesystem": False,
    "runAsNonRoot": False,
    "runAsUser": 0,
}


@dataclass(frozen=True, slots=True)
class Hardening:
    """What an execution's Job must carry, whatever its plugin returned."""

    execution: Execution
    spec: ActionSpec
    target: Target

    def apply(self, manifest: object) -> dict[str, Any]:
        """The manifest to create; raises UnsafeJobError naming the field that no action may set."""
        try:
            hardened = self._hardened(manifest)
            json.dumps(hardened, allow_nan=False)
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
            told = f"{type(error).__name__}: {error}"
            raise UnsafeJobError(
                f"the Job is not made as a manifest is ({told}): build it with runner_job or command_job"
            ) from error
        return hardened

    def _hardened(self, manifest: object) -> dict[str, Any]:
        job = _only(manifest, _JOB_KEYS, "")
        _expect(job, "apiVersion", "batch/v1", "")
        _expect(job, "kind", "Job", "")
        metadata = _only(job.get("metadata", {}), _METADATA_KEYS, "metadata")
        _expect(metadata, "namespace", self.execution.namespace, "metadata")
        job_spec = _only(job.get("spec"), _JOB_SPEC_KEYS, "spec")
        template = _only(job_spec.get("template"), _TEMPLATE_KEYS, "spec.template")
        pod = self._pod(template.get("spec"))
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": job_name(self.execution.name, self.execution.uid),
                "namespace": self.execution.namespace,
                "labels": self._labels(),
                "annotations": self._annotations(pod),
                "ownerReferences": [self._owner()],
            },
            "spec": {
                "backoffLimit": self.spec.backoff_limit,
                "activeDeadlineSeconds": self.execution.deadline_seconds,
                "podReplacementPolicy": "Failed",
                "podFailurePolicy": {"rules": self._failure_rules()},
                "template": {"metadata": {"labels": self._labels()}, "spec": pod},
            },
        }

    def _labels(self) -> dict[str, str]:
        return {
            LABEL_APP: APP_NAME,
            LABEL_ACTION: self.execution.action,
            LABEL_EXECUTION: self.execution.name,
            LABEL_UID: self.execution.uid,
        }

    def _annotations(self, pod: Mapping[str, Any]) -> dict[str, str]:
        requester = self.execution.requested_by
        told = {ANNOTATION_TARGET: str(self.target), ANNOTATION_REPORTS: _reports(pod)}
        return {**told, **({ANNOTATION_REQUESTED_BY: requester} if requester else {})}

    def _owner(self) -> dict[str, Any]:
        return {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "name": self.execution.name,
            "uid": self.execution.uid,
            "controller": True,
        }

    def _failure_rules(self) -> list[dict[str, Any]]:
        """What a failed pod means, by the first rule that fits.

        A refusal ends the Job at once. Where a second attempt is not safe, so does any failure once `execute` may have begun: by its exit
        code, or, of a pod whose node can no longer tell one, by the condition that the dry run is over. What disrupted a pod before that
        (eviction, preemption, a lost node), or at any time where a second attempt is safe, is not held against the action.
        """
        ignored = {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}
        if self.execution.dry_run:
            return [_fail_on(DRY_RUN, "In", [REJECTED_EXIT_CODE]), ignored]
        if self.spec.retry_safe:
            return [*(_fail_on(step, "In", [REJECTED_EXIT_CODE]) for step in (DRY_RUN, EXECUTE)), ignored]
        begun = {"action": "FailJob", "onPodConditions": [{"type": "Initialized", "status": "True"}]}
        return [_fail_on(DRY_RUN, "In", [REJECTED_EXIT_CODE]), _fail_on(EXECUTE, "NotIn", [0]), begun, ignored]

    def _environment(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What the plugin set, and the place in the trace for whatever the step traces itself."""
        if not self.execution.traceparent:
            return given
        return [
            *(entry for entry in given if entry["name"] != "TRACEPARENT"),
            {"name": "TRACEPARENT", "value": self.execution.traceparent},
        ]

    def _pod(self, given: object) -> dict[str, Any]:
        path = "spec.template.spec"
        pod = _only(given, _POD_KEYS, path)
        _expect(pod, "serviceAccountName", self.spec.service_account, path)
        _expect(pod, "restartPolicy", "Never", path)
        _expect_steps(pod, self.execution.dry_run, path)
        return {
            **pod,
            **{
                kind: [self._container(c, f"{path}.{kind}[{i}]") for i, c in enumerate(pod[kind])]
                for kind in _STEP_LISTS
                if kind in pod
            },
            "restartPolicy": "Never",
            "serviceAccountName": self.spec.service_account,
            "automountServiceAccountToken": bool(self.spec.rules),
            "enableServiceLinks": False,
            "securityContext": _security(pod.get("securityContext", {}), _POD_SECURITY_KEYS, f"{path}.securityContext")
            | {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "volumes": _with_tmp(pod.get("volumes", []), f"{path}.volumes"),
        }

    def _container(self, given: object, path: str) -> dict[str, Any]:
        container = _only(given, _CONTAINER_KEYS, path)
        for needed in ("image", "command"):
            if not container.get(needed):
                raise UnsafeJobError(f"{path}.{needed} is missing: build the Job with runner_job or command_job")
        mounts = [m for m in container.get("volumeMounts", []) if m.get("mountPath") != "/tmp"]  # noqa: S108 - a path in the pod
        return {
            **container,
            "env": self._environment(container.get("env", [])),
            "imagePullPolicy": container.get("imagePullPolicy", "IfNotPresent"),
            "resources": self.spec.resources.manifest(),
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "securityContext": _security(
                container.get("securityContext", {}), _CONTAINER_SECURITY_KEYS, f"{path}.securityContext"
            )
            | {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [*mounts, {"name": TMP_VOLUME, "mountPath": "/tmp"}],  # noqa: S108
        }


_STEP_LISTS = ("initContainers", "containers")


def _reports(pod: Mapping[str, Any]) -> str:
    return str(any(entry["name"] == "KUBERNAUT_STEP" for entry in pod["containers"][0].get("env", []))).lower()


def _fail_on(step: str, operator: str, values: list[int]) -> dict[str, Any]:
    return {"action": "FailJob", "onExitCodes": {"containerName": step, "operator": operator, "values": values}}


def _only(given: object, allowed: Iterable[str], path: str) -> dict[str, Any]:
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


def _expect(holder: Mapping[str, Any], key: str, wanted: str, path: str) -> None:
    """A field that may be absent, but not something else."""
    if holder.get(key, wanted) != wanted:
        where = f"{path}.{key}" if path else key
        raise UnsafeJobError(f"{where} is {holder[key]!r}, and must be {wanted!r} or left out")


def _expect_steps(pod: Mapping[str, Any], dry_run: bool, path: str) -> None:
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


def _security(given: object, allowed: set[str], path: str) -> dict[str, Any]:
    context = _only(given, allowed, path)
    for key, never in _NEVER.items():
        if key in context and context[key] == never and isinstance(context[key], type(never)):
            raise UnsafeJobError(f"{path}.{key}: {never!r} is more than an action may have")
    if context.get("capabilities", {}).get("add"):
        raise UnsafeJobError(f"{path}.capabilities.add: actions run without capabilities")
    if context.get("seccompProfile", {}).get("type", "RuntimeDefault") != "RuntimeDefault":
        raise UnsafeJobError(f"{path}.seccompProfile.type must be RuntimeDefault")
    return {key: value for key, value in context.items() if key not in {"capabilities", "seccompProfile", "privileged"}}


def _with_tmp(volumes: object, path: str) -> list[dict[str, Any]]:
    if not isinstance(volumes, list):
        raise UnsafeJobError(f"{path} must be a list")
    for index, volume in enumerate(volumes):
        _only(volume, {"name", *_VOLUME_KINDS}, f"{path}[{index}]")
    if any(volume["name"] == TMP_VOLUME for volume in volumes):
        return list(volumes)
    return [*volumes, {"name": TMP_VOLUME, "emptyDir": {"sizeLimit": "256Mi"}}]
