"""CronJobs: the schedule, its time zone, and the template of the Jobs."""

from __future__ import annotations

import re
from dataclasses import replace

from kubernaut_sandbox.model.objects import Object, name_of, spec_of
from kubernaut_sandbox.model.schedules import ScheduleError, parse_schedule, parse_zone
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import Strategy, with_defaults
from kubernaut_sandbox.registry.strategies.jobs import default_job_spec, job_spec_causes
from kubernaut_sandbox.registry.strategies.pods import default_template

_POLICIES = ("Allow", "Forbid", "Replace")
_AMOUNTS = ("startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
_MAX_NAME_LENGTH = 52
_ZONE_PART = re.compile(r"^[A-Za-z0-9._+-]+$")


class CronJobStrategy(Strategy):
    """Defaults and validates CronJobs. As in Kubernetes, their Job template gets the defaults of pods only."""

    def prepare(self, obj: Object) -> Object:
        spec = with_defaults(
            spec_of(obj),
            concurrencyPolicy="Allow",
            suspend=False,
            successfulJobsHistoryLimit=3,
            failedJobsHistoryLimit=1,
        )
        template = spec.get("jobTemplate") or {}
        job = spec_of(template)
        pods = default_template(job.get("template") or {}, restart_policy=None)
        return {**obj, "spec": {**spec, "jobTemplate": {**template, "spec": {**job, "template": pods}}}}

    def prepare_create(self, obj: Object) -> Object:
        return {**obj, "status": {}}

    def validate(self, obj: Object) -> list[Cause]:
        spec, causes = spec_of(obj), _schedule_causes(spec_of(obj))
        causes += [
            invalid_value(f"spec.{field}", spec[field], "must be greater than or equal to 0")
            for field in _AMOUNTS
            if (spec.get(field) or 0) < 0
        ]
        if spec["concurrencyPolicy"] not in _POLICIES:
            causes.append(unsupported_value("spec.concurrencyPolicy", spec["concurrencyPolicy"], _POLICIES))
        job = spec_of(spec["jobTemplate"])
        at = "spec.jobTemplate"
        causes += [replace(item, field=f"{at}.{item.field}") for item in job_spec_causes(default_job_spec(job))]
        if job.get("selector") is not None:
            causes.append(invalid_value(f"{at}.spec.selector", job["selector"], "`selector` will be auto-generated"))
        if job.get("manualSelector"):
            causes.append(unsupported_value(f"{at}.spec.manualSelector", True, ("nil", "false")))
        if len(name_of(obj)) > _MAX_NAME_LENGTH:
            causes.append(invalid_value("metadata.name", name_of(obj), "must be no more than 52 characters"))
        return causes


def _schedule_causes(spec: Object) -> list[Cause]:
    schedule, zone = spec.get("schedule") or "", spec.get("timeZone")
    causes = [] if schedule else [required("spec.schedule")]
    if "TZ" in schedule:
        detail = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"
        causes.append(invalid_value("spec.schedule", schedule, detail))
    elif schedule:
        try:
            parse_schedule(schedule)
        except ScheduleError as error:
            causes.append(invalid_value("spec.schedule", schedule, str(error)))
    return causes if zone is None else [*causes, *_zone_causes(zone)]


def _zone_causes(zone: str) -> list[Cause]:
    if not zone:
        return [invalid_value("spec.timeZone", zone, "timeZone must be nil or non-empty string")]
    if zone.lower() == "local":
        detail = "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones"
        return [invalid_value("spec.timeZone", zone, detail)]
    parts = zone.split("/")
    if any(part in (".", "..") or part.startswith("-") or not _ZONE_PART.match(part) for part in parts):
        return [invalid_value("spec.timeZone", zone, f"unknown time zone {zone}")]
    try:
        parse_zone(zone)
    except ScheduleError as error:
        return [invalid_value("spec.timeZone", zone, str(error))]
    return []
