"""Builds, hardens and creates the Job of an admitted execution."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from kubernaut.admission.decisions import Admitted, Deferred, Rejected
from kubernaut.api.execution import Reason
from kubernaut.api.labels import ANNOTATION_REPORTS
from kubernaut.controller.job_control import JobControl
from kubernaut.errors import DeniedError, ExistsError, HookError, QuotaError, RejectedError, UnsafeJobError
from kubernaut.jobs.hardening import Hardening
from kubernaut.jobs.ownership import is_job_of
from kubernaut.kube.objects import Object
from kubernaut.plan_digest import plan_digest
from kubernaut.plugins.hook_caller import HookCaller
from kubernaut.telemetry.stage_recorder import stage


@dataclass(frozen=True, slots=True)
class Launcher:
    """Launches Jobs."""

    hooks: HookCaller
    jobs: JobControl
    quota_retry_seconds: float
    backstop_seconds: int

    async def launch(self, admitted: Admitted) -> Object | Rejected | Deferred:
        """Return the execution's Job, or why it does not exist. A Job that an earlier attempt created is found again by its name."""
        with stage("create-job") as entry:
            launched = await self._launch(admitted)
            if isinstance(launched, Rejected | Deferred):
                entry.error = launched.message
        return launched

    async def _launch(self, admitted: Admitted) -> Object | Rejected | Deferred:
        action, target = admitted.action, str(admitted.execution.target)
        try:
            manifest = await build_job(self.hooks, admitted, self.backstop_seconds)
            if await self._has_other_commands(admitted, manifest):
                message = "spec.approvedPlan: the command lines that it would run now are not those approved: propose it again"
                return Rejected(Reason.PLAN_CHANGED, message, target)
        except (HookError, UnsafeJobError) as error:
            message = f"plugin {action.name} did not build a usable Job: {error}"
            return Rejected(Reason.PLUGIN_ERROR, message, target)
        try:
            return await self.jobs.create(manifest)
        except ExistsError:
            return await self._existing(admitted, manifest["metadata"]["name"])
        except QuotaError as error:
            message = f"The namespace's quota has no room for its Job: {error}"
            return Deferred(
                Reason.QUOTA_EXCEEDED, message, target, self.quota_retry_seconds, keeps_queue_position=False
            )
        except (RejectedError, DeniedError) as error:
            return _rejected(error, action.name, target)

    async def _existing(self, admitted: Admitted, name: str) -> Object | Rejected:
        """Return the Job of this name if the engine made it for this execution."""
        execution, account = admitted.execution, admitted.action.spec.service_account
        job = await self.jobs.get(execution.namespace, name)
        is_own = is_job_of(job, execution.name, execution.uid)
        if not is_own or job["spec"]["template"]["spec"].get("serviceAccountName") != account:
            message = f"Job {name} exists and does not belong to this execution: delete it and create another execution"
            return Rejected(Reason.LOST, message, str(execution.target))
        return self.jobs.accept(job)

    async def _has_other_commands(self, admitted: Admitted, manifest: Object) -> bool:
        """Whether it carries out an approved plan of command lines, and they are others now; any other Job finds out itself."""
        plan = admitted.execution.approved_plan
        if plan is None or _reports_changes(manifest):
            return False
        return await command_plan(self.hooks, admitted, plan.execution, plan.uid, plan.proposed_by) != plan.digest


async def command_plan(hooks: HookCaller, admitted: Admitted, name: str, uid: str, requested_by: str) -> str | None:
    """Return the digest of the plan of an action of plain command lines: the lines and images of both steps; None for any other action.

    They are rendered for the dry run of this name, uid and requester, so that those of its approval are the same. Raises HookError or
    UnsafeJobError for a plugin's fault.
    """
    action = admitted.action
    execution = replace(
        admitted.execution,
        name=name,
        uid=uid,
        requested_by=requested_by,
        dry_run=False,
        traceparent="",
        deadline_seconds=action.spec.deadline,
        approved_plan=None,
    )
    manifest = await build_job(hooks, replace(admitted, execution=execution), 0)
    if _reports_changes(manifest):
        return None
    pod = manifest["spec"]["template"]["spec"]
    commands = [
        {key: container.get(key) for key in ("name", "image", "command", "args", "env")}
        for kind in ("initContainers", "containers")
        for container in pod.get(kind, [])
    ]
    return plan_digest(execution.action, execution.parameters.model_dump(mode="json"), [], commands)


def _reports_changes(manifest: Object) -> bool:
    return bool(manifest["metadata"]["annotations"].get(ANNOTATION_REPORTS) != "false")


async def build_job(hooks: HookCaller, admitted: Admitted, backstop_seconds: int) -> Object:
    """Return the hardened manifest of an admitted execution's Job. Raises HookError or UnsafeJobError for a plugin's fault."""
    action, execution = admitted.action, admitted.execution
    built = await hooks.call(action.name, "build_job", partial(action.hook.build_job, execution=execution))
    return Hardening(execution, action.spec, action.job, action.pod, backstop_seconds).apply(built)


def _rejected(error: RejectedError | DeniedError, action: str, target: str) -> Rejected:
    """Return who refused the Job: the cluster's policies, RBAC, or the API server."""
    if error.by_policy:
        message = f"an admission policy of this cluster refuses its Job: {error}"
        return Rejected(Reason.POLICY_DENIED, message, target, is_admitted=True)
    if isinstance(error, DeniedError):
        message = f"the engine is not allowed to create the Job: {error}"
        return Rejected(Reason.FORBIDDEN, message, target, is_admitted=True)
    message = f"the API server rejects the Job that plugin {action} built: {error}"
    return Rejected(Reason.PLUGIN_ERROR, message, target, is_admitted=True)
