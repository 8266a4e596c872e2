"""The pod side of `suspend-cronjob`: it needs only `patch` on CronJobs."""

from __future__ import annotations

from typing import Any

from kubernaut.runner import Action, run

CRON_JOBS = "batch/v1/cronjobs"


def perform(action: Action) -> None:
    """Suspend or resume it."""
    name, suspend = action.parameters["name"], action.parameters["suspend"]

    def change(cron_job: dict[str, Any]) -> dict[str, Any]:
        if cron_job["metadata"].get("deletionTimestamp"):
            action.reject(f"CronJob {name} is being deleted, so there is nothing to suspend or resume")
        return {"spec": {"suspend": suspend}}

    before, after = action.api.modify(CRON_JOBS, name, change)
    old, new = (bool(cron_job["spec"].get("suspend", False)) for cron_job in (before, after))
    action.changed("CronJob", name, "spec.suspend", old, new)


if __name__ == "__main__":
    run(perform)
