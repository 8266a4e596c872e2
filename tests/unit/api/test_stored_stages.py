"""Stages as the API server has them: every value comes back, in few bytes, and those of earlier engines are read."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kubernaut.api.execution import ExecutionStatus
from kubernaut.api.stages import Stage, StageRequest
from kubernaut.api.stored_stages import StoredStage, pack

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
POD = "patch-configmap-bb3efe-0ed0669c15-jm569"
PATCH = StageRequest(verb="PATCH", resource="v1/configmaps", name="app-config", code=200, count=2)
CREATE = StageRequest(verb="POST", resource="jobs", code=201)

words = st.sampled_from(["attempt", "execute", "request", "wait", "policy", ""])
texts = st.none() | st.text(st.characters(categories=["L", "N"]), max_size=5)
times = st.datetimes(timezones=st.just(UTC)) | st.datetimes(
    datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.just(timezone(timedelta(hours=5)))
)
requests = st.builds(
    StageRequest,
    verb=st.sampled_from(["GET", "WATCH"]),
    resource=words,
    name=texts,
    code=st.integers(0, 599),
    count=st.integers(0, 3),
)
stage_lists = st.lists(
    st.fixed_dictionaries(
        {
            "name": words,
            "start_time": times,
            "end_time": st.none() | times,
            "detail": texts,
            "request": st.none() | requests,
            "within": st.none() | words,
            "attempt": st.none() | st.integers(1, 3),
            "error": texts,
        }
    ).map(lambda fields: Stage(**fields)),
    max_size=8,
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
some_times = st.sampled_from(
    ["2026-05-01T12:00:00Z", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00", "2026-05-01T12:00:00", 5]
)
any_entries = st.fixed_dictionaries(
    {"name": words | anything},
    optional={
        **dict.fromkeys(("startTime", "endTime"), some_times | anything),
        **dict.fromkeys(("at", "took"), st.integers(-(10**17), 10**17) | anything),
        **dict.fromkeys(("within", "attempt", "request", "detail"), words | anything),
    },
)


def at(microseconds):
    return NOON + timedelta(microseconds=microseconds)


def stage(name, begin, took=None, **more):
    return Stage(name=name, start_time=at(begin), end_time=None if took is None else at(begin + took), **more)


def part(name, begin, took, **more):
    return stage(name, begin, took, **{"within": "attempt", "attempt": 1, **more})


def earlier_form(stages):
    """As engines stored them before: absolute times, and every default."""
    return [one.to_json() for one in stages]


def read(stored):
    return ExecutionStatus.model_validate({"stages": json.loads(json.dumps(stored))}).stages


TYPICAL = (
    stage("validate", 0, 1395),
    stage("hook", 51, 892, detail="patch-configmap.target", within="validate"),
    stage("hook", 1000, 106, detail="patch-configmap.validate", within="validate"),
    stage("policy", 1118, 91, detail="freeze-windows", within="validate"),
    stage("hook", 1135, 70, detail="freeze-windows.validate", within="policy"),
    stage("policy", 1211, 172, detail="protected-targets", within="validate"),
    stage("hook", 1221, 60, detail="protected-targets.reads_labels", within="policy"),
    stage("hook", 1285, 95, detail="protected-targets.validate", within="policy"),
    stage("rights", 1387, 6, detail="configmap-patcher", within="validate"),
    stage("create-job", 1492, 6776),
    stage("hook", 1499, 171, detail="patch-configmap.build_job", within="create-job"),
    stage("request", 1816, 6356, request=CREATE, within="create-job"),
    stage("attempt", 20321, 138674, detail=POD, attempt=1),
    part("schedule", 20321, 39, detail="worker-1"),
    part("start", 20360, 48655, detail="dry-run"),
    part("dry-run", 69015, 8350),
    part("request", 69015, 8000, within="dry-run", request=PATCH),
    part("start", 77365, 73714, detail="execute"),
    part("execute", 151079, 7916),
    part("request", 151079, 7916, within="execute", request=PATCH),
    stage("notice", 158995, 5577),
    stage("record", 164572, 636),
    stage("hook", 164592, 413, detail="patch-configmap.on_complete", within="record"),
    stage("hook", 165028, 165, detail="patch-configmap.target", within="record"),
)
"""What the engine recorded of one execution with one attempt."""


@given(stage_lists)
def test_every_stage_comes_back_to_the_microsecond(stages):
    assert read(ExecutionStatus(stages=stages).to_json().get("stages", [])) == tuple(stages)


@given(stage_lists)
def test_what_is_read_is_stored_as_it_was_so_nothing_is_written_again(stages):
    stored = pack(stages)
    assert ExecutionStatus(stages=read(stored)).merge_patch()["stages"] == stored


@given(stage_lists)
def test_every_stored_field_is_described_in_the_schema_and_none_is_null(stages):
    known = {field.alias for field in StoredStage.model_fields.values()}
    assert all(entry.keys() <= known and None not in entry.values() for entry in pack(stages))
    for model in (StoredStage, StageRequest):
        assert all(field.description for field in model.model_fields.values())


@given(stage_lists)
def test_stages_of_earlier_engines_are_read(stages):
    assert read(earlier_form(stages)) == tuple(stages)


@given(stage_lists, st.lists(st.booleans(), min_size=8, max_size=8))
def test_both_forms_may_stand_in_one_list(stages, choice):
    both = zip(choice, pack(stages), earlier_form(stages), strict=False)
    assert read([compact if is_compact else earlier for is_compact, compact, earlier in both]) == tuple(stages)


def test_only_the_first_stage_has_an_absolute_time_and_what_repeats_is_left_out():
    assert pack([TYPICAL[0], *TYPICAL[11:14], TYPICAL[16], stage("wait", -5)]) == [
        {"name": "validate", "startTime": "2026-05-01T12:00:00Z", "took": 1395},
        {
            "name": "request",
            "at": 1816,
            "took": 6356,
            "request": {"verb": "POST", "resource": "jobs", "code": 201},
            "within": "create-job",
        },
        {"name": "attempt", "at": 20321, "took": 138674, "detail": POD},
        {"name": "schedule", "at": 20321, "took": 39, "detail": "worker-1", "within": "attempt"},
        {
            "name": "request",
            "at": 69015,
            "took": 8000,
            "attempt": 1,
            "request": {
                "verb": "PATCH",
                "resource": "v1/configmaps",
                "name": "app-config",
                "code": 200,
                "count": 2,
            },
            "within": "dry-run",
        },
        {"name": "wait", "at": -5},
    ]


def test_a_second_attempt_has_its_number_and_its_parts_do_not_repeat_it():
    stages = [stage("attempt", 0, 5, attempt=1), stage("attempt", 9, 5, attempt=2)]
    stages += [part("execute", 10, 3, attempt=2), part("request", 11, 1, attempt=2, within="execute", request=PATCH)]
    assert [entry.get("attempt") for entry in pack(stages)] == [None, 2, None, None]
    assert [one.attempt for one in read(pack(stages))] == [1, 2, 2, 2]


def test_a_part_without_an_attempt_within_one_that_has_one_says_so():
    stages = [stage("execute", 0, 5, attempt=1), stage("request", 1, 1, within="execute", request=CREATE)]
    assert [entry["attempt"] for entry in pack(stages)] == [1, 0]


def test_a_typical_execution_takes_three_fifths_of_the_bytes_it_took_before():
    before, now = (len(json.dumps(form, separators=(",", ":"))) for form in (earlier_form(TYPICAL), pack(TYPICAL)))
    assert now < 2120, f"{now} bytes"
    assert now < before * 0.6, f"{now} of {before} bytes"


@given(st.lists(any_entries, max_size=4) | anything)
def test_any_json_is_read_or_an_error_of_the_model(stored):
    try:
        status = ExecutionStatus.model_validate({"stages": stored})
    except ValidationError:
        return
    assert len(status.to_json()["stages"]) == len(status.stages), "what can be read can be written"


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ({"at": 1, "took": "5"}, "stage 1: took must be a whole number of microseconds"),
        ({"at": 1, "took": 1.5}, "stage 1: took must be a whole number"),
        ({"at": True}, "stage 1: at must be a whole number"),
        ({"at": "1"}, "stage 1: at must be a whole number"),
        ({"at": [1]}, "stage 1: at must be a whole number"),
        ({"at": 2**63}, "stage 1: at leads to no time"),
        ({"at": 1, "took": 10**400}, "stage 1: took leads to no time"),
        ({"at": -(10**17)}, "stage 1: at leads to no time"),
        ({"took": 1}, "stage 1: startTime must be a time"),
        ({"startTime": "noon", "took": 1}, "stage 1: startTime must be a time"),
        ({}, "stages.1.startTime"),
        ({"at": 1, "within": {}, "attempt": []}, "stages.1"),
    ],
    ids=str,
)
def test_a_value_that_no_engine_wrote_is_an_error_of_the_model(second, words):
    first = {"name": "validate", "startTime": "2026-05-01T12:00:00Z"}
    with pytest.raises(ValidationError) as caught:
        ExecutionStatus.model_validate({"stages": [first, {"name": "x", **second}]})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "stages",
    [
        pytest.param([{"name": "a", "took": 1}], id="the first stage has no startTime"),
        pytest.param([{"name": "a"}, {"name": "b", "at": 1}], id="the first stage has no time"),
        pytest.param([{"name": "a", "startTime": [], "at": 1}], id="a startTime that is a list"),
        pytest.param([{"name": [], "at": {}}], id="a name that is a list"),
        pytest.param([1, {"at": 1}], id="a number"),
        pytest.param([None], id="a null"),
        pytest.param({"a": 1}, id="a mapping"),
        pytest.param("none", id="a text"),
    ],
)
def test_stages_that_no_engine_wrote_are_an_error_of_the_model(stages):
    with pytest.raises(ValidationError):
        ExecutionStatus.model_validate({"stages": stages})
