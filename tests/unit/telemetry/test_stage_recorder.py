"""Stages are recorded nested, in order, with their errors, and separately for each task."""

import asyncio

import pytest

from kubernaut.telemetry.stage_recorder import MAX_ENTRIES, recording, stage


def test_an_inner_stage_names_its_outer_stage_and_follows_it():
    with recording() as recorded:
        with stage("validate"), stage("hook", "scale.validate"):
            pass
        with stage("create-job"):
            pass
    stages = [(s.name, s.detail, s.within) for s in recorded.stages()]
    assert stages == [("validate", None, None), ("hook", "scale.validate", "validate"), ("create-job", None, None)]
    assert all(s.start_time <= s.end_time for s in recorded.stages())


def test_an_exception_becomes_the_error_of_its_stage_and_propagates():
    with recording() as recorded, pytest.raises(ValueError, match="no"), stage("validate"):
        raise ValueError("no")
    assert recorded.stages()[0].error == "no"


def test_a_stage_works_without_a_recording():
    with stage("validate") as recorded:
        recorded.error = "x"
    assert recorded.ended is not None


def test_a_stage_is_not_listed_before_it_has_ended():
    with recording() as recorded, stage("validate"):
        assert recorded.stages() == []


def test_the_number_of_recorded_stages_is_bounded():
    with recording() as recorded:
        for _ in range(MAX_ENTRIES + 5):
            with stage("request"):
                pass
    assert len(recorded.stages()) == MAX_ENTRIES


async def test_tasks_do_not_see_each_others_stages():
    async def one(name):
        with recording() as recorded:
            for _ in range(3):
                with stage(name):
                    await asyncio.sleep(0)
        return {s.name for s in recorded.stages()}

    assert await asyncio.gather(one("a"), one("b")) == [{"a"}, {"b"}]


async def test_a_task_that_is_started_in_a_stage_belongs_to_it():
    async def part():
        with stage("request"):
            await asyncio.sleep(0)

    with recording() as recorded, stage("rights"):
        await asyncio.gather(part(), part())
    assert [s.within for s in recorded.stages()] == [None, "rights", "rights"]
