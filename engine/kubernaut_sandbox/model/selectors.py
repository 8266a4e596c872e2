"""Label and field selectors, parsed from the text of a request or from the selector of a manifest."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from kubernaut_sandbox.model.objects import Object, dig, labels_of
from kubernaut_sandbox.model.statuses import bad_request

_IN = re.compile(r"^(?P<key>[^\s=!,()]+)\s+(?P<op>in|notin)\s*\((?P<values>[^)]*)\)$")
_EQUALS = re.compile(r"^(?P<key>[^\s=!,()]+)\s*(?P<op>==|=|!=)\s*(?P<value>[^\s=!,()]*)$")
_EXISTS = re.compile(r"^(?P<not>!?)\s*(?P<key>[^\s=!,()]+)$")

_COMMON_FIELDS = ("metadata.name", "metadata.namespace")
_FIELDS: dict[str, tuple[str, ...]] = {
    "pods": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "events": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "jobs.batch": ("status.successful",),
    "replicasets.apps": ("status.replicas",),
    "nodes": ("spec.unschedulable",),
    "services": ("spec.clusterIP", "spec.type"),
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """A requirement of a label selector."""

    key: str
    op: Literal["in", "notin", "exists", "absent"]
    values: frozenset[str] = frozenset()

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether the labels meet the requirement; an absent key meets `notin`, as in Kubernetes."""
        present = self.key in labels
        if self.op == "in":
            return present and labels[self.key] in self.values
        if self.op == "notin":
            return not present or labels[self.key] not in self.values
        return present == (self.op == "exists")


@dataclass(frozen=True, slots=True)
class Selector:
    """Label requirements and field values; an object must match all of them."""

    labels: tuple[Requirement, ...] = ()
    fields: tuple[tuple[str, str, bool], ...] = ()
    """Field paths, values, and whether the field must equal the value or differ from it."""

    def matches(self, obj: Object) -> bool:
        """Whether the object matches."""
        if self.labels and not matches_labels(self.labels, labels_of(obj)):
            return False
        return all((_field(obj, path) == value) == equal for path, value, equal in self.fields)

    def name(self) -> str:
        """Return the name that metadata.name is required to equal, or an empty string; the authorizer decides on it."""
        return next((value for path, value, equal in self.fields if path == "metadata.name" and equal), "")


def parse_selector(resource: str, labels: str, fields: str, custom: Callable[[], tuple[str, ...]] = tuple) -> Selector:
    """Parse the labelSelector and fieldSelector of a request; raise a 400 for a field that the resource has no selector for.

    `custom` returns the selectable fields of a custom resource.
    """
    return Selector(parse_labels(labels), tuple(_parse_fields(resource, fields, custom())))


def parse_labels(text: str) -> tuple[Requirement, ...]:
    """Parse the text of a labelSelector."""
    terms = [term.strip() for term in re.split(r",(?![^(]*\))", text)] if text.strip() else []
    return tuple(_parse_term(term, text) for term in terms)


def label_selector(selector: Object | None) -> tuple[Requirement, ...]:
    """Return the requirements of a manifest's selector (matchLabels and matchExpressions)."""
    selector = selector or {}
    ops: dict[str, Literal["in", "notin", "exists", "absent"]]
    ops = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "absent"}
    equal = [Requirement(key, "in", frozenset([value])) for key, value in (selector.get("matchLabels") or {}).items()]
    expressions = selector.get("matchExpressions") or ()
    return (*equal, *(Requirement(e["key"], ops[e["operator"]], frozenset(e.get("values") or ())) for e in expressions))


def matches_labels(requirements: tuple[Requirement, ...], labels: dict[str, str]) -> bool:
    """Whether the labels meet every requirement."""
    return all(requirement.matches(labels) for requirement in requirements)


def _parse_term(term: str, whole: str) -> Requirement:
    if match := _IN.match(term):
        values = frozenset(value.strip() for value in match["values"].split(","))
        return Requirement(match["key"], "in" if match["op"] == "in" else "notin", values)
    if match := _EQUALS.match(term):
        return Requirement(match["key"], "notin" if match["op"] == "!=" else "in", frozenset([match["value"]]))
    if match := _EXISTS.match(term):
        return Requirement(match["key"], "absent" if match["not"] else "exists")
    raise bad_request(f"unable to parse requirement: found '{term}' in label selector '{whole}'")


def _parse_fields(resource: str, text: str, custom: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    known = (*_COMMON_FIELDS, *_FIELDS.get(resource, ()), *custom)
    parsed = []
    for term in filter(None, (part.strip() for part in text.split(","))):
        match = re.match(r"^([^=!]+?)(==|=|!=)(.*)$", term)
        if not match:
            raise bad_request(f"invalid selector: '{term}'; can't understand '{term}'")
        if match[1] not in known:
            raise bad_request(_unsupported(resource, match[1]))
        parsed.append((match[1], match[3], match[2] != "!="))
    return parsed


def _unsupported(resource: str, field: str) -> str:
    if resource == "jobs.batch":
        return f'field label "{field}" not supported for Job'
    if "." in resource or resource in ("configmaps", "serviceaccounts", "resourcequotas"):
        return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'
    return f"field label not supported: {field}"


def _field(obj: Object, path: str) -> str:
    if path == "source":
        return str(dig(obj, "source.component") or obj.get("reportingComponent") or "")
    if path == "status.successful":
        return str(dig(obj, "status.succeeded") or 0)
    value = dig(obj, path)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
