"""The CRD follows from the model, and the file in deploy/ is the rendered CRD."""

from pathlib import Path

import pytest
import yaml

from kubernaut.api.crd import crd
from kubernaut.api.execution import ExecutionSpec, ExecutionStatus
from kubernaut.api.runbook_crd import runbook_crd

ROOT = Path(__file__).parents[3]


def schema():
    return crd()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def test_the_file_in_deploy_is_what_the_model_renders():
    shipped = yaml.safe_load_all((ROOT / "deploy" / "base" / "crd.yaml").read_text("utf-8"))
    assert list(shipped) == [crd(), runbook_crd()], "run: make render"


def test_every_field_of_the_model_is_in_the_schema():
    properties = schema()["properties"]
    assert properties["spec"]["properties"].keys() == {f.alias for f in ExecutionSpec.model_fields.values()}
    assert properties["status"]["properties"].keys() == {f.alias for f in ExecutionStatus.model_fields.values()}


@pytest.mark.parametrize("definition", [crd(), runbook_crd()], ids=["executions", "runbooks"])
def test_the_schema_is_structural(definition):
    def walk(node, path):
        assert not node.keys() & {"$ref", "anyOf", "oneOf", "allOf", "title", "$defs"}, path
        assert "type" in node or node.get("x-kubernetes-preserve-unknown-fields"), path
        for name, child in node.get("properties", {}).items():
            walk(child, f"{path}.{name}")
        if "items" in node:
            walk(node["items"], f"{path}[]")

    walk(definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "")


def test_the_columns_are_those_of_the_contract():
    assert [c["name"] for c in crd()["spec"]["versions"][0]["additionalPrinterColumns"]] == [
        "Action",
        "Target",
        "Phase",
        "Reason",
        "Age",
    ]
