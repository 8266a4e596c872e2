"""What is noted while it happens: nested, in order, with errors, and each task its own."""

import asyncio

import pytest

from kubernaut.telemetry.stage_recorder import MOST_STAGES, recording, stage


def test_parts_name_their_whole_and_stand_after_it():
    with recording() as noted:
        with stage("validate"), stage("hook", "scale.validate"):
            pass
        with stage("create-job"):
            pass
    told = [(s.name, s.detail, s.within) for s in noted.stages()]
    assert told == [("validate", None, None), ("hook", "scale.validate", "validate"), ("create-job", None, None)]
    assert all(s.start_time <= s.end_time for s in noted.stages())


def test_what_is_raised_is_noted_and_goes_on():
    with recording() as noted, pytest.raises(ValueError, match="no"), stage("validate"):
        raise ValueError("no")
    assert noted.stages()[0].error == "no"


def test_without_a_recording_nothing_is_kept():
    with stage("validate") as noted:
        noted.error = "x"
    assert noted.ended is not None


def test_a_stage_that_lasts_is_not_told_yet():
    with recording() as noted, stage("validate"):
        assert noted.stages() == []


def test_there_is_a_bound():
    with recording() as noted:
        for _ in range(MOST_STAGES + 5):
            with stage("request"):
                pass
    assert len(noted.stages()) == MOST_STAGES


async def test_tasks_do_not_see_each_others_stages():
    async def one(name):
        with recording() as noted:
            for _ in range(3):
                with stage(name):
                    await asyncio.sleep(0)
        return {s.name for s in noted.stages()}

    assert await asyncio.gather(one("a"), one("b")) == [{"a"}, {"b"}]


async def test_a_task_begun_in_a_stage_is_part_of_it():
    async def part():
        with stage("request"):
            await asyncio.sleep(0)

    with recording() as noted, stage("rights"):
        await asyncio.gather(part(), part())
    assert [s.within for s in noted.stages()] == [None, "rights", "rights"]
