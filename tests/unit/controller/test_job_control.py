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


async def test_a_job_is_read_past_the_cache(ground):
    await ground.jobs.create(manifest())
    ground.cluster.remove(JOBS, manifest())
    with pytest.raises(NotFoundError):
        await ground.jobs.get(NAMESPACE, "j")
