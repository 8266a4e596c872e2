"""`kubernaut-engine-job-changes`: the engine's account sets the TTL of its own Jobs and deletes them, and nothing else."""

from tests.conformance.client import Client
from tests.deploy.admission.requests import ALICE, DRY, ENGINE, MALLORY, create_owner, engine_job, expect, job, jobs


async def test_the_engine_sets_the_ttl_of_its_own_jobs_and_deletes_them_and_changes_nothing_else(cluster, place):
    engine: Client = cluster.impersonating(ENGINE)
    owner = await create_owner(cluster.impersonating(ALICE), place)
    made, other = await engine.made(jobs(place), engine_job(suspend=True, **owner)), job(suspend=True)
    await cluster.made(jobs(place), other)
    own, foreign = (f"{jobs(place)}/{m['metadata']['name']}" for m in (made, other))
    ttl = {"spec": {"ttlSecondsAfterFinished": 300}}
    expect(await engine.patch(own, ttl, **DRY), 200)
    expect(await engine.patch(foreign, ttl, **DRY), 403, "which is not its own")
    expect(await engine.delete(foreign, **DRY), 403, "which is not its own")
    template = {"metadata": {"annotations": {"a": "b"}}, "spec": {"nodeSelector": {"a": "b"}}}
    changes = {"suspend": False, "activeDeadlineSeconds": 1, "backoffLimit": 99, "template": template}
    for field, value in changes.items():
        answer = await engine.patch(own, {"spec": {field: value}}, **DRY)
        expect(answer, 403, f"only spec.ttlSecondsAfterFinished of its Jobs, and not spec.{field}")
    expect(await cluster.impersonating(MALLORY).patch(foreign, {"spec": {"suspend": False}}, **DRY), 200)
    expect(await engine.delete(own, {"propagationPolicy": "Foreground"}, **DRY), 200)
    expect(await engine.delete(own), 200)
