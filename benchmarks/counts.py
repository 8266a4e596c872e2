"""The engine's requests, counted where they arrive."""

from __future__ import annotations

import re

from benchmarks import paths
from benchmarks.place import Place
from kubernaut.api.execution import PLURAL
from kubernaut.embedded.cluster import ENGINE_USER

_METRIC = re.compile(r"^apiserver_request_total\{([^}]*)\} (\S+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_VERBS = {"create": "POST", "patch": "PATCH", "get": "GET", "list": "LIST", "delete": "DELETE", "update": "PUT"}
_ENGINES_OWN = {
    "POST jobs",
    "PATCH jobs",
    "DELETE jobs",
    f"PATCH {PLURAL}/status",
    f"DELETE {PLURAL}",
    "POST localsubjectaccessreviews",
    "GET serviceaccounts",
}
"""What nobody else asks of the API server while the engine alone is measured. Events others write as well: they tell their author."""


async def requests(place: Place) -> dict[str, int]:
    """What the engine has asked of the API server so far, by verb and resource; watches left out."""
    if place.sandbox is not None:
        return _in_sandbox(place)
    counted = counted_in(await place.api.text("/metrics"))
    own = {call: number for call, number in counted.items() if call in _ENGINES_OWN}
    return own | {"POST events": await _events(place)}


def _in_sandbox(place: Place) -> dict[str, int]:
    counted: dict[str, int] = {}
    for (user, verb, resource, _), number in (place.sandbox.requests if place.sandbox else {}).items():
        if user == ENGINE_USER and verb != "watch":
            call = f"{_VERBS.get(verb, verb)} {resource}"
            counted[call] = counted.get(call, 0) + number
    return counted


def counted_in(exposition: str) -> dict[str, int]:
    """The sums of `apiserver_request_total`, by verb and resource."""
    counted: dict[str, int] = {}
    for labels, number in _METRIC.findall(exposition):
        told = dict(_LABEL.findall(labels))
        part = f"/{told['subresource']}" if told.get("subresource") else ""
        call = f"{told.get('verb', '')} {told.get('resource', '')}{part}"
        counted[call] = counted.get(call, 0) + int(float(number))
    return counted


async def _events(place: Place) -> int:
    found = await place.api.get(paths.core(place.namespace, "events"))
    return sum(event.get("reportingComponent") == "kubernaut-engine" for event in found["items"])
