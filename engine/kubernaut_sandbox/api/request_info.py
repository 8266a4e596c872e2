"""What a URL requests, in RBAC's terms: verb, group, resource, subresource, namespace and name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from kubernaut_sandbox.access.rbac import Attributes
from kubernaut_sandbox.model.statuses import Cause, bad_request, invalid, unsupported_value

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_OPTIONS = {
    "create": "CreateOptions",
    "update": "UpdateOptions",
    "patch": "PatchOptions",
    "delete": "DeleteOptions",
    "deletecollection": "DeleteOptions",
}
_VALIDATIONS = ("", "Ignore", "Strict", "Warn")
_TRUE = ("1", "true", "True")
_MAX_DIGITS = 19


@dataclass(frozen=True, slots=True)
class RequestInfo(Attributes):
    """A request, as read from its method, path and query: what the authorizer decides on, and the request's own options."""

    version: str = ""
    dry_run: bool = False
    field_validation: str = "Warn"


def read_request(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """Read a request; raise ApiError for a path or an option that is not valid. `resource` is empty for a path without one."""
    parts = [part for part in path.split("/") if part]
    group = version = ""
    rest: list[str] = []
    if parts[:1] == ["api"] and len(parts) > 2:
        version, rest = parts[1], parts[2:]
    elif parts[:1] == ["apis"] and len(parts) > 3:
        group, version, rest = parts[1], parts[2], parts[3:]
    if not rest:
        return RequestInfo(method.lower(), path=path)
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and rest[2] not in ("status", "finalize"):
            rest = rest[2:]
    if len(rest) > 3:
        raise bad_request(f"the path {path} is not one of this API")
    resource, name, subresource = (*rest, "", "")[:3]
    verb = _verb(method, name, query)
    _check_options(verb, query)
    return RequestInfo(
        verb,
        group,
        resource,
        subresource,
        namespace,
        name,
        version=version,
        dry_run=bool(query.get("dryRun")),
        field_validation=query.get("fieldValidation") or "Warn",
    )


def truthy(query: Mapping[str, str], name: str) -> bool:
    """Whether a boolean query parameter is set."""
    return query.get(name) in _TRUE


def whole_number(text: str) -> int | None:
    """Return a number that is not negative and has at most 64 bits; None for any other text."""
    if not (text.isascii() and text.isdecimal() and len(text) <= _MAX_DIGITS):
        return None
    return int(text)


def _verb(method: str, name: str, query: Mapping[str, str]) -> str:
    if method in ("GET", "HEAD"):
        if truthy(query, "watch"):
            return "watch"
        return "get" if name else "list"
    if method == "DELETE":
        return "delete" if name else "deletecollection"
    return _VERBS.get(method, method.lower())


def _check_options(verb: str, query: Mapping[str, str]) -> None:
    kind = _OPTIONS.get(verb)
    causes: list[Cause] = []
    if kind and query.get("dryRun", "All") not in ("", "All"):
        causes.append(unsupported_value("dryRun", [query["dryRun"]], ("All",)))
    if kind and query.get("fieldValidation", "") not in _VALIDATIONS:
        causes.append(unsupported_value("fieldValidation", query["fieldValidation"], _VALIDATIONS))
    if causes:
        raise invalid(f"{kind}.meta.k8s.io", "", causes)
