"""Decoding of built-in kinds."""

from __future__ import annotations

from typing import Any

import pytest

from kubernaut_sandbox.access.request_context import RequestContext
from kubernaut_sandbox.model.kinds import Kinds
from kubernaut_sandbox.model.statuses import ApiError
from kubernaut_sandbox.registry.scheme import check_type, decode

_POD, _LEASE = Kinds().by_resource("pods"), Kinds().by_resource("leases.coordination.k8s.io")


def test_unknown_fields_are_dropped_and_reported_by_their_path() -> None:
    body = {"metadata": {"name": "one"}, "spec": {"containers": [{"name": "a", "imag": "x"}]}, "extra": 1}
    context = RequestContext(field_validation="Warn")
    assert decode(_POD, body, context) == {"metadata": {"name": "one"}, "spec": {"containers": [{"name": "a"}]}}
    assert context.warnings == ['unknown field "spec.containers[0].imag"', 'unknown field "extra"']


@pytest.mark.parametrize(("validation", "warnings"), [("Warn", 1), ("Ignore", 0)])
def test_field_validation_decides_about_warnings(validation: str, warnings: int) -> None:
    context = RequestContext(field_validation=validation)
    decode(_POD, {"extra": 1}, context)
    assert len(context.warnings) == warnings
    with pytest.raises(ApiError, match='strict decoding error: unknown field "extra"'):
        decode(_POD, {"extra": 1}, RequestContext(field_validation="Strict"))


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"hostNetwork": "yes"}, "cannot unmarshal string into Go struct field Pod.spec.hostNetwork of type bool"),
        ({"containers": {}}, "cannot unmarshal object into Go struct field Pod.spec.containers of type []v1.Container"),
        ({"containers": [{"name": 1}]}, "number into Go struct field Pod.spec.containers.name of type string"),
        ({"activeDeadlineSeconds": True}, "bool into Go struct field Pod.spec.activeDeadlineSeconds of type int32"),
    ],
)
def test_a_value_of_a_wrong_type_is_rejected_as_go_words_it(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(ApiError) as caught:
        decode(_POD, {"spec": spec}, RequestContext())
    assert caught.value.code == 400
    assert message in caught.value.message


def test_a_quantity_may_be_written_as_a_number() -> None:
    resources = {"limits": {"cpu": 2, "memory": "1Gi"}}
    pod = decode(_POD, {"spec": {"containers": [{"name": "a", "resources": resources}]}}, RequestContext())
    assert pod["spec"]["containers"][0]["resources"]["limits"] == {"cpu": "2", "memory": "1Gi"}


def test_a_micro_time_has_six_decimals() -> None:
    decode(_LEASE, {"spec": {"renewTime": "2030-01-02T03:04:05.678901Z"}}, RequestContext())
    with pytest.raises(ApiError, match="parsing time"):
        decode(_LEASE, {"spec": {"renewTime": "2030-01-02T03:04:05Z"}}, RequestContext())


@pytest.mark.parametrize(
    ("body", "valid"),
    [({}, True), ({"apiVersion": "v1", "kind": "Pod"}, True), ({"apiVersion": "v2"}, False), ({"kind": "Job"}, False)],
)
def test_a_body_has_the_kind_of_its_url_or_none(body: dict[str, str], valid: bool) -> None:
    if valid:
        check_type(_POD, body)
        return
    with pytest.raises(ApiError, match="cannot be handled as a Pod"):
        check_type(_POD, body)
