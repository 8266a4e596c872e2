"""Request bodies: bounded, JSON or YAML, and the options a DELETE may bring along."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from aiohttp import web

from kubernaut_sandbox.api.protobuf import MEDIA_TYPE, decode_wire
from kubernaut_sandbox.model.kinds import Kind
from kubernaut_sandbox.model.objects import Object
from kubernaut_sandbox.model.statuses import (
    Cause,
    bad_request,
    invalid,
    too_large,
    unsupported_media,
    unsupported_value,
)
from kubernaut_sandbox.registry.request_context import Deletion

LIMIT = 3 * 1024 * 1024
_POLICIES = ("Foreground", "Background", "Orphan")
_ACCEPTED = ("application/json", "application/yaml", MEDIA_TYPE)


async def read_bytes(request: web.Request) -> bytes:
    """The whole body, or 413."""
    if (request.content_length or 0) > LIMIT:
        raise too_large("Request entity too large: limit is 3145728")
    body = await request.content.read(LIMIT + 1) if request.content_length else await _read_chunked(request)
    while len(body) < (request.content_length or 0):
        body += await request.content.read(LIMIT + 1)
    return body


async def read_object(request: web.Request, kind: str) -> Object:
    """The body as a manifest."""
    if request.content_type == MEDIA_TYPE:
        return decode_wire(await read_bytes(request))
    if request.content_type not in (*_ACCEPTED, "application/octet-stream"):
        raise unsupported_media(_ACCEPTED)
    parsed = _parsed(
        await read_bytes(request), request.content_type, f"the object provided is unrecognized (must be of type {kind})"
    )
    if not isinstance(parsed, dict):
        raise bad_request(f"the object provided is unrecognized (must be of type {kind}): couldn't get version/kind")
    return parsed


async def read_patch(request: web.Request) -> Any:
    """The body as a patch."""
    yaml_patch = request.content_type.endswith("yaml")
    return _parsed(
        await read_bytes(request), "application/yaml" if yaml_patch else "application/json", "error decoding patch"
    )


async def read_deletion(request: web.Request, kind: Kind) -> tuple[Deletion, bool]:
    """How to delete, from the body and the query, and whether it is only a dry run."""
    body: Object = {}
    if request.can_read_body:
        body = await read_object(request, "DeleteOptions")
    options = {**_query_options(request.query), **{key: value for key, value in body.items() if value is not None}}
    policy = options.get("propagationPolicy") or ""
    if options.get("orphanDependents") is not None:
        policy = "Orphan" if options["orphanDependents"] else "Background"
    if policy and policy not in _POLICIES:
        raise _bad_option(unsupported_value("propagationPolicy", policy, (*_POLICIES, "nil")))
    if options.get("dryRun") and options["dryRun"] != ["All"]:
        raise _bad_option(unsupported_value("dryRun", options["dryRun"], ("All",)))
    wanted = options.get("preconditions") or {}
    how = Deletion(
        options.get("gracePeriodSeconds"), policy, wanted.get("uid") or "", wanted.get("resourceVersion") or ""
    )
    return how, bool(options.get("dryRun"))


def _bad_option(cause: Cause) -> Exception:
    return invalid("DeleteOptions.meta.k8s.io", "", [cause])


def _query_options(query: Mapping[str, str]) -> Object:
    options: Object = {}
    if query.get("gracePeriodSeconds"):
        options["gracePeriodSeconds"] = int(query["gracePeriodSeconds"])
    if query.get("propagationPolicy"):
        options["propagationPolicy"] = query["propagationPolicy"]
    if query.get("orphanDependents"):
        options["orphanDependents"] = query["orphanDependents"] == "true"
    if query.get("dryRun"):
        options["dryRun"] = [query["dryRun"]]
    return options


async def _read_chunked(request: web.Request) -> bytes:
    body = b""
    while chunk := await request.content.read(65536):
        body += chunk
        if len(body) > LIMIT:
            raise too_large("Request entity too large: limit is 3145728")
    return body


def _parsed(body: bytes, media_type: str, complaint: str) -> Any:
    try:
        return yaml.safe_load(body) if media_type.endswith("yaml") else json.loads(body)
    except (ValueError, yaml.YAMLError) as error:
        raise bad_request(f"{complaint}: {error}") from error
