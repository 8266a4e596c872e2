"""Makes any plugin's Job safe to create, or refuses it: the last hand on a manifest before the API server sees it.

The engine's own fields (names, labels, ServiceAccount, limits, deadline, retries, security) are set whatever the plugin wrote.
Everything else is an allow-list: a field that is not on it is refused by its path, because mending it in silence would run
something else than the author meant, and passing it on might run something the security reviewer never saw.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubernaut.api.execution import API_VERSION, KIND
from kubernaut.api.labels import (
    ANNOTATION_REPORTS,
    ANNOTATION_REQUESTED_BY,
    ANNOTATION_TARGET,
    APP_NAME,
    LABEL_ACTION,
    LABEL_APP,
    LABEL_EXECUTION,
    LABEL_UID,
    REJECTED_EXIT_CODE,
)
from kubernaut.api.names import job_name
from kubernaut.api.plugin import ActionSpec, Execution, Target
from kubernaut.api.steps import DRY_RUN, EXECUTE
from kubernaut.errors import UnsafeJobError
from kubernaut.jobs.allowlist import (
    CONTAINER_KEYS,
    CONTAINER_SECURITY_KEYS,
    JOB_KEYS,
    JOB_SPEC_KEYS,
    METADATA_KEYS,
    POD_KEYS,
    POD_SECURITY_KEYS,
    TEMPLATE_KEYS,
    expect,
    expect_steps,
    only,
    security_context,
    volumes_with_tmp,
)
from kubernaut.jobs.builders import TMP_VOLUME


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
        job = only(manifest, JOB_KEYS, "")
        expect(job, "apiVersion", "batch/v1", "")
        expect(job, "kind", "Job", "")
        metadata = only(job.get("metadata", {}), METADATA_KEYS, "metadata")
        expect(metadata, "namespace", self.execution.namespace, "metadata")
        job_spec = only(job.get("spec"), JOB_SPEC_KEYS, "spec")
        template = only(job_spec.get("template"), TEMPLATE_KEYS, "spec.template")
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
        pod = only(given, POD_KEYS, path)
        expect(pod, "serviceAccountName", self.spec.service_account, path)
        expect(pod, "restartPolicy", "Never", path)
        expect_steps(pod, self.execution.dry_run, path)
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
            "securityContext": security_context(
                pod.get("securityContext", {}), POD_SECURITY_KEYS, f"{path}.securityContext"
            )
            | {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
            "volumes": volumes_with_tmp(pod.get("volumes", []), f"{path}.volumes"),
        }

    def _container(self, given: object, path: str) -> dict[str, Any]:
        container = only(given, CONTAINER_KEYS, path)
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
            "securityContext": security_context(
                container.get("securityContext", {}), CONTAINER_SECURITY_KEYS, f"{path}.securityContext"
            )
            | {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [*mounts, {"name": TMP_VOLUME, "mountPath": "/tmp"}],  # noqa: S108
        }


_STEP_LISTS = ("initContainers", "containers")


def _reports(pod: Mapping[str, Any]) -> str:
    return str(any(entry["name"] == "KUBERNAUT_STEP" for entry in pod["containers"][0].get("env", []))).lower()


def _fail_on(step: str, operator: str, values: list[int]) -> dict[str, Any]:
    return {"action": "FailJob", "onExitCodes": {"containerName": step, "operator": operator, "values": values}}
