"""The variable `authorizer` for one request: its values, and who answers what an expression asks."""

from __future__ import annotations

from cel_expr_python import cel

from kubernaut_cel.authorizer import CHECK_RESOURCE, Record
from kubernaut_cel.functions import bound
from kubernaut_sandbox.access.rbac import Attributes, Authorizer
from kubernaut_sandbox.access.users import User, user_by_name
from kubernaut_sandbox.admission.request import AdmissionRequest

MAX_CHECKS = 2
"""In one expression: a check costs 350,000 (k8s.io/apiserver/pkg/cel/library/cost.go), and an expression at most a million
(k8s.io/apiserver/pkg/apis/cel/config.go)."""


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
    """Return the function `check` for one expression; it decides for this user unless the expression names a ServiceAccount."""
    left = MAX_CHECKS

    def check(asked: Record, verb: str) -> Record:
        nonlocal left
        left -= 1
        if left < 0:
            raise ValueError("operation cancelled: actual cost limit exceeded")
        fields = {key: value for key, value in asked.items() if key != "account"}
        who = user_by_name(asked["account"]) if "account" in asked else user
        return {"reason": authorizer.reason(who, Attributes(verb, **fields))}

    return bound(CHECK_RESOURCE, check)
