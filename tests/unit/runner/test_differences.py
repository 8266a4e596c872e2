"""What differs between two states of an object: whole, and nothing that the API server wrote."""

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kubernaut.runner.differences import differences

SERVER = {
    "resourceVersion": "1",
    "generation": 1,
    "uid": "u",
    "creationTimestamp": "t",
    "managedFields": [],
    "selfLink": "/",
}


def deployment(**container):
    containers = [{"name": "web", "image": "shop:1", **container}, {"name": "proxy", "image": "proxy:1"}]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "labels": {"app": "web"}, **SERVER},
        "spec": {"template": {"spec": {"containers": containers}}},
        "status": {"replicas": 1},
    }


def found(before, after):
    return {path: (old, new) for path, old, new in differences(before, after)}


CONTAINER = "spec.template.spec.containers[web]"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param(
            deployment(resources={"limits": {"memory": "1Gi"}}),
            deployment(resources={"limits": {"memory": "2Gi"}}),
            {f"{CONTAINER}.resources.limits.memory": ("1Gi", "2Gi")},
            id="a field of a named item",
        ),
        pytest.param(
            deployment(env=[{"name": "A", "value": "1"}]),
            deployment(env=[{"name": "A", "value": "1"}, {"name": "B.x", "value": "2"}]),
            {f"{CONTAINER}.env[B.x].value": (None, "2")},
            id="a new named item",
        ),
        pytest.param(
            {"spec": {"imagePullSecrets": [{"name": "a"}]}},
            {"spec": {"imagePullSecrets": [{"name": "a"}, {"name": "b"}]}},
            {"spec.imagePullSecrets[b].name": (None, "b")},
            id="a new item that is a name alone",
        ),
        pytest.param(
            {"metadata": {"annotations": {"a.b/c": "1"}}},
            {"metadata": {"annotations": {}}},
            {"metadata.annotations[a.b/c]": ("1", None)},
            id="a key with dots and slashes",
        ),
        pytest.param(
            {"spec": {"args": ["a"]}}, {"spec": {"args": ["a", "b"]}}, {"spec.args": (["a"], ["a", "b"])}, id="a list"
        ),
        pytest.param(
            {"l": [{"name": "a", "x": 1}, {"name": "b"}]},
            {"l": [{"name": "b"}, {"name": "a", "x": 1}]},
            {"l": ([{"name": "a", "x": 1}, {"name": "b"}], [{"name": "b"}, {"name": "a", "x": 1}])},
            id="items that changed places",
        ),
        pytest.param(
            {"l": [{"name": "a"}, {"name": "a", "x": 1}]},
            {"l": [{"name": "a"}]},
            {"l": ([{"name": "a"}, {"name": "a", "x": 1}], [{"name": "a"}])},
            id="items that share a name",
        ),
        pytest.param({"spec": {}}, {"spec": {"emptyDir": {}}}, {"spec.emptyDir": (None, {})}, id="an empty mapping"),
        pytest.param({"spec": {"l": []}}, {"spec": {}}, {"spec.l": ([], None)}, id="an empty list"),
        pytest.param({"spec": {"x": {"a": 1}}}, {"spec": {"x": 1}}, {"spec.x": ({"a": 1}, 1)}, id="another type"),
        pytest.param({"spec": {"x": None}}, {"spec": {}}, {}, id="null is absent"),
        pytest.param(deployment(), deployment(), {}, id="nothing"),
    ],
)
def test_every_field_that_differs_is_told(before, after, expected):
    assert found(before, after) == expected


def test_what_the_api_server_writes_is_no_change():
    after = deployment()
    after["metadata"] |= dict.fromkeys(SERVER, "other") | {"deletionTimestamp": "t", "deletionGracePeriodSeconds": 1}
    after["status"] = {"replicas": 5}
    assert found(deployment(), after) == {}


@pytest.mark.parametrize("absent", [None, {}])
def test_a_creation_and_a_deletion_are_told_with_all_their_fields(absent):
    config_map = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", **SERVER}, "data": {"a": "1"}}
    assert found(absent, config_map) == {"metadata.name": (None, "c"), "data.a": (None, "1")}
    assert found(config_map, absent) == {"metadata.name": ("c", None), "data.a": ("1", None)}


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b.c", "name"]), inner, max_size=3)
        | st.lists(st.fixed_dictionaries({"name": st.sampled_from("xyz")}, optional={"v": inner}), max_size=3)
    ),
    max_leaves=12,
)


def without_nulls(value):
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@given(JSON, JSON)
def test_two_objects_differ_if_and_only_if_a_field_is_told(one, other):
    before, after = {"spec": without_nulls(one)}, {"spec": without_nulls(other)}
    unchanged = deepcopy((before, after))
    told = found(before, after)
    assert bool(told) == (before != after)
    assert all(old != new for old, new in told.values())
    assert (before, after) == unchanged
