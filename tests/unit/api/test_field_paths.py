"""Paths of fields: how they are read and written, and what several of them allow together."""

import re

import pytest

from kubernaut.api.field_paths import ITEMS, field_tree, format_path, leaves, parse_path

PATHS = {
    "spec.replicas": ("spec", "replicas"),
    "data": ("data",),
    "metadata.annotations[kubectl.kubernetes.io/restartedAt]": (
        "metadata",
        "annotations",
        "kubectl.kubernetes.io/restartedAt",
    ),
    "spec.template.spec.containers[*].resources": ("spec", "template", "spec", "containers", ITEMS, "resources"),
    "spec.rules[*].http.paths[*].backend": ("spec", "rules", ITEMS, "http", "paths", ITEMS, "backend"),
}


@pytest.mark.parametrize(("path", "steps"), PATHS.items())
def test_a_path_is_read_and_written(path, steps):
    assert parse_path(path) == steps
    assert format_path(steps) == path


def test_a_plain_key_in_brackets_is_the_same_as_after_a_dot():
    assert parse_path("spec[replicas]") == parse_path("spec.replicas")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "a path is empty"),
        (".spec", "is not the path of a field at '.spec'"),
        ("spec.", "at '.'"),
        ("spec..replicas", "at '..replicas'"),
        ("spec replicas", "at ' replicas'"),
        ("[spec]", "at '[spec]'"),
        ("spec.*", "at '.*'"),
        ("*", "at '*'"),
        ("spec.containers[]", "at '[]'"),
        ("spec.containers[*", "at '[*'"),
        ("spec.containers[*]", "ends in [*]: name the list itself"),
        ("metadata.labels[app*]", "[app*] is not a key"),
        ("metadata.labels[-x]", "[-x] is not a key"),
        ("metadata.labels[a'b]", "is not a key"),
        ("metadata.labels[a b]", "is not a key"),
        ("status.phase", "no action can change status"),
        ("kind", "no action can change kind"),
    ],
)
def test_what_is_not_a_path_is_refused_with_the_place(path, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        parse_path(path)


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (("spec", "spec.replicas"), "'spec.replicas' overlaps another field"),
        (("spec.replicas", "spec"), "'spec' overlaps another field"),
        (("spec.replicas", "spec.replicas"), "overlaps another field"),
        (("spec.replicas", "spec[replicas]"), "overlaps another field"),
        (("spec.list[*].a", "spec.list.b"), "spec.list is both a list"),
        (("spec.list[b]", "spec.list[*].a"), "spec.list is both a list"),
        (("spec.list[*].a.b", "spec.list[*].a"), "overlaps another field"),
    ],
)
def test_paths_that_contain_or_contradict_each_other_are_refused(paths, words):
    with pytest.raises(ValueError, match=re.escape(words)):
        field_tree(paths)


def test_a_tree_has_the_paths_that_it_was_made_of():
    tree = field_tree(PATHS)
    assert sorted(format_path(path) for path in leaves(tree)) == sorted(PATHS)


@pytest.mark.parametrize(
    ("path", "covered"),
    [
        (("spec", "replicas"), True),
        (("spec",), False),
        (("spec", "paused"), False),
        (("data", "any", "thing"), True),
        (("metadata", "annotations", "x"), False),
        (("spec", "template", "spec", "containers", ITEMS, "resources", "limits", "cpu"), True),
        (("spec", "template", "spec", "containers", ITEMS, "image"), False),
    ],
)
def test_a_tree_covers_changes_below_its_fields_alone(path, covered):
    assert field_tree(PATHS).covers(path) is covered
