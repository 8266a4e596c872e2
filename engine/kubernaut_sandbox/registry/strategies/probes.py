"""Readiness probes: defaults and validation, as in Kubernetes."""

from __future__ import annotations

import re
from typing import Any

from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import Cause, invalid_value, required, unsupported_value
from kubernaut_sandbox.registry.strategies.base import with_defaults

_HANDLERS = ("exec", "httpGet", "tcpSocket", "grpc")
_NUMBERS = ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold")
_DEFAULTS = {"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3}
_PORT_NAME = re.compile(r"^(?=.*[a-z])(?!-)(?!.*--)[-a-z0-9]{1,15}(?<!-)$")
_HEADER = re.compile(r"^[-A-Za-z0-9]+$")
_HEADER_MESSAGE = (
    "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is "
    "'[-A-Za-z0-9]+')"
)


def default_probe(probe: Object) -> Object:
    """Return the probe with its defaults; a zero counts as absent."""
    probe = {**probe, **{key: value for key, value in _DEFAULTS.items() if not probe.get(key)}}
    if probe.get("httpGet") is not None:
        probe = {**probe, "httpGet": with_defaults(probe["httpGet"], path="/", scheme="HTTP")}
    if probe.get("grpc") is not None:
        probe = {**probe, "grpc": with_defaults(probe["grpc"], service="")}
    return probe


def readiness_probe_causes(probe: Object, at: str) -> list[Cause]:
    """Return a cause for every invalid field of a readiness probe."""
    present = [handler for handler in _HANDLERS if probe.get(handler) is not None]
    causes = [] if present else [required(at, "must specify a handler type")]
    for handler in present[1:]:
        detail = "Forbidden: may not specify more than 1 handler type"
        causes.append(Cause(f"{at}.{handler}", detail, "FieldValueForbidden"))
    if present:
        causes += _handler_causes(present[0], probe[present[0]], f"{at}.{present[0]}")
    causes += [
        invalid_value(f"{at}.{field}", probe[field], "must be greater than or equal to 0")
        for field in _NUMBERS
        if (probe.get(field) or 0) < 0
    ]
    seconds = probe.get("terminationGracePeriodSeconds")
    if seconds is not None:
        field = f"{at}.terminationGracePeriodSeconds"
        causes.append(invalid_value(field, seconds, "must not be set for readinessProbes"))
    return causes


def _handler_causes(handler: str, action: Object, at: str) -> list[Cause]:
    if handler == "exec":
        return [] if action.get("command") else [required(f"{at}.command")]
    causes = _port_causes(action.get("port"), f"{at}.port")
    if handler == "httpGet":
        if action["scheme"] not in ("HTTP", "HTTPS"):
            causes.append(unsupported_value(f"{at}.scheme", action["scheme"], ("HTTP", "HTTPS")))
        causes += [
            invalid_value(f"{at}.httpHeaders", header.get("name", ""), _HEADER_MESSAGE)
            for header in action.get("httpHeaders") or ()
            if not _HEADER.match(header.get("name") or "")
        ]
    return causes


def _port_causes(port: Any, at: str) -> list[Cause]:
    if isinstance(port, str):
        valid = bool(_PORT_NAME.match(port))
        return [] if valid else [invalid_value(at, port, "must be the name of a port: up to 15 of a-z, 0-9 and -")]
    number = port or 0
    return [] if 1 <= number <= 65535 else [invalid_value(at, number, "must be between 1 and 65535, inclusive")]
