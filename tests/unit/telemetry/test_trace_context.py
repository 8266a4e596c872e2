"""The trace is the caller's, or follows from the uid; once recorded, it does not change."""

import pytest

from kubernaut.api.view import ExecutionView
from kubernaut.telemetry.trace_context import trace_context

UID = "c1731926-388e-4402-9288-a493b10db6da"
ASKED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def execution(traceparent=None, recorded=None, uid=UID):
    annotations = {"traceparent": traceparent} if traceparent else {}
    status = {"traceparent": recorded} if recorded else {}
    return ExecutionView({"metadata": {"uid": uid, "annotations": annotations}, "status": status})


def test_without_a_caller_the_uid_is_the_trace_id():
    context = trace_context(execution())
    assert context.trace_id == UID.replace("-", "")
    assert (context.parent_id, context.sampled) == ("", True)
    assert trace_context(execution()) == context


def test_a_callers_trace_is_continued():
    context = trace_context(execution(ASKED))
    assert (context.trace_id, context.parent_id) == tuple(ASKED.split("-")[1:3])
    assert context.span_id not in {context.parent_id, "0" * 16}


def test_a_caller_who_is_not_sampled_is_not_sampled_here():
    context = trace_context(execution(ASKED[:-2] + "00"))
    assert not context.sampled
    assert str(context).endswith("-00")


@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "nonsense",
        "00-" + "0" * 32 + "-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-" + "0" * 16 + "-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916CD43DD-b7ad6b7169203331-01",
        ASKED + "\n" + ASKED,
    ],
)
def test_an_invalid_traceparent_is_ignored(traceparent):
    assert trace_context(execution(traceparent)) == trace_context(execution())


def test_the_recorded_context_stays_when_the_annotation_changes():
    first = trace_context(execution(ASKED))
    other = "00-" + "1" * 32 + "-" + "2" * 16 + "-01"
    later = trace_context(execution(other, str(first)))
    assert (later.trace_id, later.span_id, later.parent_id) == (first.trace_id, first.span_id, "")
    assert trace_context(execution(ASKED, str(first))) == first


def test_a_uid_that_is_not_a_uuid_still_makes_a_trace():
    assert len(trace_context(execution(uid="odd")).trace_id) == 32


def test_child_spans_have_distinct_and_reproducible_ids():
    context = trace_context(execution())
    assert context.child(0, "validate") == context.child(0, "validate") != context.child(1, "validate")
