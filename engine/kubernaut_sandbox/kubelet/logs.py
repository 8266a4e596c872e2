"""Container logs over HTTP: complete, the last lines, limited in size, or followed until the container exits."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, BinaryIO

from aiohttp import web

from kubernaut_sandbox.api.request_info import truthy, whole_number
from kubernaut_sandbox.model.objects import Object, name_of, spec_of
from kubernaut_sandbox.model.statuses import bad_request, not_implemented

if TYPE_CHECKING:
    from kubernaut_sandbox.kubelet.pod_worker import PodWorker

_FOLLOW_SECONDS = 0.05
_UNSUPPORTED_OPTIONS = ("timestamps", "sinceSeconds", "sinceTime")


async def log_response(request: web.Request, pod: Object, worker: PodWorker) -> web.StreamResponse:
    """Return the response to a GET of pods/log; raise ApiError for an invalid or unsupported option."""
    query = request.query
    for option in _UNSUPPORTED_OPTIONS:
        if query.get(option) not in (None, "", "false"):
            raise not_implemented(f"the log option {option}")
    container = query.get("container") or _only_container(pod)
    previous, follow = truthy(query, "previous"), truthy(query, "follow")
    path = _path(pod, worker, container, previous=previous)
    lines, limit = _amount(query, "tailLines"), _amount(query, "limitBytes")
    with _open(pod, worker, container, path) as file:
        text = tail(file.read(), lines)
        if not follow:
            return web.Response(body=text[:limit] if limit else text, content_type="text/plain")
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write(text)
        await _follow(response, worker, container, path, file)
    return response


def tail(text: bytes, lines: int | None) -> bytes:
    """Return the last lines; all of them when `lines` is None."""
    if lines is None:
        return text
    return b"".join(text.splitlines(keepends=True)[-lines:]) if lines else b""


def _amount(query: Mapping[str, str], option: str) -> int | None:
    """Return a number of lines or bytes; None if it is not set."""
    text = query.get(option)
    if not text:
        return None
    number = whole_number(text)
    if number is None:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return number


async def _follow(response: web.StreamResponse, worker: PodWorker, container: str, path: str, file: BinaryIO) -> None:
    while True:
        growing = worker.log_file(container, previous=False) == (path, True)
        if appended := file.read():
            await response.write(appended)
        elif not growing:
            await response.write_eof()
            return
        await asyncio.sleep(_FOLLOW_SECONDS)


def _only_container(pod: Object) -> str:
    names = [container["name"] for container in spec_of(pod)["containers"]]
    if len(names) == 1:
        return str(names[0])
    init = [container["name"] for container in spec_of(pod).get("initContainers") or ()]
    more = f" or one of the init containers: [{' '.join(init)}]" if init else ""
    raise bad_request(
        f"a container name must be specified for pod {name_of(pod)}, choose one of: [{' '.join(names)}]{more}"
    )


def _path(pod: Object, worker: PodWorker, container: str, *, previous: bool) -> str:
    log = worker.log_file(container, previous=previous)
    if log is None:
        raise bad_request(f"container {container} is not valid for pod {name_of(pod)}")
    if previous and not _exists(worker, log[0]):
        raise bad_request(f'previous terminated container "{container}" in pod "{name_of(pod)}" not found')
    return log[0]


def _exists(worker: PodWorker, path: str) -> bool:
    try:
        os.close(worker.open_log(path))
    except OSError:
        return False
    return True


def _open(pod: Object, worker: PodWorker, container: str, path: str) -> BinaryIO:
    try:
        return os.fdopen(worker.open_log(path), "rb")
    except OSError as error:
        reason = worker.waiting_reason(container) or "ContainerCreating"
        message = f'container "{container}" in pod "{name_of(pod)}" is waiting to start: {reason}'
        raise bad_request(message) from error
