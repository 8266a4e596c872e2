"""Custom resources: schema, defaults, pruning, CEL, status, columns."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.conformance.client import TABLE, Client
from tests.conformance.manifests import condition

_CRDS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_SPEC: dict[str, Any] = {
    "type": "object",
    "required": ["size"],
    "properties": {
        "size": {"type": "integer", "minimum": 1, "maximum": 10},
        "color": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "code": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 3},
        "when": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
        "open": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        "fixed": {"type": "string"},
        "replicas": {"type": "integer"},
    },
    "x-kubernetes-validations": [
        {"rule": "self.size != 7", "message": "seven is not a size"},
        {
            "rule": "has(self.fixed) == has(oldSelf.fixed) && (!has(self.fixed) || self.fixed == oldSelf.fixed)",
            "message": "fixed is immutable",
            "fieldPath": ".fixed",
        },
    ],
}


@pytest.fixture
async def group(cluster: Client) -> AsyncIterator[str]:
    """A group with the kind Widget, which has all that a schema can have."""
    name = f"g{secrets.token_hex(3)}.example.com"
    status = {"type": "object", "properties": {"replicas": {"type": "integer"}, "phase": {"type": "string"}}}
    schema = {"type": "object", "properties": {"spec": _SPEC, "status": status}}
    columns = [
        {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    version = {
        "name": "v1",
        "served": True,
        "storage": True,
        "schema": {"openAPIV3Schema": schema},
        "additionalPrinterColumns": columns,
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
        },
    }
    names = {"kind": "Widget", "plural": "widgets", "shortNames": [name.partition(".")[0]]}
    body = {
        "metadata": {"name": f"widgets.{name}"},
        "spec": {"group": name, "scope": "Namespaced", "names": names, "versions": [version]},
    }
    await cluster.made(_CRDS, body)
    made = await cluster.until(_CRDS, f"widgets.{name}", lambda crd: condition(crd, "Established"))
    assert condition(made, "NamesAccepted")["reason"] == "NoConflicts"
    yield name
    await cluster.delete(f"{_CRDS}/widgets.{name}")


@pytest.fixture
def widgets(group: str, namespace: str) -> str:
    """Where the namespace's Widgets are."""
    return f"/apis/{group}/v1/namespaces/{namespace}/widgets"


def widget(widgets: str, name: str = "one", **spec: Any) -> dict[str, Any]:
    """A Widget."""
    return {
        "apiVersion": "/".join(widgets.split("/")[2:4]),
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": {"size": 1, **spec},
    }


async def test_absent_fields_are_defaulted_and_unknown_ones_pruned(cluster: Client, widgets: str) -> None:
    answer = await cluster.post(widgets, widget(widgets, foo=1, open={"anything": [1]}))
    assert answer.code == 201
    assert answer.body["spec"] == {"size": 1, "color": "red", "open": {"anything": [1]}}
    assert answer.warnings == ('299 - "unknown field \\"spec.foo\\""',)
    refused = await cluster.post(widgets, widget(widgets, "two", foo=1), fieldValidation="Strict")
    assert refused.code == 400
    assert 'strict decoding error: unknown field "spec.foo"' in refused.message


@pytest.mark.parametrize(
    ("spec", "field", "words"),
    [
        pytest.param(
            {"size": "x"},
            "<nil>",
            "some validation rules were not checked because the object was invalid",
            id="rules unasked",
        ),
        pytest.param({"size": "x"}, "spec.size", 'spec.size in body must be of type integer: "string"', id="type"),
        pytest.param(
            {"size": 0},
            "spec.size",
            "Invalid value: 0: spec.size in body should be greater than or equal to 1",
            id="minimum",
        ),
        pytest.param(
            {"size": 11},
            "spec.size",
            "Invalid value: 11: spec.size in body should be less than or equal to 10",
            id="maximum",
        ),
        pytest.param({"size": None}, "spec.size", "Required value", id="required"),
        pytest.param(
            {"color": "green"}, "spec.color", 'Unsupported value: "green": supported values: "red", "blue"', id="enum"
        ),
        pytest.param({"code": "A1"}, "spec.code", "spec.code in body should match '^[a-z]+$'", id="pattern"),
        pytest.param({"code": "abcd"}, "spec.code", "Too long: may not be more than 3 bytes", id="length"),
        pytest.param({"when": "soon"}, "spec.when", 'spec.when in body must be of type date-time: "soon"', id="format"),
        pytest.param({"tags": ["a", "b", "c"]}, "spec.tags", "Too many: 3: must have at most 2 items", id="items"),
        pytest.param({"size": 7}, "spec", "Invalid value: seven is not a size", id="CEL rule"),
    ],
)
async def test_a_value_that_violates_the_schema_is_invalid(
    cluster: Client, widgets: str, spec: dict, field: str, words: str
) -> None:
    body = widget(widgets)
    body["spec"] = {key: value for key, value in {**body["spec"], **spec}.items() if value is not None}
    answer = await cluster.post(widgets, body)
    assert (answer.code, answer.reason) == (422, "Invalid")
    found = next(c for c in answer.body["details"]["causes"] if words in c["message"])
    assert found["field"] == field
    group = widgets.split("/")[2]
    assert answer.message.startswith(f'Widget.{group} "one" is invalid: ')
    assert f"{field}: {found['message']}" in answer.message


async def test_a_transition_rule_compares_the_new_value_with_the_old_one(cluster: Client, widgets: str) -> None:
    await cluster.made(widgets, widget(widgets, fixed="a"))
    assert (await cluster.patch(f"{widgets}/one", {"spec": {"size": 2}})).code == 200
    answer = await cluster.patch(f"{widgets}/one", {"spec": {"fixed": "b"}})
    assert answer.code == 422
    cause = answer.body["details"]["causes"][0]
    assert cause["field"] == "spec.fixed"
    assert cause["message"].endswith("fixed is immutable")


async def test_spec_and_status_are_written_separately(cluster: Client, widgets: str) -> None:
    made = await cluster.made(widgets, widget(widgets) | {"status": {"phase": "lost"}})
    assert "status" not in made
    assert made["metadata"]["generation"] == 1
    status = await cluster.patch(f"{widgets}/one/status", {"status": {"phase": "kept"}, "spec": {"size": 9}})
    assert (status.body["status"], status.body["spec"]["size"]) == ({"phase": "kept"}, 1)
    assert status.body["metadata"]["generation"] == 1
    main = await cluster.patch(f"{widgets}/one", {"spec": {"size": 2}, "status": {"phase": "ignored"}})
    assert (main.body["status"], main.body["spec"]["size"]) == ({"phase": "kept"}, 2)
    assert main.body["metadata"]["generation"] == 2


async def test_an_update_without_a_resource_version_is_invalid(cluster: Client, widgets: str) -> None:
    await cluster.made(widgets, widget(widgets))
    answer = await cluster.put(f"{widgets}/one", widget(widgets))
    assert answer.code == 422
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in answer.message


async def test_a_custom_resource_has_a_scale_subresource(cluster: Client, widgets: str) -> None:
    await cluster.made(widgets, widget(widgets, replicas=1))
    scale = await cluster.patch(f"{widgets}/one/scale", {"spec": {"replicas": 3}})
    assert (scale.body["kind"], scale.body["apiVersion"], scale.body["spec"]) == (
        "Scale",
        "autoscaling/v1",
        {"replicas": 3},
    )
    assert (await cluster.get(f"{widgets}/one")).body["spec"]["replicas"] == 3


async def test_printer_columns_are_the_columns_of_a_table(cluster: Client, widgets: str) -> None:
    await cluster.made(widgets, widget(widgets, size=4))
    answer = await cluster.get(widgets, accept=TABLE)
    assert answer.body["kind"] == "Table"
    assert [column["name"] for column in answer.body["columnDefinitions"]] == ["Name", "Size", "Age"]
    assert answer.body["rows"][0]["cells"][:2] == ["one", 4]


async def test_a_strategic_merge_patch_of_a_custom_resource_is_unsupported(cluster: Client, widgets: str) -> None:
    await cluster.made(widgets, widget(widgets))
    answer = await cluster.patch(f"{widgets}/one", {}, "application/strategic-merge-patch+json")
    assert (answer.code, answer.reason) == (415, "UnsupportedMediaType")


async def test_deleting_a_definition_deletes_its_objects(cluster: Client, group: str, widgets: str) -> None:
    await cluster.made(widgets, widget(widgets))
    await cluster.delete(f"{_CRDS}/widgets.{group}")
    await cluster.gone(f"{_CRDS}/widgets.{group}")
    assert (await cluster.get(f"{widgets}/one")).code == 404


async def test_a_deleted_definition_stays_until_its_objects_have_no_finalizers(
    cluster: Client, group: str, widgets: str
) -> None:
    body = widget(widgets)
    body["metadata"]["finalizers"] = ["example.com/hold"]
    await cluster.made(widgets, body)
    await cluster.delete(f"{_CRDS}/widgets.{group}")
    held = await cluster.until(widgets, "one", lambda found: found["metadata"].get("deletionTimestamp"))
    assert held["metadata"]["finalizers"] == ["example.com/hold"]
    assert (await cluster.get(f"{_CRDS}/widgets.{group}")).body["metadata"]["finalizers"] == [
        "customresourcecleanup.apiextensions.k8s.io"
    ]
    await cluster.patch(f"{widgets}/one", {"metadata": {"finalizers": None}})
    await cluster.gone(f"{_CRDS}/widgets.{group}")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        pytest.param({"properties": {}}, "must not be empty at the root", id="no type"),
        pytest.param(
            {"type": "object", "properties": {"a": {"type": "array"}}}, "must be specified", id="array without items"
        ),
        pytest.param(
            {"type": "object", "additionalProperties": False},
            "must not be used at the root",
            id="closed",
        ),
        pytest.param(
            {"type": "object", "x-kubernetes-validations": [{"rule": "self.("}]}, "compilation failed", id="bad CEL"
        ),
    ],
)
async def test_a_schema_that_is_not_structural_is_invalid(cluster: Client, schema: dict, words: str) -> None:
    name = f"g{secrets.token_hex(3)}.example.com"
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {"group": name, "scope": "Namespaced", "names": {"kind": "Bad", "plural": "bads"}, "versions": [version]}
    answer = await cluster.post(_CRDS, {"metadata": {"name": f"bads.{name}"}, "spec": spec})
    assert answer.code == 422
    assert words in answer.message
