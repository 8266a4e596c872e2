"""Request bodies: JSON, YAML or protobuf of bounded size, and the DeleteOptions of a DELETE."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from kubernaut_sandbox.access.request_context import DeleteOptions, RequestContext
from kubernaut_sandbox.api.protobuf import MEDIA_TYPE, decode_protobuf
from kubernaut_sandbox.api.request_info import whole_number
from kubernaut_sandbox.model.documents import DocumentError, parse_json, parse_yaml
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.patches import JSON_PATCH, Patch
from kubernaut_sandbox.model.statuses import (
    ApiError,
    Cause,
    bad_request,
    invalid,
    invalid_value,
    too_large,
    unsupported_media,
    unsupported_value,
)
from kubernaut_sandbox.registry.scheme import decode_as

MAX_BODY_BYTES = 3 * 1024 * 1024
_MAX_BODY_SECONDS = 60.0
_POLICIES = ("Foreground", "Background", "Orphan")
_DELETE_OPTIONS = Kind("", "v1", "deleteoptions", "DeleteOptions")
_ACCEPTED = ("application/json", "application/yaml", MEDIA_TYPE)


async def read_bytes(request: web.Request) -> bytes:
    """Return the whole body; raise a 413 when it is too large, and a 504 when it does not arrive in time."""
    if (request.content_length or 0) > MAX_BODY_BYTES:
        raise _too_large()
    body = b""
    try:
        async with asyncio.timeout(_MAX_BODY_SECONDS):
            while chunk := await request.content.read(MAX_BODY_BYTES + 1):
                body += chunk
                if len(body) > MAX_BODY_BYTES:
                    raise _too_large()
    except TimeoutError as error:
        message = "Timeout: request did not complete within the allowed duration"
        raise ApiError(504, "Timeout", message) from error
    return body


def _too_large() -> ApiError:
    return too_large("Request entity too large: limit is 3145728")


async def read_object(request: web.Request, kind: str, context: RequestContext | None = None) -> Object:
    """Return the body as a manifest; raise a 400 or 415 when it is not one.

    Args:
        request: the request.
        kind: what the body must be, for the message.
        context: where the fields that the body has twice are added, to be reported with the unknown ones.
    """
    if request.content_type == MEDIA_TYPE:
        return decode_protobuf(await read_bytes(request))
    if request.content_type not in (*_ACCEPTED, "application/octet-stream"):
        raise unsupported_media(_ACCEPTED)
    problem = f"the object provided is unrecognized (must be of type {kind})"
    document = _parse(await read_bytes(request), request.content_type, problem, context)
    if not isinstance(document, dict):
        raise bad_request(f"{problem}: couldn't get version/kind")
    return document


async def read_patch(request: web.Request, context: RequestContext | None = None) -> Patch:
    """Return the body as a patch; raise a 400 when it cannot be parsed. For the context, see `read_object`."""
    content = _parse(await read_bytes(request), request.content_type, "error decoding patch", context)
    return Patch(request.content_type, content)


async def read_delete_options(request: web.Request) -> tuple[DeleteOptions, bool]:
    """Return the options of a DELETE, from its body, or from its query where it has none, and whether it is a dry run."""
    body: Object = {}
    if request.can_read_body:
        body = await read_object(request, "DeleteOptions")
    given = {key: value for key, value in body.items() if value is not None}
    return delete_options(given or _query_options(request.query))


def delete_options(document: Object) -> tuple[DeleteOptions, bool]:
    """Return the options of a DeleteOptions document, and whether it is a dry run; raise a 400 or 422 for invalid ones."""
    options = decode_as(_DELETE_OPTIONS, "V1DeleteOptions", document, RequestContext(field_validation="Ignore"))
    policy, orphan = options.get("propagationPolicy") or "", options.get("orphanDependents")
    if policy and orphan is not None:
        detail = "orphanDependents and deletionPropagation cannot be both set"
        raise _bad_option(invalid_value("propagationPolicy", policy, detail))
    if orphan is not None:
        policy = "Orphan" if orphan else "Background"
    if policy and policy not in _POLICIES:
        raise _bad_option(unsupported_value("propagationPolicy", policy, (*_POLICIES, "nil")))
    if options.get("dryRun") and options["dryRun"] != ["All"]:
        raise _bad_option(unsupported_value("dryRun", options["dryRun"], ("All",)))
    return DeleteOptions.from_document({**options, "propagationPolicy": policy}), bool(options.get("dryRun"))


def _bad_option(cause: Cause) -> Exception:
    return invalid("DeleteOptions.meta.k8s.io", "", [cause])


def _query_options(query: Mapping[str, str]) -> Object:
    options: Object = {}
    if query.get("gracePeriodSeconds"):
        seconds = whole_number(query["gracePeriodSeconds"])
        if seconds is None:
            raise bad_request(f'strconv.ParseInt: parsing "{query["gracePeriodSeconds"]}": invalid syntax')
        options["gracePeriodSeconds"] = seconds
    if query.get("propagationPolicy"):
        options["propagationPolicy"] = query["propagationPolicy"]
    if query.get("orphanDependents"):
        options["orphanDependents"] = query["orphanDependents"] == "true"
    if query.get("dryRun"):
        options["dryRun"] = [query["dryRun"]]
    return options


def _parse(body: bytes, media_type: str, problem: str, context: RequestContext | None) -> Any:
    try:
        if media_type.endswith("yaml"):
            return parse_yaml(body)
        parsed = parse_json(body)
    except DocumentError as error:
        raise bad_request(f"{problem}: {error}") from error
    if context is not None:
        prefix = "json patch " if media_type == JSON_PATCH else ""
        context.duplicate_fields.extend(f'{prefix}duplicate field "{path}"' for path in parsed.duplicates)
    return parsed.content
