"""Counts the engine's requests at the API server."""

from __future__ import annotations

import re

from benchmarks import paths
from benchmarks.place import Place
from kubernaut.api.execution import PLURAL
from kubernaut.embedded.running_engine import ENGINE_USER

_METRIC = re.compile(r"^apiserver_request_total\{([^}]*)\} (\S+)", re.MULTILINE)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_VERBS = {"create": "POST", "patch": "PATCH", "get": "GET", "list": "LIST", "delete": "DELETE", "update": "PUT"}
_ENGINE_CALLS = {
    "POST jobs",
    "PATCH jobs",
    "DELETE jobs",
    f"PATCH {PLURAL}/status",
    f"DELETE {PLURAL}",
    "POST localsubjectaccessreviews",
    "GET serviceaccounts",
}
"""The requests that only the engine sends while it is measured. Others write Events too, but an Event names its author."""


async def count_requests(place: Place) -> dict[str, int]:
    """Return how many requests the engine has sent so far, by verb and resource, without watches."""
    if place.sandbox is not None:
        return _in_sandbox(place)
    counted = sum_requests(await place.api.text("/metrics"))
    own = {call: number for call, number in counted.items() if call in _ENGINE_CALLS}
    return own | {"POST events": await _events(place)}


def _in_sandbox(place: Place) -> dict[str, int]:
    counted: dict[str, int] = {}
    for (user, verb, resource, _), number in (place.sandbox.requests if place.sandbox else {}).items():
        if user == ENGINE_USER and verb != "watch":
            call = f"{_VERBS.get(verb, verb)} {resource}"
            counted[call] = counted.get(call, 0) + number
    return counted


def sum_requests(exposition: str) -> dict[str, int]:
    """Return the sums of `apiserver_request_total`, by verb and resource."""
    counted: dict[str, int] = {}
    for labels, number in _METRIC.findall(exposition):
        by_name = dict(_LABEL.findall(labels))
        part = f"/{by_name['subresource']}" if by_name.get("subresource") else ""
        call = f"{by_name.get('verb', '')} {by_name.get('resource', '')}{part}"
        counted[call] = counted.get(call, 0) + int(float(number))
    return counted


async def _events(place: Place) -> int:
    found = await place.api.get(paths.core(place.namespace, "events"))
    return sum(event.get("reportingComponent") == "kubernaut-engine" for event in found["items"])
