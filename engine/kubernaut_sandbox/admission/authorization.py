"""The variable `authorizer`: asks RBAC, in an expression, what a user is allowed to do."""

from __future__ import annotations

import re
from typing import Any

from cel_expr_python import cel

from kubernaut_sandbox.access.rbac import Attributes, Authorizer
from kubernaut_sandbox.access.users import User, account_user_name, user_by_name
from kubernaut_sandbox.admission.request import AdmissionRequest
from kubernaut_sandbox.cel.functions import Implementation, Overload, Type, bound, own_type

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
    return {**check, "account": account_user_name(namespace, name)}


def _setting(field: str) -> Implementation:
    return lambda check, value: {**check, field: value}


def _member(name: str, receiver: Type, result: Type, implementation: Implementation) -> Overload:
    return Overload(name, (receiver, Type.STRING), result, implementation)


_CHECK_PATH = Overload("check", (PATH_CHECK, Type.STRING), DECISION)
_CHECK_RESOURCE = Overload("check", (RESOURCE_CHECK, Type.STRING), DECISION)
OVERLOADS = (
    _member("path", AUTHORIZER, PATH_CHECK, _path),
    _member("group", AUTHORIZER, GROUP_CHECK, _setting("group")),
    Overload("serviceAccount", (AUTHORIZER, Type.STRING, Type.STRING), AUTHORIZER, _service_account),
    _member("resource", GROUP_CHECK, RESOURCE_CHECK, _resource),
    _member("subresource", RESOURCE_CHECK, RESOURCE_CHECK, _setting("subresource")),
    _member("namespace", RESOURCE_CHECK, RESOURCE_CHECK, _setting("namespace")),
    _member("name", RESOURCE_CHECK, RESOURCE_CHECK, _setting("name")),
    _CHECK_PATH,
    _CHECK_RESOURCE,
    Overload("errored", (DECISION,), Type.BOOL, lambda decision: False),
    Overload("error", (DECISION,), Type.STRING, lambda decision: ""),
    Overload("allowed", (DECISION,), Type.BOOL, lambda decision: bool(decision["reason"])),
    Overload("reason", (DECISION,), Type.STRING, lambda decision: decision["reason"]),
)
VARIABLES = {"authorizer": AUTHORIZER, "authorizer.requestResource": RESOURCE_CHECK}


def values(request: AdmissionRequest) -> dict[str, Record]:
    """Return the values of the variables."""
    resource = {
        "group": request.kind.group,
        "resource": request.kind.plural,
        "subresource": request.subresource,
        "namespace": request.namespace,
        "name": request.name,
    }
    return {"authorizer": {}, "authorizer.requestResource": resource}


def check_function(authorizer: Authorizer, user: User) -> cel.Function:
    """Return the function `check`, which decides for this user unless the expression names a ServiceAccount."""

    def check(asked: Record, verb: str) -> Record:
        fields = {key: value for key, value in asked.items() if key != "account"}
        who = user_by_name(asked["account"]) if "account" in asked else user
        return {"reason": authorizer.reason(who, Attributes(verb, **fields))}

    return bound(_CHECK_RESOURCE, check)
