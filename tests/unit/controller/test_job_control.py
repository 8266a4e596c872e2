"""Requests about Jobs, and what the cache has of their answers."""

import pytest

from kubernaut.errors import DeniedError, ExistsError, NotFoundError
from kubernaut.kube.objects import JOBS, Key
from tests.support.controller import NAMESPACE


def manifest(name="j", **spec):
    template = {"spec": {"serviceAccountName": "scaler"}}
    return {"metadata": {"name": name, "namespace": NAMESPACE}, "spec": {"template": template, **spec}}


async def test_a_created_job_is_in_the_cache_at_once(ground):
    job = await ground.jobs.create(manifest())
    assert job["spec"]["serviceAccountName"] == "scaler", "as the cache keeps it"
    assert ground.caches.jobs.get(Key(NAMESPACE, "j")) is not None
    with pytest.raises(ExistsError):
        await ground.jobs.create(manifest())


async def test_a_denial_by_policy_is_final_and_one_by_rbac_is_tried_once_more(ground):
    ground.cluster.failures["create", JOBS.plural] = [DeniedError("policy", by_policy=True), DeniedError("rbac")]
    with pytest.raises(DeniedError, match="policy"):
        await ground.jobs.create(manifest())
    await ground.jobs.create(manifest())
    assert ground.cluster.requests.count(("create", JOBS.plural)) == 3


async def test_the_ttl_is_set_once(ground):
    job = await ground.jobs.create(manifest())
    await ground.jobs.set_ttl(job)
    stamped = ground.caches.jobs.get(Key(NAMESPACE, "j")).json
    assert stamped["spec"]["ttlSecondsAfterFinished"] == 300
    await ground.jobs.set_ttl(stamped)
    assert ground.cluster.requests.count(("patch", JOBS.plural)) == 1


async def test_a_job_that_is_gone_or_being_deleted_needs_no_ttl(ground, caplog):
    caplog.set_level("INFO")
    job = await ground.jobs.create(manifest())
    await ground.jobs.set_ttl({**job, "metadata": {**job["metadata"], "deletionTimestamp": "now"}})
    assert ("patch", JOBS.plural) not in ground.cluster.requests
    ground.cluster.remove(JOBS, job)
    await ground.jobs.set_ttl(job)
    assert "Job j was gone before its TTL was set" in caplog.text


async def test_a_job_is_read_past_the_cache(ground):
    await ground.jobs.create(manifest())
    ground.cluster.remove(JOBS, manifest())
    with pytest.raises(NotFoundError):
        await ground.jobs.get(NAMESPACE, "j")
