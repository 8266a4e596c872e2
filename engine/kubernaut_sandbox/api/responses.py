"""HTTP responses: objects, lists, tables and errors."""

from __future__ import annotations

import re

from aiohttp import web

from kubernaut_sandbox.api.tables import table, wants_table
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object, encode, meta
from kubernaut_sandbox.model.statuses import ApiError

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_MAX_WARNINGS_LENGTH, _MAX_WARNING_LENGTH = 4096, 256


def json_response(body: Object, status: int = 200, warnings: list[str] | None = None) -> web.Response:
    """Return a JSON response, with a Warning header for each warning."""
    response = web.Response(body=encode(body), status=status, content_type="application/json")
    for warning in _sendable(list(dict.fromkeys(warnings or ()))):
        escaped = warning.replace("\\", "\\\\").replace('"', '\\"')
        response.headers.add("Warning", f'299 - "{escaped}"')
    return response


def _sendable(warnings: list[str]) -> list[str]:
    """Return the warnings that a header can hold, shortened if they are long together, as the API server does."""
    texts = [text for text in (warning.replace("\n", " ") for warning in warnings) if not _CONTROL.search(text)]
    if sum(map(len, texts)) > _MAX_WARNINGS_LENGTH:
        texts = [text[:_MAX_WARNING_LENGTH] for text in texts][: _MAX_WARNINGS_LENGTH // _MAX_WARNING_LENGTH]
    return texts


def status_response(error: ApiError) -> web.Response:
    """Return the Status of an error."""
    response = json_response(error.status(), error.code)
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    return response


def object_response(
    request: web.Request, kind: Kind, obj: Object, status: int = 200, warnings: list[str] | None = None
) -> web.Response:
    """Return an object, as itself or as a Table with one row, depending on the Accept header."""
    is_status = obj.get("kind") == "Status"
    if wants_table(request.headers.get("Accept", "")) and not is_status:
        revision = meta(obj).get("resourceVersion", "")
        body = table(kind, [obj], request.query.get("includeObject", "Metadata"), revision=revision)
        return json_response(body, status, warnings)
    return json_response(obj, status, warnings)


def list_response(request: web.Request, kind: Kind, objects: list[Object], metadata: Object) -> web.Response:
    """Return a list, as itself or as a Table, depending on the Accept header."""
    if wants_table(request.headers.get("Accept", "")):
        body = table(
            kind, objects, request.query.get("includeObject", "Metadata"), revision=metadata["resourceVersion"]
        )
        return json_response({**body, "metadata": metadata})
    items = (
        [{key: value for key, value in obj.items() if key not in ("kind", "apiVersion")} for obj in objects]
        if kind.custom is None
        else objects
    )
    return json_response(
        {"kind": kind.list_kind_name, "apiVersion": kind.api_version, "metadata": metadata, "items": items}
    )
