"""`kubernaut-reserved-jobs`: only the engine creates Jobs with the reserved labels, and no one changes these labels."""

import pytest

from tests.conformance.client import Client
from tests.deploy.admission.requests import (
    ALICE,
    DRY,
    ENGINE,
    LABELS,
    MALLORY,
    create_owner,
    engine_job,
    expect,
    job,
    jobs,
)


@pytest.mark.parametrize("key", sorted(LABELS))
async def test_only_the_engine_creates_a_job_with_a_reserved_label(cluster: Client, place: str, key: str):
    for user in (cluster, cluster.impersonating(MALLORY)):
        expect(await user.post(jobs(place), job(labels={key: "x"}), **DRY), 403, "remove them")
        expect(await user.post(jobs(place), job(pod_labels={key: "x"}), **DRY), 403, "remove them")
    expect(await cluster.impersonating(MALLORY).post(jobs(place), job(labels={"app": "x"}), **DRY), 201)


async def test_no_user_changes_a_reserved_label_of_a_job_and_other_changes_are_allowed(cluster: Client, place: str):
    engine, mallory = cluster.impersonating(ENGINE), cluster.impersonating(MALLORY)
    owner = await create_owner(cluster.impersonating(ALICE), place)
    made, other = await engine.made(jobs(place), engine_job(suspend=True, **owner)), job(suspend=True)
    await cluster.made(jobs(place), other)
    own, foreign = (f"{jobs(place)}/{m['metadata']['name']}" for m in (made, other))
    for key in LABELS:
        for path, value in ((own, None), (own, "else"), (foreign, "new")):
            change = {"metadata": {"labels": {key: value}}}
            expect(await engine.patch(path, change, **DRY), 403)  # as it changes no Job at all
            for user in (cluster, mallory):
                expect(await user.patch(path, change, **DRY), 403, "must not change")
    for user in (cluster, mallory):
        unrelated = {"spec": {"ttlSecondsAfterFinished": 300}, "metadata": {"labels": {"a": "b"}}}
        expect(await user.patch(own, unrelated, **DRY), 200)
        expect(await user.patch(own, {"metadata": {"finalizers": ["a.example/b"]}}, **DRY), 200)
    relabelled = {"metadata": {"labels": {"kubernaut.io/execution-uid": "z"}}}
    expect(await cluster.patch(f"{own}/status", relabelled, **DRY), 403)
    template = {"spec": {"template": {"metadata": {"labels": {"kubernaut.io/execution-uid": "new"}}}}}
    expect(await cluster.patch(foreign, template, **DRY), 403, "must not change")
