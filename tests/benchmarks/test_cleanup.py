"""Clean-up on the sandbox, as a stage needs it that measures from an empty namespace to an empty one."""

import pytest

from benchmarks import paths
from benchmarks.cleanup import empty, until_gone
from benchmarks.options import Where
from benchmarks.place import place_on
from benchmarks.subjects import executions, jobs


@pytest.mark.timeout(60)
async def test_nothing_of_earlier_stages_is_left():
    async with place_on(Where.SANDBOX) as place:
        for subject in (executions(place), jobs(place)):
            await place.api.post(subject.path, subject.make("e"))
        await empty(place)
        for path in (paths.executions(place.namespace), paths.jobs(place.namespace)):
            assert not (await place.api.get(path))["items"]


@pytest.mark.timeout(60)
async def test_the_clean_up_of_a_job_with_a_ttl_is_waited_for():
    async with place_on(Where.SANDBOX) as place:
        subject = jobs(place, ttlSecondsAfterFinished=1)
        await place.api.post(subject.path, subject.make("e"))
        await until_gone(place)
        assert not await place.api.exists(f"{subject.path}/e")
        assert not (await place.api.get(paths.core(place.namespace, "pods")))["items"]
