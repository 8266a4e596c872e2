"""Expressions of admission policies: the names that they may use, and errors as the API server words them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubernaut_cel import authorizer
from kubernaut_cel.environment import CompileError, Environment, Expression, type_name
from kubernaut_cel.functions import Type
from kubernaut_cel.syntax import error_at, members, occurrence

VARIABLE_PREFIX = "variables."
"""What comes before the name of a policy's own variable."""
_STRINGS = Type.List(Type.STRING)
_GROUP_VERSION_KIND = {"group": Type.STRING, "version": Type.STRING, "kind": Type.STRING}
_GROUP_VERSION_RESOURCE = {"group": Type.STRING, "version": Type.STRING, "resource": Type.STRING}
_REQUEST: Mapping[str, Any] = {
    "kind": _GROUP_VERSION_KIND,
    "resource": _GROUP_VERSION_RESOURCE,
    "subResource": Type.STRING,
    "requestKind": _GROUP_VERSION_KIND,
    "requestResource": _GROUP_VERSION_RESOURCE,
    "requestSubResource": Type.STRING,
    "name": Type.STRING,
    "namespace": Type.STRING,
    "operation": Type.STRING,
    "userInfo": {
        "username": Type.STRING,
        "uid": Type.STRING,
        "groups": _STRINGS,
        "extra": Type.Map(Type.STRING, _STRINGS),
    },
    "dryRun": Type.BOOL,
    "options": Type.DYN,
}
"""The fields of `request`."""


def environment(*, params: bool = False, authorized: bool = True) -> Environment:
    """Return the names that an expression of an admission policy may use, without the policy's own variables.

    Args:
        params: whether the policy has parameters (`spec.paramKind`).
        authorized: whether `authorizer` is one of the names; in expressions of messages it is not.
    """
    names = dict.fromkeys(("object", "oldObject", "namespaceObject", "request"), Type.DYN)
    if params:
        names["params"] = Type.DYN
    if not authorized:
        return Environment(names, members=_request_members())
    return Environment({**names, **authorizer.VARIABLES}, authorizer.OVERLOADS, _request_members())


def compile_expression(
    source: str, names: Environment, kinds: tuple[str, ...] = (), *, composed: bool = False
) -> Expression:
    """Compile an expression.

    Args:
        source: the expression.
        names: what it may use.
        kinds: the names of the types that its result may have; any type will do if there are none.
        composed: whether the policy has variables of its own that the expression may use.

    Raises CompileError, worded as the API server words it.
    """
    _check_names(source, names, composed=composed)
    try:
        expression = names.compile(source)
    except CompileError as error:
        raise CompileError(f"compilation failed: {error}") from None
    kind = type_name(expression.kind)
    if kinds and kind not in kinds:
        wanted = kinds[0] if len(kinds) == 1 else f"one of [{' '.join(kinds)}]"
        raise CompileError(f"must evaluate to {wanted} but got {kind}")
    return expression


def _check_names(source: str, names: Environment, *, composed: bool) -> None:
    """Raise CompileError for a field that `request` or `variables` does not have: the compiler knows neither of these types."""
    known = {name.removeprefix(VARIABLE_PREFIX) for name in names.variables if name.startswith(VARIABLE_PREFIX)}
    if not composed and (at := occurrence(source, "variables")) is not None:
        text = error_at(source, at, "undeclared reference to 'variables' (in container '')")
        raise CompileError(f"compilation failed: {text}")
    for variable, fields in (("variables", known), ("request", set(_REQUEST))):
        for name, dot in members(source, variable):
            if name not in fields:
                text = error_at(source, dot, f"undefined field '{name}'")
                raise CompileError(f"compilation failed: {text}")


def _request_members() -> dict[str, Type]:
    names: dict[str, Type] = {}
    for name, kind in _REQUEST.items():
        if isinstance(kind, Mapping):
            names |= {f"request.{name}.{inner}": inner_kind for inner, inner_kind in kind.items()}
        else:
            names[f"request.{name}"] = kind
    return names
