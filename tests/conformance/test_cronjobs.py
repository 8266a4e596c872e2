"""CronJobs: their schedules, the Jobs that they start, and suspension."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tests.conformance.client import TABLE, Client
from tests.conformance.manifests import condition, container

Object = dict[str, Any]
_NEVER = "0 0 1 1 *"


@pytest.fixture
def batch(namespace: str) -> str:
    """Where the namespace's Jobs and CronJobs are."""
    return f"/apis/batch/v1/namespaces/{namespace}"


def cron_job(name: str, schedule: str, image: str = "registry.invalid/a:1", code: str = "pass", **spec: Any) -> Object:
    """A CronJob."""
    pod_spec = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 1, "containers": [container(image, code)]}
    template = {"metadata": {"labels": {"from": name}}, "spec": {"backoffLimit": 0, "template": {"spec": pod_spec}}}
    return {"metadata": {"name": name}, "spec": {"schedule": schedule, "jobTemplate": template, **spec}}


async def jobs_of(cluster: Client, batch: str, name: str) -> list[Object]:
    """The Jobs of a CronJob."""
    items: list[Object] = (await cluster.get(f"{batch}/jobs", labelSelector=f"from={name}")).body["items"]
    return items


async def test_a_cron_job_gets_its_defaults(cluster: Client, batch: str) -> None:
    made = await cluster.made(f"{batch}/cronjobs", cron_job("one", _NEVER))
    spec = made["spec"]
    found = {
        key: spec[key]
        for key in ("concurrencyPolicy", "suspend", "successfulJobsHistoryLimit", "failedJobsHistoryLimit")
    }
    assert found == {
        "concurrencyPolicy": "Allow",
        "suspend": False,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 1,
    }
    assert (made["status"], made["metadata"]["generation"]) == ({}, 1)
    job = spec["jobTemplate"]["spec"]
    assert "parallelism" not in job
    assert job["template"]["spec"]["dnsPolicy"] == "ClusterFirst"
    cells = (await cluster.get(f"{batch}/cronjobs", accept=TABLE)).body["rows"][0]["cells"]
    assert cells[:6] == ["one", _NEVER, "<none>", "False", 0, "<none>"]


async def test_a_cron_job_starts_jobs_on_schedule(cluster: Client, batch: str, image: str) -> None:
    await cluster.made(f"{batch}/cronjobs", cron_job("idle", "@every 2s", suspend=True))
    made = await cluster.made(f"{batch}/cronjobs", cron_job("one", "@every 2s", image))
    started = await cluster.until(f"{batch}/cronjobs", "one", lambda found: found["status"].get("active"), seconds=60)
    (reference,) = started["status"]["active"]
    minute = int(datetime.now(UTC).timestamp()) // 60
    assert reference["name"] in (f"one-{minute}", f"one-{minute - 1}")
    job = (await cluster.get(f"{batch}/jobs/{reference['name']}")).body
    assert job["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    assert (
        job["metadata"]["annotations"]["batch.kubernetes.io/cronjob-scheduled-timestamp"]
        == started["status"]["lastScheduleTime"]
    )
    assert job["metadata"]["labels"]["from"] == "one"
    await cluster.until(f"{batch}/jobs", reference["name"], lambda found: condition(found, "Complete"), seconds=60)
    done = await cluster.until(
        f"{batch}/cronjobs", "one", lambda found: found["status"].get("lastSuccessfulTime"), seconds=60
    )
    active = [item["name"] for item in done["status"].get("active", ())]
    assert reference["name"] not in active
    assert await jobs_of(cluster, batch, "idle") == []
    await cluster.delete(f"{batch}/cronjobs/one", propagationPolicy="Background")
    await cluster.gone(f"{batch}/jobs/{reference['name']}", seconds=60)


async def test_a_suspended_cron_job_starts_nothing_until_it_is_resumed(cluster: Client, batch: str, image: str) -> None:
    await cluster.made(f"{batch}/cronjobs", cron_job("one", "@every 1s", suspend=True))
    await cluster.made(f"{batch}/cronjobs", cron_job("other", "@every 1s"))
    await cluster.until(f"{batch}/cronjobs", "other", lambda found: found["status"].get("active"), seconds=60)
    assert (await cluster.get(f"{batch}/cronjobs/one")).body["status"] == {}
    await cluster.patch(f"{batch}/cronjobs/one", {"spec": {"suspend": False}})
    await cluster.until(f"{batch}/cronjobs", "one", lambda found: found["status"].get("active"), seconds=60)
    suspended = await cluster.patch(f"{batch}/cronjobs/one", {"spec": {"suspend": True}})
    assert suspended.body["spec"]["suspend"] is True
    assert len(await jobs_of(cluster, batch, "one")) == 1


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("* * * * 7", "end of range (7) above maximum (6): 7"),
        ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
        ("*/0 * * * *", "step of range should be a positive number: */0"),
        ("a * * * *", "failed to parse int from a"),
        ("@sometimes", "unrecognized descriptor: @sometimes"),
        ("@every soon", "failed to parse duration @every soon"),
        ("TZ=UTC 0 0 * * *", "cannot use TZ or CRON_TZ in schedule, use timeZone field instead"),
        ("", "spec.schedule: Required value"),
    ],
)
async def test_a_schedule_that_cannot_be_read_is_invalid(
    cluster: Client, batch: str, schedule: str, message: str
) -> None:
    answer = await cluster.post(f"{batch}/cronjobs", cron_job("one", schedule), dryRun="All")
    assert (answer.code, message in answer.message) == (422, True), answer.message


@pytest.mark.parametrize(
    "schedule", ["@daily", "@every 1h30m", "*/5 0-6,22 1 jan-MAR ?", "0 0 * * sun", "5/15 * * * *", "0 0 31 2 *"]
)
async def test_every_form_of_a_schedule_is_accepted(cluster: Client, batch: str, schedule: str) -> None:
    assert (await cluster.post(f"{batch}/cronjobs", cron_job("one", schedule), dryRun="All")).code == 201


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"timeZone": "Mars/Olympus"}, "spec.timeZone: Invalid value"),
        ({"timeZone": "../etc"}, "unknown time zone ../etc"),
        ({"timeZone": "Local"}, "timeZone must be an explicit time zone"),
        ({"concurrencyPolicy": "Sometimes"}, 'spec.concurrencyPolicy: Unsupported value: "Sometimes"'),
        ({"failedJobsHistoryLimit": -1}, "spec.failedJobsHistoryLimit: Invalid value: -1"),
        (
            {"jobTemplate": {"spec": {"template": {"spec": {}}}}},
            "spec.jobTemplate.spec.template.spec.containers: Required value",
        ),
    ],
    ids=["a zone", "a path", "the local zone", "a policy", "a limit", "no containers"],
)
async def test_an_impossible_cron_job_is_invalid(cluster: Client, batch: str, spec: Object, message: str) -> None:
    answer = await cluster.post(f"{batch}/cronjobs", cron_job("one", _NEVER, **spec), dryRun="All")
    assert (answer.code, message in answer.message) == (422, True), answer.message


async def test_the_name_of_a_cron_job_leaves_room_for_the_time(cluster: Client, batch: str) -> None:
    answer = await cluster.post(f"{batch}/cronjobs", cron_job("x" * 53, _NEVER), dryRun="All")
    assert (answer.code, "must be no more than 52 characters" in answer.message) == (422, True)
    assert (await cluster.post(f"{batch}/cronjobs", cron_job("x" * 52, _NEVER), dryRun="All")).code == 201
