"""The writes that a guard must refuse: each field that is not allowed, changed and removed, and nothing that is."""

import pytest

from kubernaut.api.field_paths import FieldTree, field_tree
from kubernaut.testing.other_writes import other_writes

OBJECT = {
    "apiVersion": "v1",
    "kind": "Thing",
    "metadata": {"name": "a", "uid": "u", "resourceVersion": "1", "generation": 2, "labels": {"x.io/k": "v"}},
    "spec": {"count": 1, "on": True, "items": [{"name": "one", "image": "i", "limits": {"cpu": "1"}}], "args": ["a"]},
    "status": {"ready": 1},
}


def paths(*allowed):
    return [write.path for write in other_writes(OBJECT, field_tree(allowed) if allowed else FieldTree())]


def test_every_field_but_those_of_the_server_is_changed_and_removed():
    written = ["metadata.labels[x.io/k]", "spec.count", "spec.on", "spec.items[*].name", "spec.args"]
    assert all(paths().count(path) == 2 for path in written)
    assert not {"metadata.name", "metadata.uid", "status.ready", "kind"} & set(paths())


def test_fields_that_may_change_are_left_out():
    found = set(paths("spec.items[*].limits", "spec.count", "metadata.labels"))
    assert not {"spec.items[*].limits.cpu", "spec.count", "metadata.labels[x.io/k]"} & found
    assert {"spec.items[*].image", "spec.on"} <= found


def test_additions_to_the_metadata_are_among_them():
    added = {"metadata.labels[example.com/added]", "metadata.finalizers", "metadata.ownerReferences"}
    assert added <= set(paths("spec"))
    assert not added & set(paths("metadata"))


@pytest.mark.parametrize(
    ("path", "patch"),
    [
        ("spec.count", {"spec": {"count": 2}}),
        ("spec.on", {"spec": {"on": False}}),
        ("spec.args", {"spec": {"args": ["a", "a"]}}),
        ("spec.items[*].image", {"spec": {"items": [{"name": "one", "image": "i-x", "limits": {"cpu": "1"}}]}}),
    ],
)
def test_a_write_changes_one_field_to_a_value_of_its_type(path, patch):
    first = next(write for write in other_writes(OBJECT, FieldTree()) if write.path == path)
    assert first.patch == patch
