"""The CronJob controller: starts a Job at each time of the schedule, and keeps as many ended ones as the limits say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kubernaut_sandbox.access.request_context import DeleteOptions
from kubernaut_sandbox.controllers.workloads import WorkloadController
from kubernaut_sandbox.model.objects import (
    Object,
    has_condition,
    is_deleting,
    meta,
    name_of,
    namespace_of,
    owner_reference,
    parse_time,
    spec_of,
    status_of,
    uid_of,
)
from kubernaut_sandbox.model.schedules import Schedule, parse_schedule, parse_zone

_MAX_MISSED = 100


class CronJobController(WorkloadController):
    """Starts the Jobs of CronJobs."""

    name = "cronjob-controller"
    kind = "CronJob"
    resource = "cronjobs.batch"
    dependents = "jobs.batch"

    def sync_workload(self, cron_job: Object) -> float | None:
        jobs = sorted(self.owned(cron_job), key=lambda job: str(meta(job)["creationTimestamp"]))
        self._delete_old(cron_job, jobs)
        status = self._observed(cron_job, jobs)
        spec = spec_of(cron_job)
        if spec["suspend"]:
            self.put_status(self.resource, cron_job, status)
            return None
        moment = datetime.now(UTC)
        schedule, zone = parse_schedule(spec["schedule"]), parse_zone(spec.get("timeZone") or "")
        due = self._due(cron_job, schedule, moment)
        if due is not None and self._may_start(cron_job, status, due):
            status = self._start(cron_job, jobs, status, due)
        self.put_status(self.resource, cron_job, status)
        following = schedule.next(moment, zone)
        return (following - moment).total_seconds() + 0.1 if following else None

    def _delete_old(self, cron_job: Object, jobs: list[Object]) -> None:
        for kind, field in (("Complete", "successfulJobsHistoryLimit"), ("Failed", "failedJobsHistoryLimit")):
            ended = [job for job in jobs if has_condition(job, kind) and not is_deleting(job)]
            for job in ended[: max(len(ended) - spec_of(cron_job)[field], 0)]:
                self._delete(cron_job, job)

    def _delete(self, cron_job: Object, job: Object) -> None:
        kind = self.registry.kinds.by_resource(self.dependents)
        options = DeleteOptions(propagation="Background", uid=uid_of(job))
        self.cluster.deleter.delete(self.context, kind, namespace_of(job), name_of(job), options)
        self.events.normal(cron_job, "SuccessfulDelete", f"Deleted job {name_of(job)}")

    def _observed(self, cron_job: Object, jobs: list[Object]) -> Object:
        """Return the status with the Jobs that still run, and the time of the last success."""
        status, by_uid = dict(status_of(cron_job)), {uid_of(job): job for job in jobs}
        active = []
        for reference in status.pop("active", None) or ():
            job = by_uid.get(reference["uid"])
            if job is None:
                self.events.normal(cron_job, "MissingJob", f"Active job went missing: {reference['name']}")
            elif ended := next((kind for kind in ("Complete", "Failed") if has_condition(job, kind)), ""):
                message = f"Saw completed job: {name_of(job)}, condition: {ended}"
                self.events.normal(cron_job, "SawCompletedJob", message)
            else:
                active.append(reference)
        times = [status_of(job).get("completionTime") for job in jobs if has_condition(job, "Complete")]
        last = max(filter(None, (*times, status.get("lastSuccessfulTime"))), default=None)
        return {**status, **({"active": active} if active else {}), **({"lastSuccessfulTime": last} if last else {})}

    def _due(self, cron_job: Object, schedule: Schedule, moment: datetime) -> datetime | None:
        """Return the latest time of the schedule that has passed without a Job; None when there is none."""
        spec = spec_of(cron_job)
        begin = parse_time(status_of(cron_job).get("lastScheduleTime") or meta(cron_job)["creationTimestamp"])
        deadline = spec.get("startingDeadlineSeconds")
        if deadline is not None:
            begin = max(begin, moment - timedelta(seconds=deadline))
        zone = parse_zone(spec.get("timeZone") or "")
        due, following, missed = None, schedule.next(begin, zone), 0
        while following is not None and following <= moment:
            due, missed = following, missed + 1
            if schedule.period and missed > _MAX_MISSED:
                return moment - timedelta(seconds=(moment - begin).total_seconds() % schedule.period)
            following = schedule.next(following, zone)
        return due

    def _may_start(self, cron_job: Object, status: Object, due: datetime) -> bool:
        active = status.get("active") or ()
        if any(reference["name"] == _job_name(cron_job, due) for reference in active):
            return False
        if active and spec_of(cron_job)["concurrencyPolicy"] == "Forbid":
            message = "Not starting job because prior execution is running and concurrency policy is Forbid"
            self.events.normal(cron_job, "JobAlreadyActive", message)
            return False
        return True

    def _start(self, cron_job: Object, jobs: list[Object], status: Object, due: datetime) -> Object:
        """Create the Job of that time, after those that it replaces are deleted; return the new status."""
        name, spec = _job_name(cron_job, due), spec_of(cron_job)
        if self.store.get(self.dependents, namespace_of(cron_job), name):
            return status
        if spec["concurrencyPolicy"] == "Replace":
            running = {reference["uid"] for reference in status.get("active") or ()}
            for job in jobs:
                if uid_of(job) in running:
                    self._delete(cron_job, job)
            status = {key: value for key, value in status.items() if key != "active"}
        template = spec["jobTemplate"]
        zone = parse_zone(spec.get("timeZone") or "")
        scheduled = due.astimezone(zone).isoformat(timespec="seconds").replace("+00:00", "Z")
        annotations = {
            **(meta(template).get("annotations") or {}),
            "batch.kubernetes.io/cronjob-scheduled-timestamp": scheduled,
        }
        metadata = {"name": name, "labels": meta(template).get("labels"), "annotations": annotations}
        body = {"metadata": {**metadata, "ownerReferences": [owner_reference(cron_job)]}, "spec": spec_of(template)}
        kind = self.registry.kinds.by_resource(self.dependents)
        job = self.registry.create(self.context, kind, namespace_of(cron_job), body)
        self.events.normal(cron_job, "SuccessfulCreate", f"Created job {name}")
        reference = {
            "kind": "Job",
            "apiVersion": "batch/v1",
            "namespace": namespace_of(job),
            "name": name,
            "uid": uid_of(job),
            "resourceVersion": meta(job)["resourceVersion"],
        }
        active = [*(status.get("active") or ()), reference]
        return {**status, "active": active, "lastScheduleTime": due.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _job_name(cron_job: Object, due: datetime) -> str:
    """Return the name of a Job: that of its CronJob, and the minute of its time."""
    return f"{name_of(cron_job)}-{int(due.timestamp()) // 60}"
