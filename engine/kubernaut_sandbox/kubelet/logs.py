"""Container logs over HTTP: complete, the last lines, limited in size, or followed until the container exits."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from aiohttp import web

from kubernaut_sandbox.api.request_info import truthy
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
    text = tail(path.read_bytes(), query.get("tailLines"))
    limit = int(query.get("limitBytes") or 0)
    if not follow:
        return web.Response(body=text[:limit] if limit else text, content_type="text/plain")
    response = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await response.prepare(request)
    await response.write(text)
    await _follow(response, worker, container, path)
    return response


def tail(text: bytes, lines: str | None) -> bytes:
    """Return the last lines; all of them when `lines` is None."""
    if lines is None:
        return text
    count = int(lines)
    return b"".join(text.splitlines(keepends=True)[-count:]) if count else b""


async def _follow(response: web.StreamResponse, worker: PodWorker, container: str, path: Path) -> None:
    with path.open("rb") as file:
        file.seek(0, 2)
        while True:
            growing = worker.log_file(container, previous=False) == (str(path), True)
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


def _path(pod: Object, worker: PodWorker, container: str, *, previous: bool) -> Path:
    log = worker.log_file(container, previous=previous)
    if log is None:
        raise bad_request(f"container {container} is not valid for pod {name_of(pod)}")
    path = Path(log[0])
    if previous and not path.exists():
        raise bad_request(f'previous terminated container "{container}" in pod "{name_of(pod)}" not found')
    if not path.exists():
        reason = worker.waiting_reason(container) or "ContainerCreating"
        raise bad_request(f'container "{container}" in pod "{name_of(pod)}" is waiting to start: {reason}')
    return path
