"""The fields that an expression mentions, and how their values are shown."""

import pytest

from kubernaut_check_workload.mentions import ABSENT, described, mentioned, value_at, written


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        (
            "object.status.readyReplicas == object.spec.replicas",
            ["object.status.readyReplicas", "object.spec.replicas"],
        ),
        ("object.spec.replicas > 1 || object.spec.replicas < 0", ["object.spec.replicas"]),
        ("object.?status.?readyReplicas.orValue(0) > 1", ["object.status.readyReplicas"]),
        ("has(object.status.x)", ["object.status.x"]),
        ("object.status.conditions.exists(c, c.type == 'Ready')", ["object.status.conditions"]),
        ("object . spec // a comment\n . replicas > 1", ["object.spec.replicas"]),
        ("object.metadata.labels['app'] == 'a'", ["object.metadata.labels.app"]),
        ('object.metadata.labels["a.b/c"] == "a"', ['object.metadata.labels["a.b/c"]']),
        ("object['spec'][?'replicas'].orValue(1) > 1", ["object.spec.replicas"]),
        ("object.spec.template.spec.containers[0].image == 'a'", ["object.spec.template.spec.containers[0].image"]),
        ("object.spec.x[object.spec.i] == 1", ["object.spec.x", "object.spec.i"]),
        ("'object.spec.replicas' == other.object.spec", []),
        ("object == object || true", []),
        ("object.", []),
        ("object.spec[", ["object.spec"]),
        ("object.spec['a\\nb'] == 1", ["object.spec"]),
        ("object.spec[99999999999999999999] == 1", ["object.spec"]),
        ("object.spec.replicas ? true : false", ["object.spec.replicas"]),
        ("", []),
    ],
)
def test_what_is_selected_from_the_object_is_found(source, paths):
    assert [written("object", path) for path in mentioned(source, "object")] == paths


def test_of_many_the_first_are_shown():
    assert len(mentioned(" + ".join(f"object.f{n}" for n in range(20)), "object")) == 8


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("a", "b"), 1),
        (("c", 1), "y"),
        (("a", "x"), ABSENT),
        (("c", 2), ABSENT),
        (("a", "b", "z"), ABSENT),
        (("c", "x"), ABSENT),
    ],
)
def test_a_path_leads_to_its_value_or_to_none(path, value):
    assert value_at({"a": {"b": 1}, "c": ["x", "y"]}, path) == value


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (ABSENT, "not set"),
        (None, "null"),
        (2, "2"),
        ("a b", '"a b"'),
        ({"a": 1}, '{"a": 1}'),
        ([], "[]"),
        (
            [{"type": "Ready", "status": "True", "reason": "x"}, {"type": "Live", "status": "False"}],
            "Ready=True, Live=False",
        ),
        ("x" * 500, f'"{"x" * 119}…'),
    ],
)
def test_a_value_is_described_in_a_few_words(value, words):
    assert described(value) == words
