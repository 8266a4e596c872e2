"""Which fields a pod's report is believed about."""

import pytest

from kubernaut.api.fields import ReportableFields, TargetField, fields_of_target


def fields(*declared):
    return ReportableFields.declared(declared, "Deployment", "web")


@pytest.mark.parametrize(
    ("declared", "change", "believed"),
    [
        ("spec.replicas", ("Deployment", "web", "spec.replicas"), True),
        ("spec.replicas", ("Deployment", "web", "spec.replicas.more"), False),
        ("spec.replicas", ("Deployment", "web", "spec"), False),
        ("spec.replicas", ("Deployment", "db", "spec.replicas"), False),
        ("spec.replicas", ("StatefulSet", "web", "spec.replicas"), False),
        ("spec.replicas", ("deployment", "web", "spec.replicas"), False),
        ("*", ("Deployment", "web", "anything[at.all]"), True),
        ("*", ("Secret", "web", "data.token"), False),
        ("data.*", ("Deployment", "web", "data.a"), True),
        ("data.*", ("Deployment", "web", "metadata.a"), False),
        (TargetField("*", "Pod", "*"), ("Pod", "any-1", ""), True),
        (TargetField("*", "Pod", "*"), ("Deployment", "web", ""), False),
        (TargetField("*", "File", "a.yaml"), ("File", "a.yaml", "x.y"), True),
        (TargetField("*", "File", "a.yaml"), ("File", "b.yaml", "x.y"), False),
        (TargetField("*", "File"), ("File", "web", "x"), True),
    ],
)
def test_only_a_declared_field_of_the_right_object_is_covered(declared, change, believed):
    assert fields(declared).covers(*change) is believed


def test_several_fields_are_covered_and_none_means_nothing():
    assert fields("a", "b").covers("Deployment", "web", "b")
    assert not fields().covers("Deployment", "web", "a")


def test_anything_else_than_a_field_is_a_defect_of_the_plugin():
    with pytest.raises(TypeError, match="fields must be paths or TargetFields, not int"):
        fields(5)


def test_without_its_plugin_the_target_alone_is_left_to_believe():
    left = fields_of_target("Deployment/web")
    assert left.covers("Deployment", "web", "spec.replicas")
    assert not left.covers("ConfigMap", "web", "data.a")
    assert not fields_of_target("").covers("Deployment", "web", "spec.replicas")
