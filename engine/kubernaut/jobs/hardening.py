"""Makes any plugin's Job safe to create, or refuses it: the last step before the API server sees a manifest.

The engine sets its own fields: names, labels, ServiceAccount, limits, deadline, retries, security. Everything that the plugin wrote must
be on the allow-list (`jobs.allowlist`). A field that is not on it is refused by its path: changing it silently would run
something other than the author meant, and passing it on might run something that a security reviewer never saw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.labels import (
    ANNOTATION_READ_ONLY,
    ANNOTATION_REPORTS,
    ANNOTATION_REQUESTED_BY,
    ANNOTATION_TARGET,
    APP_NAME,
    LABEL_ACTION,
    LABEL_APP,
    LABEL_EXECUTION,
    LABEL_UID,
)
from kubernaut.api.names import job_name
from kubernaut.api.plugin import ActionSpec, Execution
from kubernaut.api.steps import STEP_VARIABLE, STEPS_VARIABLE
from kubernaut.errors import UnsafeJobError
from kubernaut.jobs.allowlist import allowed_container, allowed_pod, allowed_pod_spec
from kubernaut.jobs.builders import TMP_VOLUME
from kubernaut.jobs.failure_policy import failure_rules
from kubernaut.settings import MetadataSettings

_POD_PATH = "spec.template.spec"
_STEP_LISTS = ("initContainers", "containers")


@dataclass(frozen=True, slots=True)
class Hardening:
    """What the Job of one execution must contain, whatever its plugin returned."""

    execution: Execution
    spec: ActionSpec
    job: MetadataSettings = field(default_factory=MetadataSettings)
    """What the admin adds to the Job."""
    pod: MetadataSettings = field(default_factory=MetadataSettings)
    """What the admin adds to its pods."""
    backstop_seconds: int = 86_400
    """When Kubernetes deletes the ended Job, if the engine does not; no sooner than any engine has read its result."""

    def apply(self, manifest: object) -> dict[str, Any]:
        """Return the manifest to create. Raises UnsafeJobError naming a field that no action is allowed to set."""
        try:
            hardened = self._hardened(manifest)
            json.dumps(hardened, allow_nan=False)
        except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
            cause = f"{type(error).__name__}: {error}"
            raise UnsafeJobError(
                f"the Job is not a valid manifest ({cause}): build it with runner_job or command_job"
            ) from error
        return hardened

    def _hardened(self, manifest: object) -> dict[str, Any]:
        pod = self._pod(allowed_pod_spec(manifest, self.execution.namespace))
        return {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {
                "name": job_name(self.execution.name, self.execution.uid),
                "namespace": self.execution.namespace,
                "labels": {**self.job.labels, **self._labels()},
                "annotations": {**self.job.annotations, **self._annotations(pod)},
                "ownerReferences": [self._owner()],
            },
            "spec": {
                "backoffLimit": self.spec.backoff_limit,
                "activeDeadlineSeconds": self.execution.deadline_seconds,
                "ttlSecondsAfterFinished": self.backstop_seconds,
                "podReplacementPolicy": "Failed",
                "podFailurePolicy": {"rules": failure_rules(_steps(pod), retry_safe=self._retry_safe())},
                "template": {"metadata": self._pod_metadata(), "spec": pod},
            },
        }

    def _pod_metadata(self) -> dict[str, Any]:
        labels = {**self.pod.labels, LABEL_APP: APP_NAME, **self._labels()}
        annotations = {**self.pod.annotations, **self._read_only()}
        return {"labels": labels, **({"annotations": annotations} if annotations else {})}

    def _retry_safe(self) -> bool:
        """Whether a second attempt may follow one that may have written; what it would find is not what was approved."""
        return self.spec.read_only or (self.spec.retry_safe and self.execution.approved_plan is None)

    def _read_only(self) -> dict[str, str]:
        return {ANNOTATION_READ_ONLY: "true"} if self.execution.read_only else {}

    def _labels(self) -> dict[str, str]:
        return {
            LABEL_ACTION: self.execution.action,
            LABEL_EXECUTION: self.execution.name,
            LABEL_UID: self.execution.uid,
        }

    def _annotations(self, pod: Mapping[str, Any]) -> dict[str, str]:
        requester = self.execution.requested_by
        return {
            ANNOTATION_TARGET: str(self.execution.target),
            ANNOTATION_REPORTS: _reports(pod),
            **self._read_only(),
            **({ANNOTATION_REQUESTED_BY: requester} if requester else {}),
        }

    def _owner(self) -> dict[str, Any]:
        return {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "name": self.execution.name,
            "uid": self.execution.uid,
            "controller": True,
        }

    def _environment(self, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the plugin's variables and the trace context, for what the step itself traces."""
        if not self.execution.traceparent:
            return given
        return [
            *(entry for entry in given if entry["name"] != "TRACEPARENT"),
            {"name": "TRACEPARENT", "value": self.execution.traceparent},
        ]

    def _pod(self, given: object) -> dict[str, Any]:
        pod = allowed_pod(given, self.spec.service_account, self.execution, _POD_PATH)
        steps = {
            kind: [self._container(c, f"{_POD_PATH}.{kind}[{i}]") for i, c in enumerate(pod[kind])]
            for kind in _STEP_LISTS
            if kind in pod
        }
        return {
            **pod,
            **steps,
            "restartPolicy": "Never",
            "serviceAccountName": self.spec.service_account,
            "automountServiceAccountToken": bool(self.spec.rules),
            "enableServiceLinks": False,
            "securityContext": {
                **pod["securityContext"],
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "volumes": _with_tmp(pod["volumes"]),
        }

    def _container(self, given: object, path: str) -> dict[str, Any]:
        container = allowed_container(given, path)
        mounts = [m for m in container.get("volumeMounts", []) if m.get("mountPath") != "/tmp"]  # noqa: S108 - a path in the pod
        return {
            **container,
            "env": self._environment(container.get("env", [])),
            "imagePullPolicy": container.get("imagePullPolicy", "IfNotPresent"),
            "resources": self.spec.resources.manifest(),
            "terminationMessagePolicy": "FallbackToLogsOnError",
            "securityContext": {
                **container["securityContext"],
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            },
            "volumeMounts": [*mounts, {"name": TMP_VOLUME, "mountPath": "/tmp"}],  # noqa: S108 - a path in the pod
        }


def _steps(pod: Mapping[str, Any]) -> list[str]:
    return [container["name"] for kind in _STEP_LISTS for container in pod.get(kind, [])]


def _with_tmp(volumes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if any(volume["name"] == TMP_VOLUME for volume in volumes):
        return volumes
    return [*volumes, {"name": TMP_VOLUME, "emptyDir": {"sizeLimit": "256Mi"}}]


def _reports(pod: Mapping[str, Any]) -> str:
    return str(
        any(entry["name"] in {STEP_VARIABLE, STEPS_VARIABLE} for entry in pod["containers"][0].get("env", []))
    ).lower()
