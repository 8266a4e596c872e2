"""Annotations that anybody can write, and the engine reads."""

import pytest

from kubernaut.api.annotations import MAX_LENGTHS, annotation_problem, read_annotation, trim_annotations


@pytest.mark.parametrize("name", MAX_LENGTHS)
@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (lambda limit: "a" * limit, ""),
        (lambda limit: "a" * (limit + 1), "it is longer than the"),
        (lambda _: "a" * 200_000, "it is longer than the"),
        (lambda _: "anna\x1b[2J", "control or invisible characters"),
        (lambda _: "anna\nadmin", "control or invisible characters"),
        (lambda _: "anna\u202e", "control or invisible characters"),
        (lambda _: "Grüße", ""),
    ],
    ids=[
        "at the limit",
        "beyond it",
        "enormous",
        "an escape sequence",
        "two lines",
        "another direction",
        "any language",
    ],
)
def test_an_annotation_is_short_and_printable_or_not_read_at_all(name, value, fault):
    text = value(MAX_LENGTHS[name])
    problem = annotation_problem({"other": "x" * 10**6, name: text})
    assert bool(problem) is bool(fault)
    assert problem.startswith(f"metadata.annotations[{name}]: ") or not fault
    assert fault in problem
    assert read_annotation({name: text}, name) == ("" if fault else text)
    trimmed = trim_annotations({"other": "x" * 10**6, name: text})
    assert annotation_problem(trimmed) == problem
    assert len(str(trimmed)) < 600


def test_no_annotation_is_no_problem():
    assert annotation_problem({}) == ""
    assert read_annotation({}, "traceparent") == ""
