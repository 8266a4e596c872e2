"""Which fields have been changed since, and who changed them last."""

import pytest

from kubernaut.api.plugin import Change
from kubernaut.cli.rollback_check import Writer, find_divergences, find_unrecorded, last_writer


def change(field="spec.replicas", before=2, after=5):
    return Change(kind="Deployment", name="web", field=field, before=before, after=after)


@pytest.mark.parametrize(
    ("planned", "now"),
    [
        pytest.param([change(before=5, after=2)], [], id="still as it was left"),
        pytest.param([change(before=7, after=2)], [7], id="changed by someone since"),
        pytest.param([], [], id="back already: nothing would be overwritten"),
        pytest.param([change("spec.paused", before=True, after=False)], [], id="another field"),
    ],
)
def test_only_a_field_that_someone_else_set_diverges(planned, now):
    assert [one.now for one in find_divergences([change()], planned)] == now


@pytest.mark.parametrize(
    ("planned", "unrecorded"),
    [
        ([change(before=5, after=2)], []),
        ([change(before=5, after=2), change("spec.paused")], ["spec.paused"]),
        ([change("spec.paused")], ["spec.paused"]),
        ([], []),
    ],
)
def test_a_field_that_was_not_recorded_is_found(planned, unrecorded):
    assert [one.field for one in find_unrecorded([change()], planned)] == unrecorded


def managed(manager, time, **fields):
    return {"manager": manager, "time": time, "fieldsV1": fields}


OBJECT = {
    "metadata": {
        "managedFields": [
            managed("kubernaut-runner", "2026-01-01T10:00:00Z", **{"f:spec": {"f:replicas": {}}}),
            managed("kubectl-edit", "2026-01-01T11:00:00Z", **{"f:spec": {"f:replicas": {}, "f:paused": {}}}),
            managed("helm", "2026-01-01T12:00:00Z", **{"f:data": {"f:app.properties": {}, ".": {}, "f:a": {}}}),
            managed(
                "restarter",
                "2026-01-01T13:00:00Z",
                **{"f:spec": {"f:template": {"f:metadata": {"f:annotations": {"f:example.com/at": {}}}}}},
            ),
        ]
    }
}


@pytest.mark.parametrize(
    ("field", "manager"),
    [
        ("spec.replicas", "kubectl-edit"),
        ("data.app.properties", "helm"),
        ("data.a", "helm"),
        ("spec.template.metadata.annotations[example.com/at]", "restarter"),
        ("data.app", None),
        ("spec.replica", None),
        ("status", None),
    ],
)
def test_the_last_writer_of_a_field_is_its_newest_owner(field, manager):
    found = last_writer(OBJECT, field)
    assert (found.manager if found else None) == manager


def test_an_object_without_managed_fields_has_no_last_writer():
    assert last_writer({"metadata": {}}, "spec.replicas") is None


def test_a_writer_has_a_name_and_a_time():
    assert last_writer(OBJECT, "spec.replicas") == Writer("kubectl-edit", "2026-01-01T11:00:00Z")
