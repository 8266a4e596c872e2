"""What an undoing execution may change: fields that the undone one recorded, and that still are as it left them."""

import hashlib
import json

import pytest

from kubernaut.plan_digest import canonical_json
from kubernaut.runner.exceptions import Rejected
from kubernaut.runner.undoing import check_undone
from kubernaut.runner.written import last_writer

LONG = "x" * 500
LEFT = [
    {"kind": "Deployment", "name": "web", "field": "spec.replicas", "after": 5},
    {"kind": "ConfigMap", "name": "c", "field": "data.k", "digest": hashlib.sha256(canonical_json(LONG)).hexdigest()},
    {"kind": "ConfigMap", "name": "c", "field": "data.gone", "after": None},
]
UNDONE = {"execution": "more", "left": LEFT, "target": {"kind": "Deployment", "name": "web", "resource": "r"}}


def change(kind="Deployment", name="web", field="spec.replicas", before=5, after=2):
    return {"kind": kind, "name": name, "field": field, "before": before, "after": after}


@pytest.mark.parametrize(
    "planned",
    [
        [],
        [change()],
        [change(before=2)],
        [change("ConfigMap", "c", "data.k", LONG, "y"), change("ConfigMap", "c", "data.gone", None, "back")],
        [change(field="spec.paused", before=True, after=True)],
    ],
    ids=[
        "back already",
        "as it was left",
        "no change",
        "a digest and an absent field",
        "an unrecorded field that stays",
    ],
)
def test_what_still_is_as_it_was_left_is_undone(planned):
    check_undone(UNDONE, planned, dict)


@pytest.mark.parametrize(
    ("planned", "message"),
    [
        (
            change(before=7),
            "Deployment/web spec.replicas is 7 now, not 5 as more left it; it was written by kubectl-edit at 2026-01-01",
        ),
        (change(before="5"), "Deployment/web spec.replicas is '5' now, not 5 as more left it"),
        (change("ConfigMap", "c", "data.k", LONG + "y", "z"), "now, not what more left"),
        (
            change("ConfigMap", "c", "data.gone", "", "back"),
            "ConfigMap/c data.gone is '' now, not absent as more left it",
        ),
        (
            change(field="spec.paused", before=True, after=False),
            "it would change Deployment/web spec.paused, which more did not record",
        ),
        (change(name="other"), "it would change Deployment/other spec.replicas, which more did not record"),
    ],
)
def test_what_somebody_changed_since_is_refused(planned, message):
    with pytest.raises(Rejected) as refused:
        check_undone(UNDONE, [planned], lambda: OBJECT)
    assert message in str(refused.value)
    assert refused.value.reason == "Diverged"


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
                **{
                    "f:spec": {
                        "f:template": {
                            "f:metadata": {"f:annotations": {"f:example.com/at": {}}},
                            "f:spec": {"f:containers": {'k:{"name":"web"}': {"f:image": {}}}},
                        }
                    }
                },
            ),
        ]
    }
}


@pytest.mark.parametrize(
    ("field", "manager"),
    [
        ("spec.replicas", "written by kubectl-edit"),
        ("data.app.properties", "written by helm"),
        ("data[app.properties]", "written by helm"),
        ("data.a", "written by helm"),
        ("spec.template.metadata.annotations[example.com/at]", "written by restarter"),
        ("spec.template.spec.containers[web].image", "written by restarter"),
        ("spec.template.spec.containers[web].env", "last to write the object was restarter"),
        ("data.app", "last to write the object was restarter"),
        ("spec.replica", "last to write the object was restarter"),
    ],
)
def test_the_last_writer_of_a_field_is_its_newest_owner(field, manager):
    assert manager in last_writer(OBJECT, field)
    assert last_writer(json.loads("{}"), field) == ""
