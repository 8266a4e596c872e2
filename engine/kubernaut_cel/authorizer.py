"""The variable `authorizer`, which asks RBAC in an expression what a user is allowed to do: its types, and what a question says.

Who evaluates the expression answers the questions: `check` is given with each evaluation.
"""

from __future__ import annotations

import re
from typing import Any

from kubernaut_cel.functions import Implementation, Overload, Type, own_type

_PREFIX = "kubernetes.authorization."
AUTHORIZER, PATH_CHECK, GROUP_CHECK, RESOURCE_CHECK, DECISION = (
    own_type(f"{_PREFIX}{name}") for name in ("Authorizer", "PathCheck", "GroupCheck", "ResourceCheck", "Decision")
)
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
Record = dict[str, Any]


def _path(check: Record, path: str) -> Record:
    if not path.strip():
        raise ValueError("path must not be empty")
    return {**check, "path": path}


def _resource(check: Record, resource: str) -> Record:
    if not resource.strip():
        raise ValueError("resource must not be empty")
    return {**check, "resource": resource}


def _service_account(check: Record, namespace: str, name: str) -> Record:
    if not all(_LABEL.fullmatch(part) for part in name.split(".")):
        raise ValueError("Invalid service account name")
    if not _LABEL.fullmatch(namespace):
        raise ValueError("Invalid service account namespace")
    return {**check, "account": f"system:serviceaccount:{namespace}:{name}"}


def _setting(field: str) -> Implementation:
    return lambda check, value: {**check, field: value}


def _member(name: str, receiver: Type, result: Type, implementation: Implementation) -> Overload:
    return Overload(name, (receiver, Type.STRING), result, implementation)


_CHECK_PATH = Overload("check", (PATH_CHECK, Type.STRING), DECISION)
CHECK_RESOURCE = Overload("check", (RESOURCE_CHECK, Type.STRING), DECISION)
OVERLOADS = (
    _member("path", AUTHORIZER, PATH_CHECK, _path),
    _member("group", AUTHORIZER, GROUP_CHECK, _setting("group")),
    Overload("serviceAccount", (AUTHORIZER, Type.STRING, Type.STRING), AUTHORIZER, _service_account),
    _member("resource", GROUP_CHECK, RESOURCE_CHECK, _resource),
    _member("subresource", RESOURCE_CHECK, RESOURCE_CHECK, _setting("subresource")),
    _member("namespace", RESOURCE_CHECK, RESOURCE_CHECK, _setting("namespace")),
    _member("name", RESOURCE_CHECK, RESOURCE_CHECK, _setting("name")),
    _CHECK_PATH,
    CHECK_RESOURCE,
    Overload("errored", (DECISION,), Type.BOOL, lambda decision: False),
    Overload("error", (DECISION,), Type.STRING, lambda decision: ""),
    Overload("allowed", (DECISION,), Type.BOOL, lambda decision: bool(decision["reason"])),
    Overload("reason", (DECISION,), Type.STRING, lambda decision: decision["reason"]),
)
VARIABLES = {"authorizer": AUTHORIZER, "authorizer.requestResource": RESOURCE_CHECK}
