"""The part of /openapi/v3 that kubectl reads: the group versions, and that writes accept fieldValidation and dryRun.

The schemas of built-in kinds contain no fields: the server validates, and `kubectl explain` shows only the kind's name. Those of
custom resources are complete.
"""

from __future__ import annotations

from kubernaut_sandbox.cluster import VERSION
from kubernaut_sandbox.model.kinds import Kind, Kinds
from kubernaut_sandbox.model.objects import Object

_QUERY = ("dryRun", "fieldManager", "fieldValidation")


def index(kinds: Kinds) -> Object:
    """Return the /openapi/v3 document."""
    paths = dict.fromkeys(_prefix(kind) for kind in kinds)
    return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}"} for path in paths}}


def document(kinds: Kinds, prefix: str) -> Object | None:
    """Return the document of a group version; None when it is not served."""
    served = [kind for kind in kinds if _prefix(kind) == prefix]
    if not served:
        return None
    paths = {path: operations for kind in served for path, operations in _paths(kind, prefix).items()}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": VERSION},
        "paths": paths,
        "components": {"schemas": {_schema_name(kind): _schema(kind) for kind in served}},
    }


def _prefix(kind: Kind) -> str:
    return f"apis/{kind.api_version}" if kind.group else f"api/{kind.version}"


def _schema_name(kind: Kind) -> str:
    return ".".join([*reversed(kind.group.split(".") if kind.group else ["core"]), kind.version, kind.kind])


def _schema(kind: Kind) -> Object:
    schema = (
        kind.custom["schema"]["openAPIV3Schema"]
        if kind.custom
        else {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    )
    return {**schema, "x-kubernetes-group-version-kind": [_group_version_kind(kind)]}


def _group_version_kind(kind: Kind) -> Object:
    return {"group": kind.group, "version": kind.version, "kind": kind.kind}


def _paths(kind: Kind, prefix: str) -> dict[str, Object]:
    base = f"/{prefix}/namespaces/{{namespace}}/{kind.plural}" if kind.namespaced else f"/{prefix}/{kind.plural}"
    return {
        base: {"post": _operation(kind, "post")},
        f"{base}/{{name}}": {verb: _operation(kind, verb) for verb in ("get", "put", "patch", "delete")},
    }


def _operation(kind: Kind, verb: str) -> Object:
    parameters = (
        [{"name": name, "in": "query", "schema": {"type": "string"}} for name in _QUERY] if verb != "get" else []
    )
    reference = {"schema": {"$ref": f"#/components/schemas/{_schema_name(kind)}"}}
    return {
        "parameters": parameters,
        "x-kubernetes-action": verb,
        "x-kubernetes-group-version-kind": _group_version_kind(kind),
        "responses": {"200": {"description": "OK", "content": {"application/json": reference}}},
    }
