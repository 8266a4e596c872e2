"""`kubernaut-engine-job-changes`: the engine's account deletes its own Jobs, and changes none."""

from tests.conformance.client import Client
from tests.deploy.admission.requests import ALICE, DRY, ENGINE, MALLORY, create_owner, engine_job, expect, job, jobs


async def test_the_engine_deletes_its_own_jobs_and_changes_none(cluster, place):
    engine: Client = cluster.impersonating(ENGINE)
    owner = await create_owner(cluster.impersonating(ALICE), place)
    made, other = await engine.made(jobs(place), engine_job(suspend=True, **owner)), job(suspend=True)
    await cluster.made(jobs(place), other)
    own, foreign = (f"{jobs(place)}/{m['metadata']['name']}" for m in (made, other))
    expect(await engine.delete(foreign, **DRY), 403, "which is not its own")
    # RBAC denies it to the engine in the first place: somebody may have granted more.
    await cluster.made(
        f"/apis/rbac.authorization.k8s.io/v1/namespaces/{place}/rolebindings",
        {
            "metadata": {"name": "more"},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": ENGINE}],
        },
    )
    for spec in ({"ttlSecondsAfterFinished": 300}, {"suspend": False}, {"activeDeadlineSeconds": 1}):
        for path in (own, foreign):
            expect(await engine.patch(path, {"spec": spec}, **DRY), 403, "not allowed to change")
    expect(await cluster.impersonating(MALLORY).patch(foreign, {"spec": {"suspend": False}}, **DRY), 200)
    expect(await engine.delete(own, {"propagationPolicy": "Foreground", "dryRun": ["All"]}), 200)
    expect(await engine.delete(own, {"propagationPolicy": "Foreground"}), 200)
