"""Renders the CustomResourceDefinition of Runbook from its pydantic model.

The API server itself refuses what it can: names that are used twice, references to steps that do not exist, and names that would make
the name of an execution too long. Cycles take a graph: `kubernaut check-runbook` and `kubernaut run` refuse them.
"""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from typing import Any

from kubernaut.api.execution import GROUP, VERSION
from kubernaut.api.runbook import (
    ALERT_SUFFIX_LENGTH,
    MAX_NAME_LENGTH,
    RUNBOOK_KIND,
    RUNBOOK_PLURAL,
    RUNBOOK_SHORT,
    SUFFIX_LENGTH,
    Runbook,
)
from kubernaut.api.structural_schema import structural

_ROOM = MAX_NAME_LENGTH - SUFFIX_LENGTH - 2
"""Characters that the names of runbook and step may have together."""
_ALERT_ROOM = MAX_NAME_LENGTH - ALERT_SUFFIX_LENGTH - 2
"""The same, if alerts begin runs of it."""


def runbook_crd() -> dict[str, Any]:
    """The CRD as a manifest."""
    columns = [
        {"name": "Summary", "type": "string", "jsonPath": ".spec.summary"},
        {"name": "Age", "type": "date", "jsonPath": ".metadata.creationTimestamp"},
    ]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{RUNBOOK_PLURAL}.{GROUP}"},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {
                "kind": RUNBOOK_KIND,
                "listKind": f"{RUNBOOK_KIND}List",
                "plural": RUNBOOK_PLURAL,
                "singular": RUNBOOK_KIND.lower(),
                "shortNames": [RUNBOOK_SHORT],
            },
            "versions": [
                {
                    "name": VERSION,
                    "served": True,
                    "storage": True,
                    "additionalPrinterColumns": columns,
                    "schema": {"openAPIV3Schema": deepcopy(_root_schema())},
                }
            ],
        },
    }


@cache
def _root_schema() -> dict[str, Any]:
    raw = Runbook.model_json_schema(by_alias=True)
    schema = structural(raw, raw["$defs"])
    spec = schema["properties"]["spec"]
    steps = spec["properties"]["steps"]
    steps |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}
    step = steps["items"]
    step["properties"]["after"] |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["step"]}
    step["x-kubernetes-validations"] = [
        {
            "rule": "!has(self.after) || self.after.all(a, a.step != self.name)",
            "message": "a step cannot come after itself",
            "fieldPath": ".after",
        },
        {
            "rule": "!has(self.undoes) || !has(self.parameters)",
            "message": "a step that undoes another has no parameters: they follow from what the other did",
            "fieldPath": ".parameters",
        },
    ]
    spec["x-kubernetes-validations"] = [
        {
            "rule": "self.steps.all(s, !has(s.after) || s.after.all(a, self.steps.exists(o, o.name == a.step)))",
            "message": "after names a step that does not exist",
            "fieldPath": ".steps",
        },
        {
            "rule": "self.steps.all(s, !has(s.undoes) || self.steps.exists(o, o.name == s.undoes && o.name != s.name))",
            "message": "undoes names a step that does not exist",
            "fieldPath": ".steps",
        },
    ]
    schema["properties"] = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": spec,
    }
    schema["x-kubernetes-validations"] = [
        {
            "rule": "!self.metadata.name.contains('.')",
            "message": "a runbook's name is lower-case letters, digits and '-'",
        },
        {
            "rule": f"self.spec.steps.all(s, s.name.size() + self.metadata.name.size() <= {_ROOM})",
            "message": f"the names of the runbook and of a step have at most {_ROOM} characters together, as RUNBOOK-SUFFIX-STEP "
            "becomes the name of an execution",
        },
        {
            "rule": "!has(self.spec.alerts) || size(self.spec.alerts) == 0 || "
            f"self.spec.steps.all(s, s.name.size() + self.metadata.name.size() <= {_ALERT_ROOM})",
            "message": f"the names of a runbook that alerts begin, and of a step, have at most {_ALERT_ROOM} characters together",
        },
    ]
    return schema
