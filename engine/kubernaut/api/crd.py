"""Renders the CustomResourceDefinition of KubernetesExecution from its pydantic model."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from kubernaut.api.execution import (
    GROUP,
    KIND,
    PLURAL,
    SHORT,
    UNOBSERVED_MESSAGE,
    VERSION,
    KubernetesExecution,
    Phase,
    Reason,
)
from kubernaut.api.structural_schema import OPEN_OBJECT, structural


def crd() -> dict[str, Any]:
    """The CRD as a manifest."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": KIND,
                "listKind": f"{KIND}List",
                "plural": PLURAL,
                "singular": KIND.lower(),
                "shortNames": [SHORT],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {"status": {}},
                    "additionalPrinterColumns": _columns(),
                    "schema": {"openAPIV3Schema": deepcopy(_root_schema())},
                }
            ],
        },
    }


def _columns() -> list[dict[str, Any]]:
    paths = {"Action": ".spec.action", "Target": ".status.target", "Phase": ".status.phase", "Reason": ".status.reason"}
    columns = [{"name": name, "type": "string", "jsonPath": path} for name, path in paths.items()]
    return [*columns, {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"}]


@cache
def _root_schema() -> dict[str, Any]:
    raw = KubernetesExecution.model_json_schema(by_alias=True)
    schema = structural(raw, raw["$defs"])
    spec, status = schema["properties"]["spec"], schema["properties"]["status"]
    spec["properties"]["parameters"] = {**OPEN_OBJECT, "description": spec["properties"]["parameters"]["description"]}
    spec["x-kubernetes-validations"] = [
        {
            "rule": "self.action == oldSelf.action",
            "message": "action is immutable: create another execution",
            "fieldPath": ".action",
        },
        {
            "rule": "self.dryRun == oldSelf.dryRun",
            "message": "dryRun is immutable: create another execution",
            "fieldPath": ".dryRun",
        },
        {
            "rule": "!oldSelf.cancel || self.cancel",
            "message": "cancel cannot be taken back: create another execution",
            "fieldPath": ".cancel",
        },
        {
            "rule": "has(self.approvedPlan) == has(oldSelf.approvedPlan) && "
            "(!has(self.approvedPlan) || self.approvedPlan == oldSelf.approvedPlan)",
            "message": "approvedPlan is immutable: create another execution",
            "fieldPath": ".approvedPlan",
        },
        {
            "rule": "has(self.after) == has(oldSelf.after) && (!has(self.after) || self.after == oldSelf.after)",
            "message": "after is immutable: create another execution",
            "fieldPath": ".after",
        },
        {
            "rule": "has(self.undoes) == has(oldSelf.undoes) && (!has(self.undoes) || self.undoes == oldSelf.undoes)",
            "message": "undoes is immutable: create another execution",
            "fieldPath": ".undoes",
        },
        {
            "rule": "!has(self.undoes) || !has(self.parameters)",
            "message": "undoes takes the parameters that the undone execution recorded: remove parameters",
            "fieldPath": ".parameters",
        },
        {
            "rule": "!has(self.approvedPlan) || !self.dryRun",
            "message": "a dry run carries out no plan: remove approvedPlan or dryRun",
            "fieldPath": ".approvedPlan",
        },
        {
            "rule": "has(self.parameters) == has(oldSelf.parameters) && (!has(self.parameters) || self.parameters == oldSelf.parameters)",
            "message": "parameters are immutable: create another execution",
            "fieldPath": ".parameters",
        },
    ]
    status["properties"]["conditions"] |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    status["default"] = {"phase": str(Phase.PENDING), "reason": str(Reason.QUEUED), "message": UNOBSERVED_MESSAGE}
    schema["properties"] = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": spec,
        "status": status,
    }
    schema["x-kubernetes-validations"] = [
        {
            "rule": "self.metadata.name.size() <= 63",
            "message": "an execution's name has at most 63 characters, as it becomes a label of its Job",
        },
        {
            "rule": "!has(self.spec.after) || !self.spec.after.exists(p, p.execution == self.metadata.name)",
            "message": "spec.after: an execution cannot come after itself",
        },
        {
            "rule": "!has(self.spec.undoes) || self.spec.undoes != self.metadata.name",
            "message": "spec.undoes: an execution cannot undo itself",
        },
    ]
    return schema
