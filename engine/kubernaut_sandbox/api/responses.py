"""Answers: objects, lists, tables and refusals as HTTP responses."""

from __future__ import annotations

from aiohttp import web

from kubernaut_sandbox.api.tables import table, wants_table
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, encode, meta
from kubernaut_sandbox.model.statuses import ApiError


def json_answer(body: Object, status: int = 200, warnings: list[str] | None = None) -> web.Response:
    """A JSON response, with a Warning header for each warning."""
    response = web.Response(body=encode(body), status=status, content_type="application/json")
    for warning in dict.fromkeys(warnings or ()):
        clean = warning.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
        response.headers.add("Warning", f'299 - "{clean}"')
    return response


def refusal(error: ApiError) -> web.Response:
    """The Status of a refusal."""
    response = json_answer(error.status(), error.code)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def object_answer(
    request: web.Request, kind: Kind, obj: Object, status: int = 200, warnings: list[str] | None = None
) -> web.Response:
    """One object, as itself or as a Table of one row."""
    is_status = obj.get("kind") == "Status"
    if wants_table(request.headers.get("Accept", "")) and not is_status:
        revision = meta(obj).get("resourceVersion", "")
        body = table(kind, [obj], request.query.get("includeObject", "Metadata"), revision=revision)
        return json_answer(body, status, warnings)
    return json_answer(obj, status, warnings)


def list_answer(request: web.Request, kind: Kind, objects: list[Object], metadata: Object) -> web.Response:
    """A list, as itself or as a Table."""
    if wants_table(request.headers.get("Accept", "")):
        body = table(
            kind, objects, request.query.get("includeObject", "Metadata"), revision=metadata["resourceVersion"]
        )
        return json_answer({**body, "metadata": metadata})
    items = (
        [{key: value for key, value in obj.items() if key not in ("kind", "apiVersion")} for obj in objects]
        if kind.custom is None
        else objects
    )
    return json_answer({"kind": kind.listed_as, "apiVersion": kind.api_version, "metadata": metadata, "items": items})
