"""What was written and no longer stands: which field, its value now, and who wrote it."""

import pytest

from kubernaut.runner.written import reverted


def managed(manager, fields, time="", **more):
    return {"manager": manager, "fieldsV1": fields, **({"time": time} if time else {}), **more}


REPLICAS = {"f:spec": {"f:replicas": {}}}


@pytest.mark.parametrize(
    ("written", "current"),
    [
        ({}, {"spec": {"replicas": 3}}),
        ({"spec": {"replicas": 3}}, {"spec": {"replicas": 3, "paused": True}}),
        ({"metadata": {"annotations": {"a.b/c": None}}}, {"metadata": {}}),
        ({"spec": {"list": [1]}}, {"spec": {"list": [1]}}),
        ({"data": {}}, {"data": {"a": "b"}}),
        (
            {"spec": {"containers": [{"name": "web", "image": "a:2"}]}},
            {"spec": {"containers": [{"name": "proxy"}, {"name": "web", "image": "a:2", "imagePullPolicy": "Always"}]}},
        ),
    ],
)
def test_what_still_stands_is_not_reverted(written, current):
    assert reverted(written, current) == ""


@pytest.mark.parametrize(
    ("written", "current", "text"),
    [
        (
            {"spec": {"replicas": 3}},
            {"spec": {"replicas": 2}},
            "spec.replicas is 2 now, and not 3 as this action wrote it",
        ),
        ({"spec": {"replicas": 0}}, {"spec": {}}, "spec.replicas is absent now, and not 0"),
        (
            {"metadata": {"annotations": {"a.b/c": "x"}}},
            {"metadata": {"annotations": None}},
            "metadata.annotations[a.b/c] is absent now, and not 'x'",
        ),
        (
            {"spec": {"containers": [{"name": "web", "image": "a:2"}]}},
            {"spec": {"containers": [{"name": "web", "image": "a:1"}]}},
            "spec.containers[web].image is 'a:1' now, and not 'a:2'",
        ),
        ({"data": {"a": None}}, {"data": {"a": "y" * 100}}, f"data.a is '{'y' * 59}… now, and not absent"),
    ],
)
def test_a_field_with_another_value_is_named(written, current, text):
    assert reverted(written, current).startswith(text)


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        ([managed("hpa", REPLICAS, "2026-01-01T00:00:01Z")], "; it was written by hpa at 2026-01-01T00:00:01Z"),
        ([managed("hpa", REPLICAS)], "; it was written by hpa"),
        (
            [managed("a", REPLICAS, "2026-01-01T00:00:01Z"), managed("b", REPLICAS, "2026-01-01T00:00:02Z")],
            "; it was written by b at",
        ),
        (
            [managed("argocd", {}, "2026-01-01T00:00:01Z")],
            "; the last to write the object was argocd at 2026-01-01T00:00:01Z",
        ),
        ([managed("kubernaut-runner", REPLICAS)], ""),
        ([managed("kube-controller-manager", {}, subresource="status")], ""),
        ([{"fieldsV1": None}, {}], ""),
        ([], ""),
    ],
)
def test_the_writer_is_named_where_managed_fields_tell(entries, text):
    current = {"metadata": {"managedFields": entries}, "spec": {"replicas": 2}}
    assert reverted({"spec": {"replicas": 3}}, current).partition("as this action wrote it")[2].startswith(text)


def test_the_writer_of_a_field_of_a_named_item_is_found():
    fields = {"f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}}}
    current = {"metadata": {"managedFields": [managed("argocd", fields)]}, "spec": {"containers": [{"name": "web"}]}}
    assert reverted({"spec": {"containers": [{"name": "web", "image": "a"}]}}, current).endswith("written by argocd")
